package dev.millrace.journal;

import dev.millrace.payment.PaymentEvent;
import org.jspecify.annotations.Nullable;

/**
 * What an event changes in the row of its payment, beside version and status; null leaves a column as it is.
 * Whoever writes or rebuilds that row takes it from here. Amounts are minor units, {@code expires} Unix
 * seconds.
 */
final class PaymentChange {
  @Nullable
  String provider;
  @Nullable
  String providerReference;
  @Nullable
  Long amountAuthorized;
  @Nullable
  Long amountCharged;
  @Nullable
  Long amountCaptured;
  @Nullable
  Long amountRefunded;
  @Nullable
  Long expires;
  @Nullable
  String actionUrl;
  @Nullable
  String failureCode;
  @Nullable
  String failureMessage;

  /** Takes in one event, after those that were taken in before it. */
  void add(PaymentEvent event) {
    switch (event) {
      case PaymentEvent.ProviderSubmitted s -> provider = s.provider();
      case PaymentEvent.RequiresAction a -> {
        providerReference = a.providerReference();
        expires = a.expires();
        actionUrl = a.url();
      }
      case PaymentEvent.Authorized a -> {
        providerReference = a.providerReference();
        amountAuthorized = Math.min(a.amount(), a.amountAuthorized());
        expires = a.expires();
      }
      case PaymentEvent.Confirmed c -> {
        providerReference = c.providerReference();
        // What a capture leaves of an authorization is released; without one, the charge is both.
        if (amountAuthorized == null) amountAuthorized = c.amount();
        amountCharged = c.amountCharged();
        amountCaptured = c.captured();
      }
      case PaymentEvent.Processing r -> providerReference = r.providerReference();
      case PaymentEvent.SumsCaptures c -> {
        amountCharged = c.amountCharged();
        amountCaptured = c.amountCaptured();
        if (c.expires() != null) expires = c.expires();
      }
      case PaymentEvent.SumsRefunds r -> amountRefunded = r.amountRefunded();
      case PaymentEvent.Declined d -> {
        if (d.providerReference() != null) providerReference = d.providerReference();
        fail(d);
      }
      case PaymentEvent.FailsPayment f -> fail(f);
      case PaymentEvent.LeavesPayment _ -> {
      }
    }
  }

  private void fail(PaymentEvent.FailsPayment event) {
    failureCode = event.failureCode();
    failureMessage = event.failureMessage();
  }
}
