package dev.millrace.provider.adyen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Fixture;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.json.JsonObject;
import java.time.OffsetDateTime;
import java.util.Iterator;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What notifications say; most are Adyen's own examples, under a reference of ours. */
final class AdyenEventsTest {
  private static final String REFERENCE = "att_01h455vb4pex5vsknk084sn02q";
  private static final String PSP = "QFQTPCQ8HXSKGK82";
  private static final String ORIGINAL = "9913140798220028";

  private static ProviderEvent read(JsonObject item) {
    return new AdyenEvents(item.getString("merchantAccountCode")).read(item);
  }

  /** Adyen's example of an event. */
  private static JsonObject example(String event) {
    Iterator<Map.Entry<String, Object>> examples = Fixture.json("adyen/webhooks-v1-examples").iterator();
    while (examples.hasNext()) {
      JsonObject item = item((JsonObject) examples.next().getValue());
      if (item.getString("eventCode").equals(event)) return item.put("merchantReference", REFERENCE);
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
    return told.outcome();
  }

  private static UnsolicitedChange befell(JsonObject item) {
    ProviderEvent.Unsolicited befell = (ProviderEvent.Unsolicited) read(item);
    assertThat(befell.providerReference()).isEqualTo(item.getString("originalReference"));
    return befell.fact();
  }

  /** The signature says that it was authorised; whether it was captured too, only our own metadata. */
  @Test
  void authorisation_isAChargeOrAHold_asItsMetadataSays() {
    var item = example("AUTHORISATION");
    assertThat(told(item)).isInstanceOf(Outcome.Unknown.class);
    item.getJsonObject("additionalData").put("metadata.millrace_capture", "automatic");
    assertThat(told(item)).isEqualTo(new Outcome.Charged(PSP, 1_000, "eur"));
    item.getJsonObject("additionalData").put("metadata.millrace_capture", "manual");
    assertThat(told(item)).isEqualTo(new Outcome.Authorized(PSP, 1_000, "eur", null));
  }

  @Test
  void authorisation_refused_isDeclined() {
    var item = example("AUTHORISATION").put("success", "false").put("reason", "Acquirer Error");
    assertThat(told(item))
        .isEqualTo(new Outcome.Declined(PSP, "card_declined", "acquirer_error", "Acquirer Error", true));
    assertThat(told(item.put("reason", "CVC Declined")))
        .isEqualTo(new Outcome.Declined(PSP, "card_declined", "cvc_declined", "CVC Declined"));
    item.remove("reason");
    assertThat(told(item)).isEqualTo(
        new Outcome.Declined(PSP, "card_declined", null, "The provider declined the payment."));
  }

  @Test
  void capture_isCharged_andMayFailLater() {
    assertThat(told(example("CAPTURE"))).isEqualTo(new Outcome.Charged(ORIGINAL, 1_000, "eur"));
    assertThat(
        told(example("CAPTURE").put("success", "false").put("reason", "Insufficient balance on payment")))
        .isEqualTo(new Outcome.Declined(PSP, "capture_failed", null, "Insufficient balance on payment"));
    assertThat(told(example("CAPTURE_FAILED")))
        .isEqualTo(new Outcome.Declined(PSP, "capture_failed", null, "Capture Failed"));
    assertThat(read(example("CAPTURE_FAILED").put("success", "false")))
        .isEqualTo(new ProviderEvent.Ignored("CAPTURE_FAILED"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"CANCELLATION", "TECHNICAL_CANCEL"})
  void cancellation_isVoided(String event) {
    var item = example("CANCELLATION").put("eventCode", event);
    assertThat(told(item)).isEqualTo(new Outcome.Voided(ORIGINAL, false));
    assertThat(told(item.put("success", "false")))
        .isEqualTo(new Outcome.Declined(PSP, "cancel_failed", null, "The provider says: " + event + "."));
  }

  @Test
  void expiry_isVoided_asLapsed() {
    assertThat(told(example("EXPIRE"))).isEqualTo(new Outcome.Voided(PSP, true));
    assertThat(read(example("EXPIRE").put("success", "false")))
        .isEqualTo(new ProviderEvent.Ignored("EXPIRE"));
  }

  @Test
  void refund_isRefunded_orFailed_nowOrLater() {
    assertThat(told(example("REFUND"))).isEqualTo(new Outcome.Declined(PSP, "refund_failed", null,
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
  void refund_thatIsNotOurs_befell() {
    assertThat(read(item(Fixture.json("adyen/refund-true"))))
        .isEqualTo(new ProviderEvent.Unsolicited("REFUND",
            "ORIGINAL_PSP", new UnsolicitedChange.Refunded("PSP_REFERENCE", 1_500, "eur")));
    assertThat(read(item(Fixture.json("adyen/refund-false")))).isEqualTo(new ProviderEvent.Ignored("REFUND"));
    var failed = item(Fixture.json("adyen/refund-true")).put("eventCode", "REFUND_FAILED");
    assertThat(read(failed)).isEqualTo(new ProviderEvent.Unreadable("REFUND_FAILED",
        "the refund PSP_REFERENCE of ORIGINAL_PSP, made at Adyen, failed afterwards"));
    var nameless = item(Fixture.json("adyen/refund-true"));
    nameless.remove("originalReference");
    assertThat(read(nameless)).isEqualTo(new ProviderEvent.Ignored("REFUND"));
  }

  @Test
  void dispute_isOpened_whenItIsAnnounced_andWhenTheMoneyGoes() {
    long due = OffsetDateTime.parse("2021-07-31T03:03:08+02:00").toEpochSecond();
    assertThat(befell(example("NOTIFICATION_OF_CHARGEBACK")))
        .isEqualTo(new UnsolicitedChange.DisputeOpened(PSP, 1_000,
            "eur", "Payment.TxId=300000000524659113 dispute (automatically defended)", due));
    assertThat(befell(example("CHARGEBACK"))).isEqualTo(
        new UnsolicitedChange.DisputeOpened(PSP, 1_000, "eur", "Payment.TxId=300000000524534724 dispute",
            due - 1));
    assertThat(befell(status(example("CHARGEBACK"), "Undefended")))
        .isInstanceOf(UnsolicitedChange.DisputeOpened.class);
    assertThat(befell(status(example("CHARGEBACK"), "Pending")))
        .isInstanceOf(UnsolicitedChange.DisputeOpened.class);
    assertThat(befell(item(Fixture.json("adyen/chargeback")))).isEqualTo(new UnsolicitedChange.DisputeOpened(
        "9915555555555555", 1_000, "eur", "Other Fraud-Card Absent Environment", null));
  }

  @Test
  void dispute_defencePeriodInAnotherForm_countsWithoutIt() {
    var item = example("CHARGEBACK");
    item.getJsonObject("additionalData").put("defensePeriodEndsAt", "soon");
    assertThat(befell(item)).isInstanceOfSatisfying(UnsolicitedChange.DisputeOpened.class,
        d -> assertThat(d.evidenceDue()).isNull());
  }

  @ParameterizedTest
  @ValueSource(strings = {"Lost", "Accepted", "Expired"})
  void chargeback_thatCannotBeDefendedAnyMore_isLost(String status) {
    assertThat(befell(status(example("CHARGEBACK"), status))).isEqualTo(
        new UnsolicitedChange.DisputeClosed(PSP, false, 1_000, "eur",
            "Payment.TxId=300000000524534724 dispute"));
    assertThat(befell(status(example("DISPUTE_DEFENSE_PERIOD_ENDED"), status))).isEqualTo(
        new UnsolicitedChange.DisputeClosed("9915555555555555", false, 1_000, "eur",
            "Other Fraud-Card Absent Environment"));
  }

  @Test
  void dispute_everyEnd() {
    var won = example("CHARGEBACK_REVERSED").put("originalReference", ORIGINAL);
    for (String event : new String[]{"CHARGEBACK_REVERSED", "PREARBITRATION_WON", "ARBITRATION_WON",
        "SCHEME_ARBITRATION_WON"}) {
      assertThat(befell(won.put("eventCode", event))).isEqualTo(
          new UnsolicitedChange.DisputeClosed(PSP, true, 1_000, "eur",
              "Fraudulent Processing of Transactions"));
    }
    var lost = example("PREARBITRATION_LOST").put("originalReference", ORIGINAL);
    for (String event : new String[]{"PREARBITRATION_LOST", "ARBITRATION_LOST", "SCHEME_ARBITRATION_LOST"}) {
      assertThat(befell(lost.put("eventCode", event))).isEqualTo(
          new UnsolicitedChange.DisputeClosed(PSP, false, 1_000, "eur",
              "Other Fraud-Card Absent Environment"));
    }
    assertThat(befell(example("ISSUER_RESPONSE_TIMEFRAME_EXPIRED"))).isEqualTo(
        new UnsolicitedChange.DisputeClosed("9915555555555555", true, 10_000, "usd",
            "Merchandise/Services Not Received"));
  }

  /**
   * The money is taken a second time, after the first dispute was won: that one's end must not swallow it.
   */
  @Test
  void secondChargeback_isADisputeOfItsOwn() {
    assertThat(befell(example("CHARGEBACK").put("eventCode", "SECOND_CHARGEBACK"))).isEqualTo(
        new UnsolicitedChange.DisputeClosed(PSP + "/2", false, 1_000, "eur",
            "Payment.TxId=300000000524534724 dispute"));
  }

  @Test
  void dispute_thatHasNotEnded_isIgnored() {
    for (String event : new String[]{"DISPUTE_DEFENSE_PERIOD_ENDED", "ISSUER_RESPONSE_TIMEFRAME_EXPIRED"}) {
      assertThat(read(status(example(event), "Pending"))).isEqualTo(new ProviderEvent.Ignored(event));
      var unsaid = example(event);
      unsaid.remove("additionalData");
      assertThat(read(unsaid)).isEqualTo(new ProviderEvent.Ignored(event));
    }
    assertThat(read(example("CHARGEBACK").put("success", "false")))
        .isEqualTo(new ProviderEvent.Ignored("CHARGEBACK"));
  }

  /** As in Adyen's example of a reversal: the payment's name is sent only where that is switched on. */
  @Test
  void dispute_withoutThePaymentsName_isForAPerson() {
    assertThat(read(example("CHARGEBACK_REVERSED"))).isInstanceOf(ProviderEvent.Unreadable.class);
    assertThat(read(example("PREARBITRATION_LOST"))).isInstanceOf(ProviderEvent.Unreadable.class);
    assertThat(read(example("CHARGEBACK").put("originalReference", "")))
        .isInstanceOf(ProviderEvent.Unreadable.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"AUTHORISATION_ADJUSTMENT", "INFORMATION_SUPPLIED", "REQUEST_FOR_INFORMATION",
      "NOTIFICATION_OF_FRAUD", "REPORT_AVAILABLE", "RECURRING_CONTRACT", "ORDER_CLOSED", "A_NEW_ONE"})
  void event_thatMovesNoMoney_isIgnored(String event) {
    assertThat(read(example("CAPTURE").put("eventCode", event))).isEqualTo(new ProviderEvent.Ignored(event));
  }

  /** Others may use the same merchant account, and other merchant accounts the same endpoint. */
  @Test
  void event_ofOthers_isIgnored() {
    for (String name : new String[]{"authorisation-true", "cancellation-true", "capture-true",
        "capture-false"}) {
      var item = item(Fixture.json("adyen/" + name));
      assertThat(read(item)).as(name).isEqualTo(new ProviderEvent.Ignored(item.getString("eventCode")));
    }
    assertThat(read(example("CAPTURE_FAILED").put("merchantReference", "00000001")))
        .isEqualTo(new ProviderEvent.Ignored("CAPTURE_FAILED"));
    assertThat(new AdyenEvents("another").read(example("CHARGEBACK")))
        .isEqualTo(new ProviderEvent.Ignored("CHARGEBACK"));
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
    assertThat(told(item)).isEqualTo(new Outcome.Charged(ORIGINAL, 1_500_000, "idr"));
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

  /** Postgres takes no NUL in a text. */
  @Test
  void nul_comesThroughNowhere() {
    var item = example("REFUND").put("pspReference", "a\0b").put("reason", "c\0d");
    assertThat(read(item).toString()).doesNotContain("\0");
    assertThat(read(item.put("success", "true")).toString()).doesNotContain("\0");
    assertThat(read(item.put("eventCode", "e\0f")).toString()).doesNotContain("\0");
  }
}
