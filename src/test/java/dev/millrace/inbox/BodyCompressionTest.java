package dev.millrace.inbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.buffer.Buffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class BodyCompressionTest {
  static final String EVENT = "{\"id\":\"evt_1\",\"object\":\"event\",\"created\":1795285211,\"data\":{\"object\":"
      + "{\"id\":\"pi_7\",\"object\":\"payment_intent\",\"amount\":4999,\"currency\":\"eur\",\"metadata\":{\"shop\":\"n\u00f6rd\"},"
      + "\"status\":\"succeeded\"}},\"livemode\":false,\"type\":\"payment_intent.succeeded\"}";
  private final BodyCompression forms = new BodyCompression();

  @Test
  void event_comesBackToTheByte_andIsSmaller() {
    Buffer body = Buffer.buffer(EVENT);
    var written = forms.write(body.getBytes());
    assertThat(written.form()).isEqualTo(BodyCompression.ZSTD_1);
    assertThat(written.bytes().length()).isLessThan(body.length() / 2);
    assertThat(new BodyCompression().read(written.form(), written.bytes())).isEqualTo(body);
  }

  @Test
  void noise_isStoredAsItIs() {
    var bytes = new byte[3_000];
    new Random(1).nextBytes(bytes);
    for (Buffer body : new Buffer[]{Buffer.buffer(bytes), Buffer.buffer("x"), Buffer.buffer()}) {
      var written = forms.write(body.getBytes());
      assertThat(written.form()).isEqualTo(BodyCompression.PLAIN);
      assertThat(forms.read(written.form(), written.bytes())).isEqualTo(body);
    }
  }

  @Test
  void large_comesBack() {
    Buffer body = Buffer.buffer(EVENT.repeat(700));
    var written = forms.write(body.getBytes());
    assertThat(forms.read(written.form(), written.bytes())).isEqualTo(body);
  }

  /** Written by the first release: whoever changes the dictionary cannot read what is stored any more. */
  @Test
  void stored_canStillBeRead() {
    assertThat(forms.read(BodyCompression.ZSTD_1, Buffer.buffer(HexFormat.of().parseHex(STORED))))
        .hasToString(EVENT);
  }

  private static final String STORED = "28b52ffd20f1c5020024026576745f31393532383532313170695f373439393965757273686f70223a226ec3b6"
      + "1100741b81673f9cad0d1f8105d496072e150bcacfed782d0e899306723cc09210e0081cf9095c9c4d36911748"
      + "004f92ab93e120";

  @Test
  void formOfANewerRelease_isRefused() {
    assertThatThrownBy(() -> forms.read(9, Buffer.buffer())).hasMessageContaining("form 9");
  }
}
