package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.EventType;
import dev.millrace.payment.Dispute;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Http;
import io.vertx.core.http.HttpMethod;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/**
 * Everything that can happen to a payment, as payment, timeline, event and list, held against
 * {@code openapi.yaml}.
 */
class LifeContractIT {
  private static final ContractCalls CALLS = new ContractCalls(Set.of());
  private static final String BATCH = "stl_01jd3w60dsfxmrx1v0a9s2e4zg";
  private final TestMerchant merchant = TestMerchant.at(QuietSite.GATEWAY);
  private final Set<EventType> seen = new TreeSet<>();

  @AfterAll
  static void close() {
    CALLS.close();
  }

  private void assertFits(String path) {
    var answer = merchant.get(path);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    CALLS.assertFits(HttpMethod.GET, path, 200, Contract.lowerCase(answer), answer.bytes());
  }

  /** Appends one by one; after each the payment is read in every way. */
  private void live(String id, PaymentEvent... events) {
    QuietSite.events(id).forEach(e -> seen.add(e.type()));
    for (PaymentEvent event : events) {
      QuietSite.append(id, event);
      seen.add(event.type());
      assertFits("/v1/payments/" + id);
    }
    assertFits("/v1/payments/" + id + "/timeline");
    assertFits("/v1/payments/" + id + "/operations");
    assertFits("/v1/payments/" + id + "/refunds");
    assertFits("/v1/events?limit=100&payment=" + id);
  }

  private String asked(String id, String act, String body) {
    Http.Answer answer = merchant.send("POST", "/v1/payments/" + id + act, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    return QuietSite.payment(id).operations().getLast().id();
  }

  private static String attempt() { return QuietSite.attempt(); }

  private static PaymentEvent submitted(String operation, Status status) {
    return new PaymentEvent.OperationSubmitted(operation, "stripe", attempt(), status);
  }

  private void captured() {
    String id = QuietSite.authorized(merchant);
    String capture = asked(id, "/capture", null);
    live(id, submitted(capture, Status.AUTHORIZED),
        new PaymentEvent.OperationUnknown(capture, "stripe", attempt(), "timeout", Status.AUTHORIZED),
        new PaymentEvent.CaptureFailed(capture, "card_declined", "No.", Status.AUTHORIZED));
    String cancel = asked(id, "/cancel", null);
    live(id, submitted(cancel, Status.AUTHORIZED),
        new PaymentEvent.CancelFailed(cancel, "busy", "Later.", Status.AUTHORIZED));
    String again = asked(id, "/capture", "{\"amount\":1500}");
    live(id, new PaymentEvent.Confirmed("stripe", attempt(), "pi_contract", 1500, 1500, "usd", again, 499L,
        44L, "290bp of 1500", 8L, "50bp of 1500"), new PaymentEvent.Settled(BATCH));
    String failing = asked(id, "/refunds", "{\"amount\":100,\"reason\":\"duplicate\"}");
    live(id, submitted(failing, Status.SETTLED),
        new PaymentEvent.RefundFailed(failing, "insufficient_funds", "No money.", Status.SETTLED));
    String refund = asked(id, "/refunds", "{\"amount\":500}");
    live(id,
        new PaymentEvent.Refunded(refund, "stripe", attempt(), "re_contract", 500, 500, "usd", 14L, "a third",
            2L, "a quarter", Status.PARTIALLY_REFUNDED),
        new PaymentEvent.Settled(BATCH, Status.PARTIALLY_REFUNDED),
        new PaymentEvent.Disputed("dp_1", "stripe", 1000, "usd", "fraudulent", 1_800_000_000L),
        new PaymentEvent.DisputeWon("dp_1", "stripe", 1000, "usd", Status.PARTIALLY_REFUNDED),
        new PaymentEvent.Refunded(null, "stripe", null, "re_elsewhere", 100, 600, "usd", null, null, null,
            null, Status.PARTIALLY_REFUNDED),
        new PaymentEvent.Disputed("dp_2", "stripe", 900, "usd", null, null),
        new PaymentEvent.ChargedBack("dp_2", "stripe", 900, "usd"));
  }

  private void notCaptured() {
    String waiting = QuietSite.requiresAction(merchant, ",\"payment_method_type\":\"card\"");
    live(waiting, new PaymentEvent.ActionReturned(attempt()),
        new PaymentEvent.Declined("stripe", attempt(), "pi_no", "card_declined", "do_not_honor", "No."));
    String late = QuietSite.requiresAction(merchant, "");
    String given = asked(late, "/cancel", "{\"reason\":\"abandoned\"}");
    live(late, new PaymentEvent.Expired(given, "stripe", attempt(), "expired"));
    String back = QuietSite.authorized(merchant);
    live(back, new PaymentEvent.Voided(null, "stripe", null, "canceled at the provider"));
    String review = merchant.pay(TestMerchant.VISA).json().getString("id");
    live(review, new PaymentEvent.Screened("review", "rule", 60, false, null),
        new PaymentEvent.Blocked(null, 60, "ann"));
    String canceled = merchant.pay(TestMerchant.VISA).json().getString("id");
    live(canceled, new PaymentEvent.Screened("review", "rule", 60, true, null),
        new PaymentEvent.Voided(null, null, null, "requested_by_merchant"));
  }

  private void overAnotherRail() {
    String id = merchant.pay(TestMerchant.VISA.replace("}",
        ",\"payment_method_type\":\"ach\",\"payment_method_bin\":\"42424242\"}")).json().getString("id");
    live(id, new PaymentEvent.Screened("clear", null, 0, true, null),
        new PaymentEvent.ProviderSubmitted("stripe", attempt(), "ach -> stripe bank", null),
        new PaymentEvent.ProviderSubmitted("bank", attempt(), "ach -> stripe bank",
            "stripe: its breaker is open"),
        new PaymentEvent.Unknown("bank", attempt(), "timeout"),
        new PaymentEvent.Confirmed("bank", attempt(), "tr_1", 1999, 1999, "usd"),
        new PaymentEvent.Returned("bank", "tr_1", 1999, "usd", "R01", "Insufficient funds", null, null, null,
            null),
        new PaymentEvent.ReturnReversed("bank", "tr_1", 1999, "usd", "Paid after all.", null, null, null,
            Status.CONFIRMED));
  }

  /** Captured in parts at the provider, of which one is taken back; refunds and disputes that turn around. */
  private void takenBack() {
    String id = QuietSite.authorized(merchant);
    live(id,
        new PaymentEvent.Confirmed("stripe", attempt(), "pi_parts", 1000, 1000, "usd", null, 999L, 30L, "n",
            5L,
            "n", "ca_1"),
        new PaymentEvent.Captured("stripe", attempt(), "pi_parts", "ca_2", 1200, 2200, 1999, "usd", 201L, 30L,
            "n", 5L, "n", Status.CONFIRMED),
        new PaymentEvent.CaptureReversed(null, "stripe", "ca_2", 1200, 1000, 1000, "usd", "capture_failed",
            "No.",
            201L, 30L, null, null, Status.CONFIRMED),
        new PaymentEvent.Refunded(null, "stripe", null, "re_parts", 1100, 1100, "usd", 3L, "n", 2L, "n", 100L,
            Status.REFUNDED),
        new PaymentEvent.RefundReversed(null, "stripe", "re_parts", 1100, 0, "usd", "no_account", "No.", 100L,
            3L,
            2L, Status.CONFIRMED),
        new PaymentEvent.CaptureReversed(null, "stripe", "ca_1", 1000, 0, 0, "usd", "capture_failed", "No.",
            null,
            null, 5L, 1_800_000_000L, Status.AUTHORIZED),
        new PaymentEvent.Settled(BATCH, Status.AUTHORIZED),
        new PaymentEvent.Confirmed("stripe", attempt(), "pi_parts", 1999, 1999, "usd", null, null, null, null,
            null, null, "ca_3"),
        new PaymentEvent.Disputed("dp_a", "stripe", 1500, "usd", "fraudulent", 1_800_000_000L),
        new PaymentEvent.Disputed("dp_b", "stripe", 700, "usd", null, null, 201L),
        new PaymentEvent.ChargedBack("dp_a", "stripe", 1500, "usd", Status.DISPUTED),
        new PaymentEvent.DisputeWon("dp_b", "stripe", 700, "usd", 201L, Status.CHARGED_BACK),
        new PaymentEvent.ChargebackReversed("dp_a", "stripe", 1500, "usd", null, Status.CONFIRMED),
        new PaymentEvent.DisputeReopened("dp_b", "stripe", 700, "usd", null),
        new PaymentEvent.DisputeChanged("dp_b", "stripe", 700, 600, "usd", null, Dispute.State.OPEN,
            Status.DISPUTED, 1_800_000_000L),
        new PaymentEvent.Corrected("cor_1", "ann", "Paid by invoice.", 201, "usd", "suspense",
            "provider_receivable:stripe", "stripe", null, Status.DISPUTED));
  }

  private void late() {
    String waiting = QuietSite.requiresAction(merchant, "");
    String one = TypeId.format(TypeId.REVERSAL, TypeId.next());
    String other = TypeId.format(TypeId.REVERSAL, TypeId.next());
    String anew = TypeId.format(TypeId.REVERSAL, TypeId.next());
    live(waiting,
        new PaymentEvent.TryRefused("stripe", attempt(), "ch_1", "card_declined", "do_not_honor", "No."),
        new PaymentEvent.Processing("stripe", attempt(), "pi_late"),
        new PaymentEvent.ProviderNotice("stripe", "radar.early_fraud_warning.created", "evt_1", "A warning.",
            true,
            Status.PROCESSING),
        new PaymentEvent.Declined("stripe", attempt(), "pi_late", "card_declined", null, "No."),
        new PaymentEvent.LateCharge(one, "stripe", attempt(), "pi_late", 1999, "usd", false,
            "the payment is declined", Status.DECLINED),
        submitted(one, Status.DECLINED),
        new PaymentEvent.LateChargeReturned(one, "stripe", attempt(), "re_late", 1999, "usd", false,
            Status.DECLINED),
        new PaymentEvent.LateCharge(other, "stripe", attempt(), "pi_held", 1999, "usd", true,
            "the payment is declined", Status.DECLINED),
        new PaymentEvent.LateChargeKept(other, "refund_refused", "No.", Status.DECLINED),
        new PaymentEvent.LateChargeRetried(anew, other, "stripe", "pi_held", 1999, "usd", true, "ann",
            "The account is open again.", Status.DECLINED));
  }

  @Test
  void everything_thatCanHappen_fits() {
    captured();
    notCaptured();
    overAnotherRail();
    takenBack();
    late();
    assertThat(seen).isEqualTo(Arrays.stream(EventType.values())
        .filter(t -> t.subject() == EventType.Subject.PAYMENT).collect(Collectors.toSet()));
    for (String account : List.of("merchant_pending", "merchant_available", "disputes"))
      assertFits("/v1/ledger/accounts/" + account + ":" + merchant.id() + "/postings?limit=100");
    assertFits("/v1/balances");
    assertFits("/v1/balances?as_of=2024-01-01T00:00:00%2B01:00");
    assertFits("/v1/payments?limit=100");
    assertThat(TypeId.parse(TypeId.SETTLEMENT, BATCH)).isNotNull();
  }
}
