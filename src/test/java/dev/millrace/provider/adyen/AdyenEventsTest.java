package dev.millrace.provider.adyen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Fixture;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What notifications say; most are Adyen's own examples, under a reference of ours. */
final class AdyenEventsTest {
  private static final String REFERENCE = "att_01h455vb4pex5vsknk084sn02q";
  private static final String PSP = "QFQTPCQ8HXSKGK82";
  private static final Long DECIDED = 1_796_032_800L;
  private static final String ORIGINAL = "9913140798220028";

  private static ProviderEvent read(JsonObject item) {
    return new AdyenEvents(item.getString("merchantAccountCode")).read(item);
  }

  /** Adyen's example of an event. */
  private static JsonObject example(String event) {
    Iterator<Map.Entry<String, Object>> examples = Fixture.json("adyen/webhooks-v1-examples").iterator();
    while (examples.hasNext()) {
      JsonObject item = item((JsonObject) examples.next().getValue());
      if (item.getString("eventCode").equals(event))
        return item.put("merchantReference", REFERENCE).put("eventDate", "2026-11-30T12:00:00+02:00");
    }
    throw new IllegalArgumentException(event);
  }

  private static JsonObject item(JsonObject notification) {
    return notification.getJsonArray("notificationItems").getJsonObject(0)
        .getJsonObject("NotificationRequestItem");
  }

  private static JsonObject status(JsonObject item, String status) {
    item.put("additionalData", new JsonObject().put("disputeStatus", status));
    return item;
  }

  private static Outcome told(JsonObject item) {
    ProviderEvent.AttemptOutcome told = (ProviderEvent.AttemptOutcome) read(item);
    assertThat(told.reference()).isEqualTo(REFERENCE);
    assertThat(told.type()).isEqualTo(item.getString("eventCode"));
    // When a failure happened is in each example's own time.
    if (!(told.outcome() instanceof Outcome.Declined d)) return told.outcome();
    assertThat(d.at()).isEqualTo(AdyenItem.seconds(item.getString("eventDate")));
    return new Outcome.Declined(d.providerReference(), d.code(), d.declineCode(), d.message(), d.elsewhere(),
        d.amount(), null);
  }

  private static UnsolicitedChange unsolicited(JsonObject item) {
    ProviderEvent.Unsolicited unsolicited = (ProviderEvent.Unsolicited) read(item);
    assertThat(unsolicited.providerReference()).isEqualTo(item.getString("originalReference"));
    return unsolicited.fact();
  }

  /** It does not say whether it was captured too: that is as the payment was asked for. */
  @Test
  void authorisation_isApproved() {
    assertThat(told(example("AUTHORISATION"))).isEqualTo(new Outcome.Approved(PSP, 1_000, "eur"));
  }

  @Test
  void authorisation_refused_isATryThatWas() {
    var item = example("AUTHORISATION").put("success", "false").put("reason", "Acquirer Error");
    assertThat(told(item)).isEqualTo(new Outcome.TryRefused(
        new Outcome.Declined(PSP, "card_declined", "acquirer_error", "Acquirer Error", true)));
    assertThat(told(item.put("reason", "CVC Declined"))).isEqualTo(new Outcome.TryRefused(
        new Outcome.Declined(PSP, "card_declined", "cvc_declined", "CVC Declined")));
    item.remove("reason");
    assertThat(told(item)).isEqualTo(new Outcome.TryRefused(
        new Outcome.Declined(PSP, "card_declined", null, "The provider declined the payment.")));
  }

  /** With the amount, which is not always that of what had been done. */
  private static Outcome.Declined failed(String code, String message) {
    return new Outcome.Declined(PSP, code, null, message, false, new Outcome.Amount(1_000, "eur"), null);
  }

  @Test
  void capture_isCharged_andMayFailLater() {
    assertThat(told(example("CAPTURE"))).isEqualTo(new Outcome.Charged(ORIGINAL, 1_000, "eur", PSP));
    assertThat(
        told(example("CAPTURE").put("success", "false").put("reason", "Insufficient balance on payment")))
        .isEqualTo(failed("capture_refused", "Insufficient balance on payment"));
    assertThat(told(example("CAPTURE_FAILED")))
        .isEqualTo(failed("capture_failed", "Capture Failed"));
  }

  /** The scheme's technical fault: Adyen captures once more under the same name, which must not hide it. */
  @ParameterizedTest
  @ValueSource(strings = {"Transaction Recaptured", "Transaction Auto-recaptured"})
  void capture_onceMore_isAnotherOne(String reason) {
    long at = AdyenItem.seconds(example("CAPTURE").getString("eventDate"));
    assertThat(told(example("CAPTURE").put("reason", reason)))
        .isEqualTo(new Outcome.Charged(ORIGINAL, 1_000, "eur", PSP + "/again/" + at, true));
  }

  @ParameterizedTest
  @ValueSource(strings = {"CANCELLATION", "TECHNICAL_CANCEL"})
  void cancellation_isVoided(String event) {
    var item = example("CANCELLATION").put("eventCode", event);
    assertThat(told(item)).isEqualTo(new Outcome.Voided(ORIGINAL, false));
    assertThat(told(item.put("success", "false")))
        .isEqualTo(failed("cancel_failed", "The provider says: " + event + "."));
  }

  @Test
  void expiry_isVoided_asLapsed() {
    assertThat(told(example("EXPIRE")))
        .isEqualTo(new Outcome.Voided(PSP, true, new Outcome.Amount(1_000, "eur")));
  }

  /** Its own name is not the payment's: which one it is of cannot be known. */
  @ParameterizedTest
  @ValueSource(strings = {"CAPTURE", "CANCELLATION", "TECHNICAL_CANCEL", "CANCEL_OR_REFUND"})
  void modification_thatNamesNoPayment_isANoticeWithAnAlert(String event) {
    var item = example("CANCELLATION").put("eventCode", event);
    item.remove("originalReference");
    item.put("additionalData", new JsonObject().put("modification.action", "cancel"));
    assertThat(read(item)).isInstanceOfSatisfying(
        ProviderEvent.Notice.class, n -> assertThat(n.expected()).isFalse());
  }

  @Test
  void refund_isRefunded_orFailed_nowOrLater() {
    assertThat(told(example("REFUND"))).isEqualTo(failed("refund_failed",
        "Transaction hasn't been captured, refund not possible"));
    assertThat(told(example("REFUND").put("success", "true")))
        .isEqualTo(new Outcome.Refunded(PSP, 1_000, "eur"));
    assertThat(told(example("REFUND").put("eventCode", "REFUND_FAILED").put("success", "true")))
        .isInstanceOfSatisfying(Outcome.Declined.class,
            d -> assertThat(d.code()).isEqualTo("refund_failed"));
    assertThat(told(example("REFUND").put("eventCode", "REFUNDED_REVERSED").put("success", "true")))
        .isInstanceOfSatisfying(Outcome.Declined.class,
            d -> assertThat(d.code()).isEqualTo("refund_reversed"));
  }

  /** Adyen's own fixture: a refund bears the refund request's reference, here one that is not ours. */
  @Test
  void refund_thatIsNotOurs_isUnsolicited() {
    assertThat(read(item(Fixture.json("adyen/refund-true"))))
        .isEqualTo(new ProviderEvent.Unsolicited("REFUND",
            "ORIGINAL_PSP", new UnsolicitedChange.Refunded("PSP_REFERENCE", 1_500, "eur")));
    assertThat(read(item(Fixture.json("adyen/refund-false"))))
        .isEqualTo(new ProviderEvent.Unsolicited("REFUND",
            "ORIGINAL_PSP", new UnsolicitedChange.RefundFailed("PSP_REFERENCE", "refund_failed",
                "Insufficient balance on payment", new Outcome.Amount(1_500, "eur"))));
    var nameless = item(Fixture.json("adyen/refund-true"));
    nameless.remove("originalReference");
    for (String event : new String[]{"REFUND", "REFUND_WITH_DATA", "REFUND_FAILED", "REFUNDED_REVERSED"})
      assertThat(read(nameless.put("eventCode", event))).isEqualTo(new ProviderEvent.Ignored(event));
  }

  @Test
  void refund_madeAtAdyen_mayFailOrComeBack() {
    var failed = item(Fixture.json("adyen/refund-true")).put("eventCode", "REFUND_FAILED");
    assertThat(read(failed.put("reason", "Refund Failed")))
        .isEqualTo(new ProviderEvent.Unsolicited("REFUND_FAILED", "ORIGINAL_PSP",
            new UnsolicitedChange.RefundFailed("PSP_REFERENCE", "refund_failed", "Refund Failed",
                new Outcome.Amount(1_500, "eur"))));
    assertThat(read(failed.put("eventCode", "REFUNDED_REVERSED").put("reason", "")))
        .isEqualTo(new ProviderEvent.Unsolicited("REFUNDED_REVERSED", "ORIGINAL_PSP",
            new UnsolicitedChange.RefundFailed("PSP_REFERENCE", "refund_reversed",
                "The provider says: REFUNDED_REVERSED.", new Outcome.Amount(1_500, "eur"))));
  }

  @Test
  void refundByData_isARefund() {
    assertThat(told(example("REFUND").put("eventCode", "REFUND_WITH_DATA").put("success", "true")))
        .isEqualTo(new Outcome.Refunded(PSP, 1_000, "eur"));
  }

  private static JsonObject either(String action, String success) {
    return example("CAPTURE").put("eventCode", "CANCEL_OR_REFUND").put("success", success)
        .put("additionalData", new JsonObject().put("modification.action", action));
  }

  @Test
  void cancelOrRefund_isWhatItsActionSays() {
    assertThat(told(either("refund", "true"))).isEqualTo(new Outcome.Refunded(PSP, 1_000, "eur"));
    assertThat(told(either("cancel", "true"))).isEqualTo(new Outcome.Voided(ORIGINAL, false));
    assertThat(read(either("refund", "true").put("merchantReference", "by hand"))).isEqualTo(
        new ProviderEvent.Unsolicited("CANCEL_OR_REFUND", ORIGINAL,
            new UnsolicitedChange.Refunded(PSP, 1_000, "eur")));
    assertThat(told(either("refund", "false").put("reason", "No"))).isEqualTo(
        failed("refund_failed", "No"));
    for (String action : new String[]{"cancel", "", "new"})
      assertThat(told(either(action, "false").put("reason", "No"))).isEqualTo(
          failed("cancel_failed", "No"));
    for (String action : new String[]{"", "new"})
      assertThat(read(either(action, "true"))).isEqualTo(new ProviderEvent.Notice("CANCEL_OR_REFUND",
          REFERENCE,
          ORIGINAL, "Adyen canceled or refunded the payment, and does not say which: look there.", false));
  }

  @Test
  void dispute_isOpened_whenItIsAnnounced_andWhenTheMoneyGoes() {
    long due = OffsetDateTime.parse("2021-07-31T03:03:08+02:00").toEpochSecond();
    assertThat(unsolicited(example("NOTIFICATION_OF_CHARGEBACK")))
        .isEqualTo(new UnsolicitedChange.DisputeOpened(PSP, 1_000,
            "eur", "Payment.TxId=300000000524659113 dispute (automatically defended)", due,
            at("NOTIFICATION_OF_CHARGEBACK")));
    assertThat(unsolicited(example("CHARGEBACK"))).isEqualTo(
        new UnsolicitedChange.DisputeOpened(PSP, 1_000, "eur", "Payment.TxId=300000000524534724 dispute",
            due - 1, at("CHARGEBACK")));
    assertThat(unsolicited(status(example("CHARGEBACK"), "Undefended")))
        .isInstanceOf(UnsolicitedChange.DisputeOpened.class);
    assertThat(unsolicited(status(example("CHARGEBACK"), "Pending")))
        .isInstanceOf(UnsolicitedChange.DisputeOpened.class);
    assertThat(unsolicited(item(Fixture.json("adyen/chargeback"))))
        .isEqualTo(new UnsolicitedChange.DisputeOpened(
            "9915555555555555", 1_000, "eur", "Other Fraud-Card Absent Environment", null,
            AdyenItem.seconds("2018-03-23T13:55:31+01:00")));
  }

  private static Long at(String event) { return AdyenItem.seconds(example(event).getString("eventDate")); }

  @Test
  void dispute_defencePeriodInAnotherForm_countsWithoutIt() {
    var item = example("CHARGEBACK");
    item.getJsonObject("additionalData").put("defensePeriodEndsAt", "soon");
    assertThat(unsolicited(item)).isInstanceOfSatisfying(UnsolicitedChange.DisputeOpened.class,
        d -> assertThat(d.evidenceDue()).isNull());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Lost", "Accepted", "Expired"})
  void chargeback_thatCannotBeDefendedAnyMore_isLost(String status) {
    assertThat(unsolicited(status(example("CHARGEBACK"), status))).isEqualTo(
        new UnsolicitedChange.DisputeClosed(PSP, false, 1_000, "eur",
            "Payment.TxId=300000000524534724 dispute", DECIDED));
    // An inquiry may be over as well, which took no money.
    assertThat(unsolicited(status(example("DISPUTE_DEFENSE_PERIOD_ENDED"), status))).isEqualTo(
        status.equals("Expired")
            ? new UnsolicitedChange.DisputeUnanswered("9915555555555555", 1_000, "eur", DECIDED)
            : new UnsolicitedChange.DisputeClosed("9915555555555555", false, 1_000, "eur",
                "Other Fraud-Card Absent Environment", DECIDED));
  }

  @Test
  void dispute_everyEnd() {
    var won = example("CHARGEBACK_REVERSED").put("originalReference", ORIGINAL);
    for (String event : new String[]{"CHARGEBACK_REVERSED", "PREARBITRATION_WON", "ARBITRATION_WON",
        "SCHEME_ARBITRATION_WON"}) {
      assertThat(unsolicited(won.put("eventCode", event))).isEqualTo(
          new UnsolicitedChange.DisputeClosed(PSP, true, 1_000, "eur",
              "Fraudulent Processing of Transactions", DECIDED, true));
    }
    var lost = example("PREARBITRATION_LOST").put("originalReference", ORIGINAL);
    for (String event : new String[]{"PREARBITRATION_LOST", "ARBITRATION_LOST", "SCHEME_ARBITRATION_LOST"}) {
      assertThat(unsolicited(lost.put("eventCode", event))).isEqualTo(
          new UnsolicitedChange.DisputeClosed(PSP, false, 1_000, "eur",
              "Other Fraud-Card Absent Environment", DECIDED, true));
    }
    assertThat(unsolicited(example("ISSUER_RESPONSE_TIMEFRAME_EXPIRED"))).isEqualTo(
        new UnsolicitedChange.DisputeClosed("9915555555555555", true, 10_000, "usd",
            "Merchandise/Services Not Received", DECIDED));
  }

  /** All events of a dispute bear its one name: what was won is lost after all. */
  @Test
  void secondChargeback_losesTheDispute() {
    assertThat(unsolicited(example("CHARGEBACK").put("eventCode", "SECOND_CHARGEBACK"))).isEqualTo(
        new UnsolicitedChange.DisputeClosed(PSP, false, 1_000, "eur",
            "Payment.TxId=300000000524534724 dispute", DECIDED, true));
  }

  /** Where Adyen does not say how it ended, as with payments in Brazil, a person looks. */
  @Test
  void dispute_thatHasNotEnded_isNoticed() {
    var words = Map.of("DISPUTE_DEFENSE_PERIOD_ENDED", "the dispute was not defended",
        "ISSUER_RESPONSE_TIMEFRAME_EXPIRED", "the issuer did not answer");
    words.forEach((event, said) -> {
      var pending = status(example(event), "Pending").put("reason", "");
      assertThat(read(pending)).isEqualTo(new ProviderEvent.Notice(event, REFERENCE, "9914444444444444",
          "Adyen says: " + said + ", dispute 9915555555555555 is Pending.", true));
      pending.remove("additionalData");
      assertThat(read(pending)).isEqualTo(new ProviderEvent.Notice(event, REFERENCE, "9914444444444444",
          "Adyen says: " + said + ".", false));
    });
  }

  @ParameterizedTest
  @ValueSource(strings = {"PREARBITRATION_OPEN", "PREARBITRATION_ACCEPTED", "PREARBITRATION_DECLINED",
      "PREARBITRATION_ISSUER_WITHDRAWN", "SCHEME_ARBITRATION"})
  void dispute_stage_isNoticed_andDecidesOnlyWhereItSaysSo(String event) {
    for (String status : new String[]{"", "Pending", "Undefended"})
      assertThat(read(status(example("CHARGEBACK"), status).put("eventCode", event)))
          .isInstanceOfSatisfying(ProviderEvent.Notice.class, n -> assertThat(n.expected()).isTrue());
    for (boolean won : new boolean[]{true, false})
      assertThat(unsolicited(status(example("CHARGEBACK"), won ? "Won" : "Lost").put("eventCode", event)))
          .isInstanceOfSatisfying(UnsolicitedChange.DisputeClosed.class,
              c -> assertThat(c.won()).isEqualTo(won));
  }

  /** As in Adyen's own examples: the payment's name is sent only where that is switched on. */
  @ParameterizedTest
  @ValueSource(strings = {"CHARGEBACK_REVERSED", "PREARBITRATION_LOST", "CHARGEBACK"})
  void dispute_withoutThePaymentsName_isFoundByOurReference(String event) {
    var item = example(event);
    item.remove("originalReference");
    assertThat(read(item)).isInstanceOfSatisfying(ProviderEvent.Unsolicited.class,
        u -> {
          assertThat(u.reference()).isEqualTo(REFERENCE);
          assertThat(u.providerReference()).isNull();
        });
    assertThat(read(item.put("originalReference", ""))).isInstanceOf(ProviderEvent.Unsolicited.class);
    assertThat(read(item.put("merchantReference", "order-7"))).isEqualTo(new ProviderEvent.Ignored(event));
  }

  @ParameterizedTest
  @ValueSource(strings = {"AUTHORISATION_ADJUSTMENT", "INFORMATION_SUPPLIED", "REQUEST_FOR_INFORMATION",
      "NOTIFICATION_OF_FRAUD", "ISSUER_COMMENTS", "MANUAL_REVIEW_ACCEPT", "MANUAL_REVIEW_REJECT",
      "OFFER_CLOSED",
      "POSTPONED_REFUND", "VOID_PENDING_REFUND", "AUTORESCUE", "CANCEL_AUTORESCUE", "AUTHENTICATION"})
  void event_thatMovesNoMoney_isNoticed(String event) {
    var item = example("CAPTURE").put("eventCode", event).put("reason", "why");
    String words = AdyenEventCodes.of(event).words();
    assertThat(read(item)).isEqualTo(new ProviderEvent.Notice(event, REFERENCE, ORIGINAL,
        "Adyen says: " + words + ": why", true));
    assertThat(read(item.put("success", "false").put("reason", ""))).isEqualTo(new ProviderEvent.Notice(event,
        REFERENCE, ORIGINAL, "Adyen says: " + words + ", without success.", true));
    assertThat(read(item.put("merchantReference", "by hand"))).isInstanceOfSatisfying(
        ProviderEvent.Notice.class, n -> assertThat(n.reference() + n.providerReference())
            .isEqualTo("null" + ORIGINAL));
    item.remove("originalReference");
    assertThat(read(item)).isEqualTo(new ProviderEvent.Ignored(event));
  }

  @ParameterizedTest
  @ValueSource(strings = {"REPORT_AVAILABLE", "RECURRING_CONTRACT", "ORDER_OPENED", "ORDER_CLOSED",
      "PAYOUT_THIRDPARTY", "PAYOUT_DECLINE", "PAYOUT_EXPIRE"})
  void event_aboutNothingThatWeMake_isIgnored(String event) {
    assertThat(read(example("CAPTURE").put("eventCode", event))).isEqualTo(new ProviderEvent.Ignored(event));
  }

  /** A new one, and what only comes after something that we never order. */
  @Test
  void event_thatNobodyExpects_isAlarmed_whenItNamesAPayment() {
    assertThat(read(example("CAPTURE").put("eventCode", "A_NEW_ONE"))).isEqualTo(new ProviderEvent.Notice(
        "A_NEW_ONE", REFERENCE, ORIGINAL,
        "Adyen sent an event that the connector does not know: look there what happened.", false));
    var others = example("AUTHORISATION").put("eventCode", "A_NEW_ONE").put("merchantReference", "order-7");
    assertThat(read(others)).isInstanceOfSatisfying(ProviderEvent.Notice.class,
        n -> assertThat(n.reference() + n.providerReference()).isEqualTo("null" + PSP));
    assertThat(read(example("CAPTURE").put("eventCode", "PAIDOUT_REVERSED")))
        .isEqualTo(new ProviderEvent.Notice(
            "PAIDOUT_REVERSED", REFERENCE, ORIGINAL,
            "Adyen says: a bank rejected money that was paid out. The gateway orders no such thing.", false));
    for (String event : new String[]{"CAPTURE_FAILED", "EXPIRE", "REFUND_FAILED", "CHARGEBACK"})
      assertThat(read(example("CAPTURE").put("eventCode", event).put("success", "false"))).isEqualTo(
          new ProviderEvent.Notice(event, REFERENCE, ORIGINAL, "Adyen says: " + event
              + ", without success. The connector knows no such event.", false));
  }

  /** Others may use the same merchant account, and other merchant accounts the same endpoint. */
  @Test
  void event_ofOthers_isIgnored() {
    for (String name : new String[]{"authorisation-true", "capture-false"}) {
      var item = item(Fixture.json("adyen/" + name));
      assertThat(read(item)).as(name).isEqualTo(new ProviderEvent.Ignored(item.getString("eventCode")));
    }
    assertThat(new AdyenEvents("another").read(example("CHARGEBACK").put("merchantReference", "order-7")))
        .isEqualTo(new ProviderEvent.Ignored("CHARGEBACK"));
  }

  /** Only we can have given the reference. */
  @Test
  void event_ofAnotherAccountUnderOurReference_isAlarmed() {
    assertThat(new AdyenEvents("another").read(example("CHARGEBACK"))).isInstanceOfSatisfying(
        ProviderEvent.Notice.class, n -> {
          assertThat(n.expected()).isFalse();
          assertThat(n.reference()).isEqualTo(REFERENCE);
        });
  }

  /** The payment may be ours all the same: its name tells. */
  @ParameterizedTest
  @ValueSource(strings = {"CAPTURE", "CAPTURE_FAILED", "CANCELLATION", "EXPIRE"})
  void event_underAReferenceThatIsNotOurs_isAlarmed_whereThePaymentIsOurs(String event) {
    var item = example("CAPTURE").put("eventCode", event).put("merchantReference", "by hand");
    assertThat(read(item)).isEqualTo(new ProviderEvent.Notice(event, null, ORIGINAL,
        "Done at Adyen, and not over the gateway: " + event + " under the name " + PSP + ".", false));
    item.remove("originalReference");
    assertThat(read(item)).isEqualTo(new ProviderEvent.Ignored(event));
  }

  @Test
  void event_withoutAnAmount_isForAPerson() {
    for (String event : new String[]{"CAPTURE", "CHARGEBACK", "AUTHORISATION"}) {
      var item = example(event);
      item.getJsonObject("amount").put("value", "1000");
      assertThat(read(item)).as(event).isInstanceOf(ProviderEvent.Unreadable.class);
    }
    var refund = example("REFUND").put("success", "true");
    refund.remove("amount");
    assertThat(read(refund)).isInstanceOf(ProviderEvent.Unreadable.class);
  }

  /** In Adyen's unit, which is not always ours. */
  @Test
  void event_inACurrencyOfOtherDecimals_isConverted() {
    var item = example("CAPTURE");
    item.put("amount", new JsonObject().put("currency", "IDR").put("value", 15_000));
    assertThat(told(item)).isEqualTo(new Outcome.Charged(ORIGINAL, 1_500_000, "idr", PSP));
  }

  @Test
  void event_ofAStrangeShape_isUnreadable() {
    for (String field : new String[]{"eventCode", "pspReference", "success"}) {
      var item = example("CAPTURE");
      item.remove(field);
      assertThat(read(item)).as(field).isInstanceOf(ProviderEvent.Unreadable.class);
      assertThat(read(example("CAPTURE").put(field, new JsonObject()))).as(field)
          .isInstanceOf(ProviderEvent.Unreadable.class);
    }
  }

  /** Whether it matters is seen by whose payment it is. */
  @ParameterizedTest
  @ValueSource(strings = {"CHARGEBACK", "REFUND", "NOTIFICATION_OF_CHARGEBACK"})
  void event_withAnAmountThatIsNone_namesItsPayment(String event) {
    for (var amount : List.of(new JsonObject().put("currency", "EUR").put("value", 0),
        new JsonObject().put("currency", "XXB").put("value", 500)))
      assertThat(read(example(event).put("merchantReference", "order-7").put("success", "true")
          .put("amount", amount)))
          .isInstanceOfSatisfying(ProviderEvent.Unreadable.class,
              u -> assertThat(u.payment()).isEqualTo(ORIGINAL));
  }

  /** Postgres takes no NUL in a text. */
  @Test
  void nul_comesThroughNowhere() {
    var item = example("REFUND").put("pspReference", "a\0b").put("reason", "c\0d");
    assertThat(read(item).toString()).doesNotContain("\0");
    assertThat(read(item.put("success", "true")).toString()).doesNotContain("\0");
    assertThat(read(item.put("eventCode", "e\0f")).toString()).doesNotContain("\0");
  }
}
