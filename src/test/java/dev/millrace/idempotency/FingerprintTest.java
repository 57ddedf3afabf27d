package dev.millrace.idempotency;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

final class FingerprintTest {
  private final Fingerprint fingerprint = new Fingerprint();

  private static String hex(Buffer buffer) {
    return HexFormat.of().formatHex(buffer.getBytes());
  }

  @Test
  void text_isItsSha256() {
    // FIPS 180-2, appendix B.1.
    assertThat(hex(fingerprint.of("abc")))
        .isEqualTo("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assertThat(hex(fingerprint.of("")))
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void request_isTheSha256OfMethodRouteAndBody() throws NoSuchAlgorithmException {
    byte[] expected = MessageDigest.getInstance("SHA-256")
        .digest("POST\n/v1/payments\n{\"reference\":\"Größe\"}".getBytes(StandardCharsets.UTF_8));
    assertThat(fingerprint.of("POST", "/v1/payments", "{\"reference\":\"Größe\"}").getBytes())
        .isEqualTo(expected);
  }

  @Test
  void request_sameAgain_isTheSame() {
    Buffer first = fingerprint.of("POST", "/v1/payments", "{}");
    fingerprint.of("POST", "/v1/other", "{}");
    assertThat(fingerprint.of("POST", "/v1/payments", "{}")).isEqualTo(first);
    assertThat(first.length()).isEqualTo(32);
  }

  @Test
  void request_otherInAnyPart_differs() {
    Buffer first = fingerprint.of("POST", "/v1/payments", "{}");
    assertThat(fingerprint.of("PUT", "/v1/payments", "{}")).isNotEqualTo(first);
    assertThat(fingerprint.of("POST", "/v1/payment", "{}")).isNotEqualTo(first);
    assertThat(fingerprint.of("POST", "/v1/payments", "{ }")).isNotEqualTo(first);
    assertThat(fingerprint.of("POST", "/v1/payments\n", "{}")).isNotEqualTo(first);
  }
}
