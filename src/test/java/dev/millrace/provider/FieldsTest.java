package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FieldsTest {
  private static final JsonObject JSON = new JsonObject(
      """
        {"text": "a\\u0000b", "one": 1, "long": 99999999999, "half": 1.5, "whole": 2.0, "big": 9223372036854775808,
         "minus": -1, "zero": 0, "number": "1", "null": null, "list": [{"a": 1}, {"b": 2}], "mixed": [{"a": 1}, 7],
         "object": {"inner": {"text": "deep"}}}""");

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "{", "[]", "null", "7", "\"text\"", "{\"a\":}", "<html>"})
  void object_thatIsNone_isNull(String body) {
    assertThat(JsonFields.object(Buffer.buffer(body))).isNull();
  }

  @Test
  void object_nestedTooDeep_isNull() {
    assertThat(JsonFields.object(Buffer.buffer("{\"a\":" + "[".repeat(100_000)))).isNull();
  }

  @Test
  void text_hasNoNul_andIsNullForOtherTypes() {
    assertThat(JsonFields.text(JSON, "text")).isEqualTo("a?b");
    for (String field : new String[]{"one", "null", "list", "object", "none"})
      assertThat(JsonFields.text(JSON, field)).as(field).isNull();
  }

  @Test
  void whole_isNullForWhatIsNoWholeNumber() {
    assertThat(JsonFields.whole(JSON, "one")).isEqualTo(1);
    assertThat(JsonFields.whole(JSON, "long")).isEqualTo(99_999_999_999L);
    assertThat(JsonFields.whole(JSON, "minus")).isEqualTo(-1);
    for (String field : new String[]{"half", "whole", "big", "number", "null", "list", "none"})
      assertThat(JsonFields.whole(JSON, field)).as(field).isNull();
  }

  @Test
  void amount_isAboveZero() {
    assertThat(JsonFields.amount(JSON, "one")).isEqualTo(1);
    for (String field : new String[]{"zero", "minus", "half", "number", "none"})
      assertThat(JsonFields.amount(JSON, field)).as(field).isNull();
  }

  @Test
  void at_missing_isEmpty() {
    assertThat(JsonFields.at(JSON, "object", "inner").getString("text")).isEqualTo("deep");
    assertThat(JsonFields.at(JSON, "object", "outer", "inner")).isEmpty();
    assertThat(JsonFields.at(JSON, "text", "inner")).isEmpty();
  }

  @Test
  void objects_mixed_isNull() {
    assertThat(JsonFields.objects(JSON, "list")).hasSize(2);
    assertThat(JsonFields.objects(JSON, "mixed")).isNull();
    assertThat(JsonFields.objects(JSON, "object")).isNull();
    assertThat(JsonFields.objects(JSON, "none")).isNull();
  }
}
