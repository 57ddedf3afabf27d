package dev.millrace.webhook;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.standardwebhooks.Webhook;
import com.standardwebhooks.exceptions.WebhookVerificationException;
import com.stripe.exception.SignatureVerificationException;
import java.net.http.HttpHeaders;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Signatures against the published vector and the libraries that merchants verify them with. */
final class SignerTest {
  private static final String BODY = "{\"id\":\"evt_1\",\"object\":\"event\",\"type\":\"payment.settled\",\"data\":{\"object\":"
      + "{\"object\":\"payment\",\"description\":\"grün – 日本\"}}}";
  private final long now = Instant.now().getEpochSecond();

  @Test
  void standard_publishedVector() {
    var signer = new Signer("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
    assertThat(
        signer.standard("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, "{\"test\": 2432232314}".getBytes(UTF_8)))
        .isEqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
  }

  private HttpHeaders headers(String signature) {
    return HttpHeaders
        .of(Map.of("webhook-id", List.of("evt_1"), "webhook-timestamp", List.of(Long.toString(now)),
            "webhook-signature", List.of(signature)), (name, value) -> true);
  }

  @Test
  void standard_isVerifiedByTheLibrary() throws Exception {
    String secret = Signer.newSecret();
    var library = new Webhook(secret);
    String signature = new Signer(secret).standard("evt_1", now, BODY.getBytes(UTF_8));
    assertThatCode(() -> library.verify(BODY, headers(signature))).doesNotThrowAnyException();
    assertThatThrownBy(() -> library.verify(BODY + " ", headers(signature)))
        .isInstanceOf(WebhookVerificationException.class);
  }

  @Test
  void standard_twoSignatures_verifyWithBothSecrets() {
    String old = Signer.newSecret();
    String current = Signer.newSecret();
    byte[] body = BODY.getBytes(UTF_8);
    String both = new Signer(current).standard("evt_1", now, body) + " "
        + new Signer(old).standard("evt_1", now, body);
    assertThatCode(() -> new Webhook(old).verify(BODY, headers(both))).doesNotThrowAnyException();
    assertThatCode(() -> new Webhook(current).verify(BODY, headers(both))).doesNotThrowAnyException();
    assertThatThrownBy(() -> new Webhook(Signer.newSecret()).verify(BODY, headers(both)))
        .isInstanceOf(WebhookVerificationException.class);
  }

  @Test
  void stripe_isVerifiedByStripesLibrary() throws Exception {
    String secret = Signer.newSecret();
    String header = "t=" + now + "," + new Signer(secret).stripe(now, BODY.getBytes(UTF_8));
    var event = com.stripe.net.Webhook.constructEvent(BODY, header, secret);
    assertThat(event.getId()).isEqualTo("evt_1");
    assertThat(event.getType()).isEqualTo("payment.settled");
    assertThatThrownBy(() -> com.stripe.net.Webhook.constructEvent(BODY + " ", header, secret))
        .isInstanceOf(SignatureVerificationException.class);
  }

  @Test
  void secret_new_isNeverTheSame_andOfGoodLength() {
    assertThat(Signer.newSecret()).startsWith("whsec_").hasSize(50).isNotEqualTo(Signer.newSecret());
  }

  @Test
  void secret_withoutPrefix_isRefused() {
    assertThatThrownBy(() -> new Signer("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")).hasMessageContaining("whsec_");
  }
}
