package dev.millrace.provider.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Fixture;
import dev.millrace.provider.HttpWire.Answer;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Objects as Stripe publishes them with its OpenAPI and its own library. */
final class StripeFixturesTest {
  private final StripeWebhooks scheme = new StripeWebhooks("stripe", "default", List.of("whsec_1"),
      Duration.ofSeconds(300));

  private ProviderEvent read(JsonObject event) { return scheme.read(event.toBuffer()); }

  private static JsonObject event(String type, JsonObject object) {
    var event = Fixture.json("stripe/event").put("type", type);
    event.getJsonObject("data").put("object", object);
    return event;
  }

  @Test
  void intent_inAnEvent() {
    var event = Fixture.json("stripe/event");
    assertThat(read(event)).isEqualTo(new ProviderEvent.Ignored("payment_intent.created"));
    var intent = event.getJsonObject("data").getJsonObject("object");
    var charged = new Outcome.Charged("pi_1MoS6tLgUG5tbmjcQ62U6djv", 1_099, "usd");
    assertThat(StripeOutcomes.ofCharge(new Answer(200, intent.toBuffer()))).isEqualTo(charged);
    assertThat(StripeIntents.ofCapture(intent)).isEqualTo(charged);
    assertThat(StripeIntents.ofCancel(intent)).isEqualTo(charged);
    intent.getJsonObject("metadata").put("millrace_reference", "att_1");
    assertThat(read(event.put("type", "payment_intent.succeeded")))
        .isEqualTo(new ProviderEvent.AttemptOutcome("payment_intent.succeeded", "att_1", charged));
  }

  /** As the versions of Stripe's interface before 2019 worded it, which is not the one we ask for. */
  @Test
  void intent_ofAnOldVersion_isUnknown_andItsErrorReadable() {
    var intent = Fixture.json("stripe/payment_intent_last_payment_error");
    assertThat(StripeIntents.ofCharge(intent))
        .isEqualTo(new Outcome.Unknown("intent status requires_source"));
    assertThat(StripeIntents.ofCharge(intent.put("status", "requires_payment_method"))).isEqualTo(
        new Outcome.Declined("pi_123", "card_declined", "generic_decline", "Your card was declined."));
  }

  @Test
  void error() {
    var answer = new Answer(400, Fixture.json("stripe/error_invalid_request").toBuffer());
    var refused = new Outcome.Declined(null, "parameter_unknown", null, "Received unknown parameter: foo");
    assertThat(StripeOutcomes.ofCharge(answer)).isEqualTo(refused);
    assertThat(StripeOutcomes.ofCapture(answer)).isEqualTo(refused);
    assertThat(StripeOutcomes.ofRefund(answer)).isEqualTo(refused);
  }

  @Test
  void refund() {
    var refund = Fixture.json("stripe/refund");
    assertThat(StripeOutcomes.ofRefund(new Answer(200, refund.toBuffer())))
        .isEqualTo(new Outcome.Refunded("re_1MoqxHLgUG5tbmjcYO7PFWn6", 100, "usd"));
    assertThat(read(event("refund.created", refund))).isEqualTo(new ProviderEvent.Ignored("refund.created"));
    assertThat(read(event("refund.created", refund.put("payment_intent", "pi_1"))))
        .isEqualTo(new ProviderEvent.Unsolicited("refund.created", "pi_1",
            new UnsolicitedChange.Refunded("re_1MoqxHLgUG5tbmjcYO7PFWn6", 100, "usd")));
  }

  @Test
  void dispute() {
    var dispute = Fixture.json("stripe/dispute").put("payment_intent", "pi_1");
    // Stripe's own example is an inquiry, which takes no money.
    assertThat(read(event("charge.dispute.created", dispute)))
        .isEqualTo(new ProviderEvent.Notice("charge.dispute.created", null, "pi_1",
            "Stripe's dispute dp_1MoqxHLgUG5tbmjcom3Mmh0p is warning_needs_response, for general: no money moves.",
            true));
    assertThat(read(event("charge.dispute.created", dispute.put("status", "needs_response"))))
        .isEqualTo(new ProviderEvent.Unsolicited("charge.dispute.created", "pi_1",
            new UnsolicitedChange.DisputeOpened(
                "dp_1MoqxHLgUG5tbmjcom3Mmh0p", 1_000, "usd", "general", 1_681_257_599L, 1_234_567_890L)));
    assertThat(read(event("charge.dispute.closed", dispute.put("status", "lost"))))
        .isEqualTo(new ProviderEvent.Unsolicited("charge.dispute.closed", "pi_1",
            new UnsolicitedChange.DisputeClosed("dp_1MoqxHLgUG5tbmjcom3Mmh0p", false, 1_000, "usd",
                "general", 1_234_567_890L)));
  }
}
