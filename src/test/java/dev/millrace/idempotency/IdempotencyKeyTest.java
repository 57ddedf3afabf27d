package dev.millrace.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.idempotency.IdempotencyKey.Parsed;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class IdempotencyKeyTest {
  private static void accepted(String header, String key) {
    assertThat(IdempotencyKey.parse(List.of(header))).isEqualTo(new Parsed(key, null));
  }

  private static void refused(String header, String problem) {
    assertThat(IdempotencyKey.parse(List.of(header))).isEqualTo(new Parsed(null, problem));
  }

  @Test
  void header_absent_isNeitherKeyNorProblem() {
    assertThat(IdempotencyKey.parse(List.of())).isEqualTo(new Parsed(null, null));
  }

  @Test
  void header_twice_refused() {
    assertThat(IdempotencyKey.parse(List.of("a", "a")))
        .isEqualTo(new Parsed(null, "was sent 2 times; send it once"));
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
    8e03978e-40d5-43e8-bc93-6894a57f9324   | 8e03978e-40d5-43e8-bc93-6894a57f9324
    "8e03978e-40d5-43e8-bc93-6894a57f9324" | 8e03978e-40d5-43e8-bc93-6894a57f9324
    ` k `                                  | k
    `"k"`                                  | k
    `" k "`                                | ` k `
    a b                                    | a b
    ~!@#$%^&*()                            | ~!@#$%^&*()
    "                                      | "
    a"b                                    | a"b
    "a                                     | "a
    "a\\"b"                                | a"b
    "a\\\\b"                               | a\\b
    "a\\\\\\"b"                            | a\\"b
    """)
  void header_valid_isTheKey(String header, String key) {
    accepted(header, key);
  }

  @Test
  void header_ofTheGreatestLength_isTheKey() {
    accepted("k".repeat(255), "k".repeat(255));
    accepted("\"" + "k".repeat(255) + "\"", "k".repeat(255));
  }

  @Test
  void header_tooLong_refused() {
    refused("k".repeat(256), "has 256 characters; at most 255 are allowed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  ", "\"\""})
  void header_empty_refused(String header) {
    refused(header, "is empty; send 1 to 255 characters, a UUID for example");
  }

  @ParameterizedTest
  @ValueSource(strings = {"a\tb", "a\u0000b", "a\u007fb", "é", "\u20ac", "a\u00a0b", "a\nb"})
  void header_notPrintableAscii_refused(String header) {
    refused(header, "has a control or non-ASCII character; use printable ASCII");
  }
}
