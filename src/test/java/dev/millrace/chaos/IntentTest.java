package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Http.Answer;
import java.net.http.HttpHeaders;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class IntentTest {
  private static final Answer TAKEN = answer(202, "{\"id\":\"pay_1\"}");

  @Test
  void sameAnswerAgain_isNotOdd() {
    var intent = intent("{}");
    assertThat(intent.took(TAKEN)).isTrue();
    assertThat(intent.took(answer(202, "{\"id\":\"pay_1\"}"))).isTrue();
    assertThat(intent.accepted()).isTrue();
    assertThat(intent.oddities()).isEmpty();
  }

  @Test
  void otherStatusOrBody_isOdd() {
    for (Answer other : new Answer[]{answer(200, TAKEN.body()), answer(202, "{\"id\":\"pay_2\"}"),
        refusal(422, "idempotency_key_reused")}) {
      var intent = intent("{}");
      intent.took(TAKEN);
      intent.took(other);
      assertThat(intent.oddities()).as("%s", other).anyMatch(odd -> odd.contains("first 202"));
    }
  }

  @Test
  void passing_settlesNothing() {
    var intent = intent("{}");
    for (Answer passing : new Answer[]{null, answer(429, ""), answer(503, ""), answer(408, ""),
        refusal(409, "idempotency_key_in_use")})
      assertThat(intent.took(passing)).as("%s", passing).isFalse();
    assertThat(intent.known()).isFalse();
    assertThat(intent.oddities()).isEmpty();
  }

  @Test
  void failure_isOdd_andSettlesNothing() {
    var intent = intent("{}");
    assertThat(intent.took(answer(500, ""))).isFalse();
    assertThat(intent.oddities()).hasSize(1);
  }

  @Test
  void refusal_isOdd_exceptOfACardNumber() {
    for (Answer refusal : new Answer[]{refusal(400, "card_number_refused"), refusal(401, "api_key_invalid"),
        refusal(404, "resource_missing"), refusal(409, "payment_not_capturable"),
        refusal(422, "idempotency_key_reused")}) {
      var intent = intent("{}");
      assertThat(intent.took(refusal)).isTrue();
      assertThat(intent.oddities()).as("%s", refusal)
          .anyMatch(odd -> odd.contains("refused for no reason: " + refusal.status()));
    }
    var card = intent("{\"description\":\"" + Driver.CARD + "\"}");
    card.took(refusal(400, "card_number_refused"));
    assertThat(card.oddities()).isEmpty();
    card.took(refusal(400, "parameter_invalid"));
    assertThat(card.oddities()).hasSize(1);
  }

  private static Intent intent(String body) {
    return new Intent(Intent.Kind.PAYMENT, "key", "/v1/payments", body);
  }

  /** What a refusal looks like. */
  static Answer refusal(int status, String code) {
    return answer(status, "{\"error\":{\"code\":\"" + code + "\"}}");
  }

  private static Answer answer(int status, String body) {
    return new Answer(status, HttpHeaders.of(Map.of(), (name, value) -> true),
        body.getBytes(StandardCharsets.UTF_8));
  }
}
