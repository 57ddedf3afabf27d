package dev.millrace.provider.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Events about refunds and disputes. The shapes are those of Stripe's API reference. */
final class StripeEventsTest {
  private final StripeWebhooks scheme = new StripeWebhooks("stripe", "default", List.of("whsec_1"),
      Duration.ofSeconds(300));

  private ProviderEvent read(String type, JsonObject object) { return read(type, object, null); }

  private ProviderEvent read(String type, JsonObject object, String before) {
    var data = new JsonObject().put("object", object);
    if (before != null) data.put("previous_attributes", new JsonObject().put("status", before));
    return scheme.read(Buffer.buffer(new JsonObject().put("id", "evt_1").put("object", "event")
        .put("created", 1_795_000_000).put("type", type).put("data", data).encode()));
  }

  private static JsonObject refund(String status, String reference) {
    var metadata = new JsonObject();
    if (reference != null) metadata.put("millrace_reference", reference);
    return new JsonObject().put("id", "re_1").put("object", "refund").put("amount", 500)
        .put("currency", "usd")
        .put("payment_intent", "pi_1").put("charge", "ch_1").put("status", status).put("metadata", metadata);
  }

  private static JsonObject dispute(String status) {
    return new JsonObject().put("id", "du_1").put("object", "dispute").put("amount", 1_999)
        .put("currency", "usd").put("charge", "ch_1").put("payment_intent", "pi_1")
        .put("reason", "fraudulent").put("status", status)
        .put("evidence_details", new JsonObject().put("due_by", 1_796_000_000L));
  }

  @Test
  void refund_ofOurs_isToldUnderItsReference() {
    for (String type : List.of("refund.created", "refund.updated", "refund.failed")) {
      assertThat(read(type, refund("succeeded", "att_1")))
          .isEqualTo(
              new ProviderEvent.AttemptOutcome(type, "att_1", new Outcome.Refunded("re_1", 500, "usd")));
      assertThat(read(type, refund("pending", "att_1")))
          .isEqualTo(new ProviderEvent.AttemptOutcome(type, "att_1", new Outcome.Pending("re_1")));
      assertThat(read(type, refund("failed", "att_1").put("failure_reason", "lost_or_stolen_card")))
          .isEqualTo(
              new ProviderEvent.AttemptOutcome(type, "att_1", new Outcome.Declined("re_1", "refund_failed",
                  "lost_or_stolen_card", "The refund failed at the provider: lost or stolen card.", false,
                  new Outcome.Amount(500, "usd"), null)));
    }
  }

  @Test
  void refund_madeAtStripe_isUnsolicitedOnceItSucceeded() {
    assertThat(read("refund.created", refund("succeeded", null))).isEqualTo(
        new ProviderEvent.Unsolicited("refund.created", "pi_1",
            new UnsolicitedChange.Refunded("re_1", 500, "usd")));
    assertThat(read("refund.updated", refund("succeeded", null).putNull("metadata"), "pending"))
        .isEqualTo(new ProviderEvent.Unsolicited("refund.updated", "pi_1",
            new UnsolicitedChange.Refunded("re_1", 500, "usd")));
    assertThat(read("refund.created", refund("pending", null)))
        .isEqualTo(new ProviderEvent.Notice("refund.created", null, "pi_1",
            "The refund re_1, made at Stripe, is under way.", true));
  }

  /** Whether it was told as done before, whoever keeps the payment knows. */
  @Test
  void refund_madeAtStripeThatFails_isUnsolicitedAsFailed() {
    var failed = refund("failed", null).put("failure_reason", "expired_or_canceled_card");
    for (String before : new String[]{"succeeded", "pending", null}) {
      assertThat(read("refund.failed", failed, before))
          .isEqualTo(new ProviderEvent.Unsolicited("refund.failed",
              "pi_1", new UnsolicitedChange.RefundFailed("re_1", "refund_failed",
                  "The refund failed at the provider: expired or canceled card.",
                  new Outcome.Amount(500, "usd"))));
    }
    assertThat(read("refund.updated", refund("canceled", null)))
        .isEqualTo(new ProviderEvent.Unsolicited("refund.updated", "pi_1", new UnsolicitedChange.RefundFailed(
            "re_1", "refund_canceled", "The refund was canceled at the provider.",
            new Outcome.Amount(500, "usd"))));
  }

  @Test
  void refund_ofAChargeWithoutIntent_isIgnored() {
    assertThat(read("refund.created", refund("succeeded", null).putNull("payment_intent")))
        .isEqualTo(new ProviderEvent.Ignored("refund.created"));
  }

  @Test
  void refund_ofAStrangeShape_isUnreadable() {
    assertThat(read("refund.created", refund("succeeded", null).put("amount", "500")))
        .isInstanceOf(ProviderEvent.Unreadable.class);
    assertThat(read("refund.created", refund("a_new_one", null)))
        .isEqualTo(new ProviderEvent.Unreadable("refund.created", "refund status a_new_one", "pi_1"));
    assertThat(
        read("refund.updated", refund("succeeded", "att_9").put("currency", "ugx").put("amount", 5_050)))
        .as("of ours: half a shilling cannot be booked").isEqualTo(new ProviderEvent.Unreadable(
            "refund.updated", "a refund of an amount that cannot be booked, `amount` 5050 in `currency` ugx",
            "att_9"));
    assertThat(scheme.read(Buffer.buffer("{\"type\":\"refund.created\",\"data\":{\"object\":\"re_1\"}}")))
        .isEqualTo(new ProviderEvent.Unreadable("refund.created", "no data.object"));
  }

  private static final List<String> DISPUTES = List.of("charge.dispute.created", "charge.dispute.updated",
      "charge.dispute.closed", "charge.dispute.funds_withdrawn", "charge.dispute.funds_reinstated");

  private static UnsolicitedChange opened(String reason, Long due) {
    return new UnsolicitedChange.DisputeOpened("du_1", 1_999, "usd", reason, due, 1_795_000_000L);
  }

  /** Events come in any order: one that was sent before the decision may come after it. */
  @Test
  void dispute_isWhatItsStatusSays_whateverHappenedToIt() {
    for (String type : DISPUTES) {
      // Money that moves as the status does not permit is another matter.
      boolean back = type.equals("charge.dispute.funds_reinstated");
      for (String status : List.of("needs_response", "under_review", "a_new_one"))
        if (!back)
          assertThat(read(type, dispute(status)))
              .isEqualTo(new ProviderEvent.Unsolicited(type, "pi_1", opened("fraudulent", 1_796_000_000L)));
      for (boolean won : new boolean[]{true, false}) {
        if (won ? type.equals("charge.dispute.funds_withdrawn") : back) continue;
        assertThat(read(type, dispute(won ? "won" : "lost"))).isEqualTo(new ProviderEvent.Unsolicited(type,
            "pi_1",
            new UnsolicitedChange.DisputeClosed("du_1", won, 1_999, "usd", "fraudulent", 1_795_000_000L)));
      }
    }
    var bare = dispute("under_review").putNull("evidence_details").putNull("reason");
    assertThat(read("charge.dispute.created", bare))
        .isEqualTo(new ProviderEvent.Unsolicited("charge.dispute.created", "pi_1", opened(null, null)));
  }

  /** In Stripe's unit, which is not always ours. */
  @ParameterizedTest
  @CsvSource({"isk,500000,5000", "ugx,505000,5050", "mga,1000,100000", "kwd,5050,5050", "jpy,500,500"})
  void event_inACurrencyOfOtherUnits_isConverted(String currency, long stripes, long ours) {
    var intent = new JsonObject().put("id", "pi_1").put("currency", currency)
        .put("metadata", new JsonObject().put("millrace_reference", "att_1"));
    assertThat(read("payment_intent.succeeded", intent.put("status", "succeeded")
        .put("amount_received", stripes))).isEqualTo(new ProviderEvent.AttemptOutcome(
            "payment_intent.succeeded", "att_1", new Outcome.Charged("pi_1", ours, currency)));
    String held = "payment_intent.amount_capturable_updated";
    assertThat(read(held, intent.put("status", "requires_capture").put("amount_capturable", stripes)))
        .isEqualTo(new ProviderEvent.AttemptOutcome(held, "att_1",
            new Outcome.Authorized("pi_1", ours, currency, null)));
    var refund = refund("succeeded", null).put("amount", stripes).put("currency", currency);
    assertThat(read("refund.created", refund)).isEqualTo(new ProviderEvent.Unsolicited("refund.created",
        "pi_1", new UnsolicitedChange.Refunded("re_1", ours, currency)));
    var dispute = dispute("needs_response").put("amount", stripes).put("currency", currency);
    assertThat(read("charge.dispute.created", dispute)).isEqualTo(new ProviderEvent.Unsolicited(
        "charge.dispute.created", "pi_1",
        new UnsolicitedChange.DisputeOpened("du_1", ours, currency, "fraudulent", 1_796_000_000L,
            1_795_000_000L)));
    assertThat(read("charge.dispute.closed", dispute.put("status", "lost"))).isEqualTo(
        new ProviderEvent.Unsolicited("charge.dispute.closed", "pi_1",
            new UnsolicitedChange.DisputeClosed("du_1", false, ours, currency, "fraudulent",
                1_795_000_000L)));
  }

  /** An inquiry takes no money, and what was refunded in time never became a dispute. */
  @ParameterizedTest
  @CsvSource({"warning_needs_response,", "warning_under_review,", "warning_closed,du_1", "prevented,du_1",
      "charge_refunded,du_1"})
  void dispute_thatTakesNoMoney_isNoticed(String status, String ended) {
    for (String type : DISPUTES)
      if (!type.equals("charge.dispute.funds_withdrawn")
          && (ended != null || !type.equals("charge.dispute.funds_reinstated")))
        assertThat(read(type, dispute(status))).isEqualTo(new ProviderEvent.Notice(type, null, "pi_1",
            "Stripe's dispute du_1 is " + status + ", for fraudulent: no money moves.", true, ended));
  }

  /** By what happened money moved, and by the status it did not: a person looks. */
  @ParameterizedTest
  @CsvSource({"funds_reinstated,lost", "funds_reinstated,needs_response", "funds_reinstated,under_review",
      "funds_reinstated,warning_under_review", "funds_withdrawn,won",
      "funds_withdrawn,warning_needs_response",
      "funds_withdrawn,warning_under_review", "funds_withdrawn,warning_closed", "funds_withdrawn,prevented",
      "funds_withdrawn,charge_refunded"})
  void dispute_whoseMoneyMovedAgainstItsStatus_isANoticeWithAnAlert(String happened, String status) {
    String type = "charge.dispute." + happened;
    assertThat(read(type, dispute(status))).isEqualTo(new ProviderEvent.Notice(type, null, "pi_1",
        "Stripe's dispute du_1 is " + status
            + ", and its money has moved all the same: see its balance transactions.",
        false));
  }

  @Test
  void dispute_ofAChargeWithoutIntent_isIgnored() {
    for (String type : List.of("charge.dispute.created", "charge.dispute.closed"))
      assertThat(read(type, dispute("lost").putNull("payment_intent")))
          .isEqualTo(new ProviderEvent.Ignored(type));
  }

  @Test
  void dispute_ofAStrangeShape_isUnreadable() {
    for (String type : List.of("charge.dispute.created", "charge.dispute.closed")) {
      for (String field : List.of("id", "status", "amount", "currency")) {
        assertThat(read(type, dispute("lost").put(field, List.of()))).as(field)
            .isInstanceOf(ProviderEvent.Unreadable.class);
      }
      assertThat(read(type, dispute("lost").put("currency", "isk").put("amount", 5_050)))
          .isEqualTo(
              new ProviderEvent.Unreadable(type,
                  "a dispute of an amount that cannot be booked, `amount` 5050 in `currency` isk", "pi_1"));
    }
  }
}
