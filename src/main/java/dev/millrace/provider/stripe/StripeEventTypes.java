package dev.millrace.provider.stripe;

import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What each type of Stripe's events means to us: the one table. A type that is not in it and yet names a
 * payment of ours is told to a person.
 *
 * @see <a href="https://docs.stripe.com/api/events/types">Stripe, types of events</a>
 */
final class StripeEventTypes {
  /** What is done with an event. */
  enum Reading {
    /** Its object is an intent, which says what became of the charge. */
    INTENT,
    /** Its object is a refund. */
    REFUND,
    /** Its object is a dispute, or an inquiry that may become one. */
    DISPUTE,
    /** Moves no money, and belongs into the payment's timeline. */
    NOTICE,
    /** Another event, or the answer to our own call, says the same. */
    ELSEWHERE,
    /** About nothing that we make. */
    OTHERS
  }

  /** {@code type} may end with {@code *}, for all that begin so; {@code words}: what happened. */
  record Row(Reading reading, String type, String words) {}

  /**
   * What every payment brings along is told elsewhere. Families with objects of ours are listed type by type,
   * so that a new one is noticed.
   */
  private static final List<Row> ROWS = """
    INTENT    payment_intent.succeeded                  the payer was charged
    INTENT    payment_intent.payment_failed             a charge was declined
    INTENT    payment_intent.canceled                   the payment was canceled, or its hold ran out
    INTENT    payment_intent.amount_capturable_updated  the amount is held
    INTENT    payment_intent.requires_action            the payer has to do something
    INTENT    payment_intent.processing                 the charge is under way
    REFUND    refund.created                            a refund was made
    REFUND    refund.updated                            a refund went on
    REFUND    refund.failed                             a refund came to nothing
    REFUND    charge.refund.updated                     a refund went on
    DISPUTE   charge.dispute.created                    the payer disputes the charge
    DISPUTE   charge.dispute.updated                    the dispute went on
    DISPUTE   charge.dispute.closed                     the dispute ended
    DISPUTE   charge.dispute.funds_withdrawn            the disputed money was taken
    DISPUTE   charge.dispute.funds_reinstated           the disputed money was given back
    NOTICE    payment_intent.partially_funded           a part of the amount arrived
    NOTICE    radar.early_fraud_warning.created         the issuer warns of fraud
    NOTICE    radar.early_fraud_warning.updated         the issuer's warning of fraud changed
    NOTICE    review.opened                             Stripe reviews the payment
    NOTICE    review.closed                             Stripe's review of the payment ended
    ELSEWHERE payment_intent.created                    the answer to the call
    ELSEWHERE charge.succeeded                          payment_intent.succeeded or amount_capturable_updated
    ELSEWHERE charge.pending                            payment_intent.processing
    ELSEWHERE charge.failed                             payment_intent.payment_failed
    ELSEWHERE charge.captured                           payment_intent.succeeded
    ELSEWHERE charge.expired                            payment_intent.canceled
    ELSEWHERE charge.updated                            the balance transaction, known from the settlement
    ELSEWHERE charge.refunded                           refund.created or refund.updated
    OTHERS    account.*                                 the account with Stripe
    OTHERS    application_fee.*                         platforms
    OTHERS    balance.available                         the balance as a whole
    OTHERS    balance_settings.updated                  the account with Stripe
    OTHERS    billing.*                                 subscriptions
    OTHERS    billing_portal.*                          subscriptions
    OTHERS    capability.updated                        platforms
    OTHERS    cash_balance.funds_available              customers' balances
    OTHERS    checkout.session.*                        Stripe's own payment page
    OTHERS    climate.*                                 another product
    OTHERS    coupon.*                                  subscriptions
    OTHERS    credit_note.*                             invoices
    OTHERS    customer.*                                customers, subscriptions
    OTHERS    customer_cash_balance_transaction.created customers' balances
    OTHERS    entitlements.*                            subscriptions
    OTHERS    file.created                              files
    OTHERS    financial_connections.*                   another product
    OTHERS    identity.*                                another product
    OTHERS    invoice.*                                 invoices
    OTHERS    invoice_payment.paid                      invoices
    OTHERS    invoiceitem.*                             invoices
    OTHERS    issuing_*                                 cards that we issue
    OTHERS    mandate.updated                           stored payment methods
    OTHERS    payment_link.*                            Stripe's own payment page
    OTHERS    payment_method.*                          stored payment methods
    OTHERS    payout.*                                  the balance as a whole
    OTHERS    person.*                                  platforms
    OTHERS    plan.*                                    subscriptions
    OTHERS    price.*                                   subscriptions
    OTHERS    product.*                                 subscriptions
    OTHERS    promotion_code.*                          subscriptions
    OTHERS    quote.*                                   invoices
    OTHERS    reporting.*                               reports
    OTHERS    reserve.*                                 the balance as a whole
    OTHERS    setup_intent.*                            stored payment methods
    OTHERS    sigma.*                                   reports
    OTHERS    source.*                                  stored payment methods
    OTHERS    subscription_schedule.*                   subscriptions
    OTHERS    tax.*                                     another product
    OTHERS    tax_rate.*                                invoices
    OTHERS    terminal.*                                payments at a counter
    OTHERS    test_helpers.*                            trying out
    OTHERS    topup.*                                   the balance as a whole
    OTHERS    transfer.*                                platforms
    OTHERS    treasury.*                                another product""".lines().map(StripeEventTypes::row)
      .toList();

  private static final Map<String, Row> BY_TYPE = ROWS.stream().filter(row -> !row.type.endsWith("*"))
      .collect(Collectors.toUnmodifiableMap(Row::type, Function.identity()));
  private static final List<Row> FAMILIES = ROWS.stream().filter(row -> row.type.endsWith("*")).toList();

  private StripeEventTypes() {}

  private static Row row(String line) {
    String[] words = line.split(" +", 3);
    return new Row(Reading.valueOf(words[0]), words[1], words[2]);
  }

  /** Null for a type that is not in the table. */
  static @Nullable Row of(String type) {
    Row row = BY_TYPE.get(type);
    if (row != null) return row;
    for (Row family : FAMILIES)
      if (type.startsWith(family.type.substring(0, family.type.length() - 1))) return family;
    return null;
  }

  static List<Row> all() { return ROWS; }
}
