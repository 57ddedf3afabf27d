package dev.millrace.provider.adyen;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What each event code of Adyen's notifications means to us: the one table. A code that is not in it and yet
 * names a payment of ours is told to a person.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Webhooks/1/overview">Adyen, standard webhooks</a>
 * @see <a href="https://docs.adyen.com/development-resources/webhooks/webhook-types">Adyen, webhook types</a>
 * @see <a href="https://docs.adyen.com/risk-management/disputes-api/dispute-notifications">Adyen, dispute
 *   webhooks</a>
 */
final class AdyenEventCodes {
  /** What is done with an event. */
  enum Reading {
    /** A charge or a hold, or one try of the payer that was refused. */
    AUTHORISATION(false),
    /** A capture, by its own name, or its refusal. */
    CAPTURE(false),
    /** A capture that came to nothing afterwards. */
    CAPTURE_FAILED(true),
    /** What was held is released, or is not. */
    CANCELLATION(false),
    /** What was held, or the rest of it, ran out. */
    EXPIRY(true),
    /** A refund or its refusal. */
    REFUND(false),
    /** Which of the two it was, it says itself. */
    CANCELLATION_OR_REFUND(false),
    /** A refund came to nothing afterwards. */
    REFUND_FAILED(true),
    /** A dispute is announced: its money is about to be taken. */
    DISPUTE_OPENED(true),
    /** The disputed money was taken; for good, where the {@code disputeStatus} says so. */
    CHARGEBACK(true),
    /** A dispute is won. */
    DISPUTE_WON(true),
    /** A dispute is lost. */
    DISPUTE_LOST(true),
    /** A dispute has ended, and its {@code disputeStatus} says how. */
    DISPUTE_ENDED(true),
    /** A stage of a dispute, which is decided by it only where the {@code disputeStatus} says so. */
    DISPUTE_STAGE(true),
    /** Moves no money, and belongs into the payment's timeline. */
    NOTICE(false),
    /** We order nothing that brings it about: a person is told, where it names a payment of ours. */
    ALERT(false),
    /** About nothing that we make. */
    OTHERS(false);

    /** Whether it is only ever told as done, and never as refused. */
    final boolean alwaysDone;

    Reading(boolean alwaysDone) { this.alwaysDone = alwaysDone; }

    /** Whether it has a name of its own, and has to say which payment it is of. */
    boolean ofAnother() {
      return this == CAPTURE || this == CANCELLATION || this == CANCELLATION_OR_REFUND;
    }
  }

  /** {@code words}: what happened. */
  record Row(Reading reading, String code, String words) {}

  private static final List<Row> ROWS = """
    AUTHORISATION          AUTHORISATION                     the payment was authorised, or refused
    CAPTURE                CAPTURE                           a capture was done, or refused
    CAPTURE_FAILED         CAPTURE_FAILED                    the card scheme rejected a capture
    CANCELLATION           CANCELLATION                      the payment was canceled, or cannot be
    CANCELLATION           TECHNICAL_CANCEL                  the payment was canceled, or cannot be
    EXPIRY                 EXPIRE                            what was held and not captured ran out
    REFUND                 REFUND                            a refund was done, or refused
    REFUND                 REFUND_WITH_DATA                  a refund by the card's data was done, or refused
    CANCELLATION_OR_REFUND CANCEL_OR_REFUND                  the payment was canceled or refunded
    REFUND_FAILED          REFUND_FAILED                     the card scheme rejected a refund
    REFUND_FAILED          REFUNDED_REVERSED                 a refund came back
    DISPUTE_OPENED         NOTIFICATION_OF_CHARGEBACK        a chargeback is coming
    DISPUTE_OPENED         DISPUTE_OPENED_WITH_CHARGEBACK    a chargeback came without notice
    CHARGEBACK             CHARGEBACK                        the disputed money was taken
    DISPUTE_WON            CHARGEBACK_REVERSED               the disputed money was given back
    DISPUTE_WON            PREARBITRATION_WON                the issuer accepted the pre-arbitration case
    DISPUTE_WON            ARBITRATION_WON                   the scheme decided for the merchant
    DISPUTE_WON            SCHEME_ARBITRATION_WON            the scheme decided for the merchant
    DISPUTE_LOST           SECOND_CHARGEBACK                 the disputed money was taken again
    DISPUTE_LOST           PREARBITRATION_LOST               the issuer declined the pre-arbitration case
    DISPUTE_LOST           ARBITRATION_LOST                  the scheme decided for the issuer
    DISPUTE_LOST           SCHEME_ARBITRATION_LOST           the scheme decided for the issuer
    DISPUTE_ENDED          DISPUTE_DEFENSE_PERIOD_ENDED      the dispute was not defended
    DISPUTE_ENDED          ISSUER_RESPONSE_TIMEFRAME_EXPIRED the issuer did not answer
    DISPUTE_STAGE          PREARBITRATION_OPEN               the issuer opened a pre-arbitration case
    DISPUTE_STAGE          PREARBITRATION_ACCEPTED           the pre-arbitration case was accepted
    DISPUTE_STAGE          PREARBITRATION_DECLINED           the pre-arbitration case was declined
    DISPUTE_STAGE          PREARBITRATION_ISSUER_WITHDRAWN   the issuer withdrew the pre-arbitration case
    DISPUTE_STAGE          SCHEME_ARBITRATION                the issuer took the case to the scheme
    NOTICE                 REQUEST_FOR_INFORMATION           the issuer asks about the payment
    NOTICE                 INFORMATION_SUPPLIED              the dispute was defended
    NOTICE                 ISSUER_COMMENTS                   the issuer commented on the dispute
    NOTICE                 NOTIFICATION_OF_FRAUD             the issuer warns of fraud
    NOTICE                 AUTHORISATION_ADJUSTMENT          the held amount was adjusted
    NOTICE                 AUTHENTICATION                    the payer was authenticated
    NOTICE                 MANUAL_REVIEW_ACCEPT              a review at Adyen accepted the payment
    NOTICE                 MANUAL_REVIEW_REJECT              a review at Adyen rejected the payment
    NOTICE                 OFFER_CLOSED                      the payer did not finish one try in time
    NOTICE                 POSTPONED_REFUND                  a refund waits for the capture
    NOTICE                 VOID_PENDING_REFUND               a refund at a counter was called back
    NOTICE                 AUTORESCUE                        Adyen's own retries ended
    NOTICE                 CANCEL_AUTORESCUE                 Adyen's own retries were canceled
    NOTICE                 ACH_NOTIFICATION_OF_CHANGE        the payer's bank account changed
    NOTICE                 DIRECT_DEBIT_NOTICE_OF_CHANGE_NOTIFICATION the payer's bank account changed
    ALERT                  PAIDOUT_REVERSED                  a bank rejected money that was paid out
    ALERT                  HANDLED_EXTERNALLY                the payment was settled outside Adyen
    OTHERS                 ORDER_OPENED                      orders of several payments
    OTHERS                 ORDER_CLOSED                      orders of several payments
    OTHERS                 PAYOUT_THIRDPARTY                 payouts
    OTHERS                 PAYOUT_DECLINE                    payouts
    OTHERS                 PAYOUT_EXPIRE                     payouts
    OTHERS                 RECURRING_CONTRACT                stored payment methods
    OTHERS                 REPORT_AVAILABLE                  reports""".lines().map(AdyenEventCodes::row)
      .toList();

  private static final Map<String, Row> BY_CODE = ROWS.stream()
      .collect(Collectors.toUnmodifiableMap(Row::code, Function.identity()));

  private AdyenEventCodes() {}

  private static Row row(String line) {
    String[] words = line.split(" +", 3);
    return new Row(Reading.valueOf(words[0]), words[1], words[2]);
  }

  /** Null for a code that is not in the table. */
  static @Nullable Row of(String code) {
    return BY_CODE.get(code);
  }

  static List<Row> all() { return ROWS; }
}
