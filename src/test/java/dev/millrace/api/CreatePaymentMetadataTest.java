package dev.millrace.api;

import static dev.millrace.api.CreatePaymentTest.CARD;
import static dev.millrace.api.CreatePaymentTest.CARD_REFUSED;
import static dev.millrace.api.CreatePaymentTest.REQUIRED;
import static dev.millrace.api.CreatePaymentTest.parse;
import static dev.millrace.api.CreatePaymentTest.refusal;
import static dev.millrace.api.CreatePaymentTest.refused;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CreatePaymentMetadataTest {
  @Test
  void cardNumber_inMetadata_refusedAndNotRepeated() {
    refused("\"metadata\":{\"pan\":\"" + CARD + "\"}", "metadata.pan", "card_number_refused",
        "`metadata.pan`" + CARD_REFUSED);
    refused("\"metadata\":{\"pan\":" + CARD + "}", "metadata.pan", "card_number_refused",
        "`metadata.pan`" + CARD_REFUSED);
    refused("\"metadata\":{\"" + CARD + "\":\"x\"}", "(a card number)", "card_number_refused",
        "`(a card number)`" + CARD_REFUSED);
  }

  @Test
  void metadata_noObject_refused() {
    for (String value : new String[]{"[]", "\"a\"", "1", "true"}) {
      refused("\"metadata\":" + value, "metadata", "parameter_invalid",
          "`metadata` must be an object of strings.");
    }
  }

  @Test
  void metadata_valueNoString_refused() {
    for (String value : new String[]{"1", "true", "[]", "{\"b\":{}}"}) {
      refused("\"metadata\":{\"a\":" + value + "}", "metadata.a", "parameter_invalid",
          "`metadata.a` must be a string.");
    }
  }

  @Test
  void metadata_valueUnfit_refused() {
    refused("\"metadata\":{\"a\":\"\"}", "metadata.a", "parameter_empty",
        "`metadata.a` is empty. Leave it out or give it a value.");
    refused("\"metadata\":{\"a\":\"" + "v".repeat(501) + "\"}", "metadata.a", "parameter_too_long",
        "`metadata.a` has 501 characters; at most 500 are allowed.");
    refused("\"metadata\":{\"a\":\"\\u0000\"}", "metadata.a", "parameter_invalid",
        "`metadata.a` holds a NUL character. Remove it.");
    refused("\"metadata\":{\"a\":\"1\",\"a\":\"2\"}", "metadata.a", "parameter_duplicate",
        "`metadata.a` stands in the body more than once. Send it once.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a\\u0000"})
  void metadata_keyUnfit_refused(String key) {
    refused("\"metadata\":{\"" + key + "\":{\"a\":[]}}", "metadata", "metadata_key_invalid",
        "A key of `metadata` must have 1 to 40 characters.");
  }

  /** Half a surrogate pair has no UTF-8: it would be stored as another key than was sent. */
  @ParameterizedTest
  @ValueSource(strings = {"\\ud83d", "a\\ude00b"})
  void metadata_keyWithHalfASurrogatePair_refused(String key) {
    assertThat(refusal("{" + REQUIRED + ",\"metadata\":{\"" + key + "\":\"v\"}}").errors()).hasSize(1);
  }

  @Test
  void metadata_nullValue_isAbsent() {
    assertThat(parse("{" + REQUIRED + ",\"metadata\":{\"a\":null,\"b\":\"1\"}}").metadata())
        .isEqualTo(Map.of("b", "1"));
  }

  private static String entries(int count) {
    return IntStream.range(0, count).mapToObj(i -> "\"k" + i + "\":\"v\"").collect(Collectors.joining(","));
  }

  @Test
  void metadata_manyKeys_upToFifty() {
    assertThat(parse("{" + REQUIRED + ",\"metadata\":{" + entries(50) + "}}").metadata()).hasSize(50);
    refused("\"metadata\":{" + entries(51) + "}", "metadata", "metadata_too_large",
        "`metadata` has 51 keys; at most 50 are allowed.");
  }
}
