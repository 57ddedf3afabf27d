package dev.millrace.processing;

import dev.millrace.ledger.FeeRule;
import dev.millrace.ledger.FeeSchedule;
import dev.millrace.ledger.FeeSchedule.Party;
import dev.millrace.payment.BookedMovement;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.StrayCharge;
import dev.millrace.platform.TypeId;
import dev.millrace.processing.Finding.Conflict;
import dev.millrace.processing.Finding.NewEvents;
import dev.millrace.processing.Finding.NotYet;
import dev.millrace.provider.Method;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Provider.Outcome.Amount;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * The events that a provider's word comes to, whoever judges it: charged, given back, refunded, failed, with
 * currency and amounts checked and fees reckoned. Without side effects.
 */
final class OutcomeEvents {
  private final FeeSchedule fees;

  OutcomeEvents(FeeSchedule fees) { this.fees = fees; }

  /** It says nothing of what became of the call: when to ask again, and why. */
  static NotYet notYet(Outcome.NoWord outcome, String provider) {
    return new NotYet(switch (outcome) {
      case Outcome.Pending _ -> "pending at " + provider;
      case Outcome.Unknown u -> u.reason();
      case Outcome.NotSent n -> n.reason();
      case Outcome.Absent _ -> "no record of it at " + provider + " yet";
    });
  }

  /**
   * A capture of the late charges came to nothing, whether it had gone back to the payer or not: its name,
   * {@code capture}, does not tell which one. Not when it is told again of one that was the payment's.
   */
  static Finding strayCaptureFailed(Payment p, String provider, @Nullable String capture) {
    boolean told = p.captures().stream().anyMatch(m -> m.reversed()
        && (capture == null || m.reference().isEmpty() || m.reference().equals(capture)));
    return told ? new Finding.NothingNew() : strayTakenBack(p, provider, null);
  }

  /** {@code reference}: of the charge; null for any. */
  static Finding strayTakenBack(Payment p, String provider, @Nullable String reference) {
    return p.strays().values().stream()
        .filter(charge -> charge.provider().equals(provider) && !charge.held()
            && (reference == null || charge.reference().equals(reference)))
        .findFirst()
        .<Finding>map(charge -> new Conflict("late_charge_taken_back",
            "the provider takes back a late charge, " + charge.reference() + " of " + charge.amount()))
        .orElseGet(Finding.NothingNew::new);
  }

  /**
   * Something to be known that moves no money. {@code name} is what it is known by, so that it is told once;
   * {@code expected}: false for what a person must look at.
   */
  static Finding notice(Payment p, String provider, String kind, String name, String message,
      boolean expected) {
    return new NewEvents(
        new PaymentEvent.ProviderNotice(provider, kind, name, message, expected, p.status()));
  }

  /** Of what is booked already: nothing new if it is told with the same amount as then. */
  static Finding known(Payment p, @Nullable BookedMovement booked, long amount, String currency) {
    return wrongCurrency(p, currency, () -> booked == null || booked.amount() == amount
        ? new Finding.NothingNew()
        : new Conflict("movement_amount_changed", booked.reference() + " was of " + booked.amount()
            + ", and is told with " + amount));
  }

  /**
   * What is booked is taken back whole, or was: one of which the provider tells another amount is not what
   * was booked.
   */
  private static Finding takenBack(Payment p, BookedMovement booked, @Nullable Amount told,
      Supplier<Finding> reversal) {
    Finding known = told == null
        ? new Finding.NothingNew()
        : known(p, booked, told.minor(), told.currency());
    return known instanceof Conflict || booked.reversed() ? known : reversal.get();
  }

  /**
   * The capture that a refusal names: of those that the provider made anew under the same name the last one
   * that there was when it happened. Null when none is called so.
   */
  static @Nullable BookedMovement refused(Payment p, Outcome.Declined d) {
    String name = d.providerReference();
    if (name == null) return null;
    BookedMovement found = Payment.named(p.captures(), name);
    for (BookedMovement m : p.captures()) {
      Long at = Outcome.Charged.madeAgain(m.reference(), name);
      if (at != null && d.at() != null && at <= d.at()) found = m;
    }
    return found;
  }

  /** What is booked as captured is told as never done. */
  static Finding captureRefused(Payment p, Outcome.Declined d) {
    BookedMovement booked = refused(p, d);
    return booked == null || booked.reversed()
        ? new Finding.NothingNew()
        : new Conflict("capture_refused_after_success",
            booked.amount() + " captured by " + booked.reference() + " is told as refused: " + d.message());
  }

  static Finding wrongCurrency(Payment p, String currency, Supplier<Finding> otherwise) {
    return currency.equals(p.asked().currency())
        ? otherwise.get()
        : new Conflict("currency_mismatch", "in " + currency + " instead of " + p.asked().currency());
  }

  /** Charged, at once or by {@code capture}. */
  Finding charged(Payment p, String provider, String attempt, Outcome.Charged c,
      @Nullable Operation capture) {
    return wrongCurrency(p, c.currency(), () -> {
      boolean held = p.status() == Status.AUTHORIZED;
      // The merchant may capture a part at the provider itself: that is what was asked for then.
      long whole = held ? p.amountAuthorized() : p.asked().amount();
      long asked = capture != null
          ? capture.amount()
          : c.capture() != null && held ? Math.min(whole, c.amount()) : whole;
      long captured = Math.min(asked, c.amount());
      long released = held ? p.amountAuthorized() - captured : 0;
      String method = Method.of(p.asked()).type();
      var ofProvider = fee(Party.PROVIDER, "provider fee", provider, c.currency(), method, captured);
      var ofGateway = fee(Party.GATEWAY, "gateway fee", provider, c.currency(), method, captured);
      return new NewEvents(overtaking(p, new PaymentEvent.Confirmed(provider, attempt,
          p.providerReference() != null && held ? p.providerReference() : c.providerReference(), asked,
          c.amount(), c.currency(), capture == null ? null : capture.id(), released == 0 ? null : released,
          amount(ofProvider), note(ofProvider), amount(ofGateway), note(ofGateway), c.capture())));
    });
  }

  /** One more capture than those that are known, called {@code name}. */
  Finding captured(Payment p, String provider, String attempt, Outcome.Charged c, String name, long amount) {
    return wrongCurrency(p, c.currency(), () -> {
      long share = Math.clamp(p.amountAuthorized() - p.amountCaptured(), 0, amount);
      String method = Method.of(p.asked()).type();
      var ofProvider = fee(Party.PROVIDER, "provider fee", provider, c.currency(), method, share);
      var ofGateway = fee(Party.GATEWAY, "gateway fee", provider, c.currency(), method, share);
      long captured = p.amountCaptured() + share;
      return new NewEvents(new PaymentEvent.Captured(provider, attempt, c.providerReference(), name, amount,
          p.amountCharged() + amount, captured, c.currency(), orNull(amount - share + p.excess(0, share)),
          amount(ofProvider),
          note(ofProvider), amount(ofGateway), note(ofGateway), p.withCaptured(captured)));
    });
  }

  /** A capture that had been confirmed came to nothing; {@code expires}: of what is authorized again. */
  Finding captureReversed(Payment p, String provider, BookedMovement capture, Outcome.Declined d,
      long expires) {
    return takenBack(p, capture, d.amount(),
        () -> reversalOf(p, provider, capture, d, expires));
  }

  private Finding reversalOf(Payment p, String provider, BookedMovement capture, Outcome.Declined d,
      long expires) {
    // What others took beyond the authorization takes its place.
    var filled = p.filledBy(capture);
    long share = capture.share() - filled.stream().mapToLong(Payment.Filled::more).sum();
    long left = p.amountCaptured() - share;
    FeeRule ofProvider = rule(Party.PROVIDER, p, provider);
    FeeRule ofGateway = rule(Party.GATEWAY, p, provider);
    long providerMore = more(ofProvider, filled, BookedMovement::providerFee);
    long gatewayMore = more(ofGateway, filled, BookedMovement::gatewayFee);
    return new NewEvents(new PaymentEvent.CaptureReversed(capture.operation(), provider,
        capture.reference().isEmpty() ? null : capture.reference(), capture.amount(),
        p.amountCharged() - capture.amount(), left, p.asked().currency(), d.code(), d.message(),
        orNull(capture.amount() - share + p.excess(0, -share)),
        givenBack(ofProvider, p.fees().provider() + providerMore, p.fees().providerGivenBack(),
            capture.providerFee(), p.amountRefunded(), left),
        givenBack(ofGateway, p.fees().gateway() + gatewayMore, p.fees().gatewayGivenBack(),
            capture.gatewayFee(), p.amountRefunded(), left),
        left == 0 ? expires : null, p.withCaptured(left), orNull(providerMore), orNull(gatewayMore), d.at()));
  }

  /** What of a fee these captures owe more than they were booked with. */
  private static long more(@Nullable FeeRule rule, List<Payment.Filled> filled,
      ToLongFunction<BookedMovement> before) {
    long more = 0;
    for (Payment.Filled f : filled) {
      FeeRule.Fee fee = rule == null ? null : rule.of("fee", f.capture().share() + f.more());
      if (fee != null) more += Math.max(0, fee.amount() - before.applyAsLong(f.capture()));
    }
    return more;
  }

  /**
   * With a capture its fee goes back, and of the other captures' fees what refunds of so much are of what is
   * left; of all that, what went back before does not go back again. Null where the rule keeps fees.
   */
  private static @Nullable Long givenBack(@Nullable FeeRule rule, long taken, long before, long fee,
      long refunded, long left) {
    if (rule == null || !rule.refundable() || taken == 0) return null;
    return Math.clamp(fee + FeeRule.due(taken - fee, refunded, left) - before, 0, taken - before);
  }

  /** A refund that had been carried out came to nothing. */
  static Finding refundReversed(Payment p, String provider, BookedMovement refund, String code,
      String message, @Nullable Amount told) {
    long left = p.amountRefunded() - refund.amount();
    return takenBack(p, refund, told,
        () -> new NewEvents(new PaymentEvent.RefundReversed(refund.operation(), provider, refund.reference(),
            refund.amount(), left, p.asked().currency(), code, message, orNull(p.excess(-refund.amount(), 0)),
            p.isSentBack() ? null : takenAnew(p, p.fees().provider(), p.fees().providerGivenBack(), left),
            p.isSentBack() ? null : takenAnew(p, p.fees().gateway(), p.fees().gatewayGivenBack(), left),
            p.withRefunded(left))));
  }

  /** What of a fee is taken anew when only so much is refunded still, and more had gone back. */
  static @Nullable Long takenAnew(Payment p, long fee, long givenBack, long refunded) {
    return p.amountCaptured() == 0
        ? null
        : orNull(Math.max(0, givenBack - FeeRule.due(fee, refunded, p.amountCaptured())));
  }

  /** The payment has no need of it: it is given back by an operation of its own. */
  static Finding late(Payment p, String provider, String attempt, String reference, long amount,
      String currency, boolean held) {
    for (StrayCharge known : p.strays().values()) {
      if (!known.provider().equals(provider) || !known.reference().equals(reference)) continue;
      if (known.held() != held)
        return new Conflict("late_hold_charged", reference + " was held, and is charged by now");
      return known.amount() == amount
          ? new Finding.NothingNew()
          : new Conflict("late_charge_differs", amount + " charged or held by " + reference + ", of which "
              + known.amount() + " is known");
    }
    return wrongCurrency(p, currency, () -> new NewEvents(new PaymentEvent.LateCharge(
        TypeId.format(TypeId.REVERSAL, TypeId.next()), provider, attempt, reference, amount, currency, held,
        "the payment is " + p.status().wire() + (p.attempt() != null && !p.attempt().equals(attempt)
            ? ", charged by another call"
            : ""),
        p.status())));
  }

  static @Nullable Long orNull(long amount) { return amount == 0 ? null : Long.valueOf(amount); }

  private FeeRule.@Nullable Fee fee(Party party, String name, String provider, String currency, String method,
      long captured) {
    FeeRule rule = fees.rule(party, provider, currency, method);
    return rule == null || captured == 0 ? null : rule.of(name, captured);
  }

  static @Nullable Long amount(FeeRule.@Nullable Fee fee) {
    return fee == null ? null : fee.amount();
  }

  static @Nullable String note(FeeRule.@Nullable Fee fee) { return fee == null ? null : fee.note(); }

  /** The event, and the end of a capture or cancellation that it overtakes. */
  static List<PaymentEvent> overtaking(Payment p, PaymentEvent event) {
    Operation open = p.openCaptureOrCancel();
    boolean itsOwn = open != null && event instanceof PaymentEvent.Confirmed c
        && open.id().equals(c.operation());
    if (open == null || itsOwn) return List.of(event);
    String message = "The payment is " + event.target().wire() + " by now.";
    return List.of(event, failed(open, event.target(), "payment_moved_on", message));
  }

  /** That an operation failed, in its own event. */
  static PaymentEvent failed(Operation operation, Status status, String code, String message) {
    return switch (operation.kind()) {
      case CAPTURE -> new PaymentEvent.CaptureFailed(operation.id(), code, message, status);
      case CANCEL -> new PaymentEvent.CancelFailed(operation.id(), code, message, status);
      case REFUND -> new PaymentEvent.RefundFailed(operation.id(), code, message, status);
      case REVERSAL -> new PaymentEvent.LateChargeKept(operation.id(), code, message, status);
    };
  }

  /** What was held is given back: by our cancellation when one is under way, else by the provider itself. */
  static Finding released(Payment p, @Nullable String provider, @Nullable String attempt,
      Outcome.Voided v) {
    Operation open = p.openCaptureOrCancel();
    if (open != null && open.kind() == Operation.Kind.CANCEL)
      return new NewEvents(released(open, provider, attempt));
    PaymentEvent event = v.lapsed()
        ? new PaymentEvent.Expired(null, provider, attempt, "it lapsed at the provider")
        : new PaymentEvent.Voided(null, provider, attempt, "canceled at the provider");
    return new NewEvents(overtaking(p, event));
  }

  static PaymentEvent released(Operation cancel, @Nullable String provider,
      @Nullable String attempt) {
    String reason = Objects.requireNonNullElse(cancel.reason(), "");
    return reason.equals(Expiry.REASON)
        ? new PaymentEvent.Expired(cancel.id(), provider, attempt, reason)
        : new PaymentEvent.Voided(cancel.id(), provider, attempt, reason);
  }

  /** {@code operation}: the refund that it is, null for one that was made at the provider. */
  Finding refunded(Payment p, @Nullable String operation, String provider, @Nullable String attempt,
      Outcome.Refunded r) {
    return wrongCurrency(p, r.currency(), () -> {
      long total = p.amountRefunded() + r.amount();
      var back = feesGivenBack(p, provider, Math.min(total, p.amountCaptured()));
      return new NewEvents(
          new PaymentEvent.Refunded(operation, provider, attempt, r.providerReference(), r.amount(),
              total, r.currency(), amount(back.provider), note(back.provider), amount(back.gateway),
              note(back.gateway), orNull(p.excess(r.amount(), 0)), p.withRefunded(total)));
    });
  }

  /** What goes back of the fees. */
  record Back(FeeRule.@Nullable Fee provider, FeeRule.@Nullable Fee gateway) {}

  /** What of the fees goes back when {@code refunded} has been refunded in all. */
  Back feesGivenBack(Payment p, String provider, long refunded) {
    if (p.amountCaptured() == 0) return new Back(null, null);
    FeeRule ofProvider = rule(Party.PROVIDER, p, provider);
    FeeRule ofGateway = rule(Party.GATEWAY, p, provider);
    return new Back(
        ofProvider == null || !ofProvider.refundable()
            ? null
            : FeeRule.givenBack("provider fee", p.fees().provider(), p.fees().providerGivenBack(), refunded,
                p.amountCaptured()),
        ofGateway == null || !ofGateway.refundable()
            ? null
            : FeeRule.givenBack("gateway fee", p.fees().gateway(), p.fees().gatewayGivenBack(), refunded,
                p.amountCaptured()));
  }

  private @Nullable FeeRule rule(Party party, Payment p, String provider) {
    return fees.rule(party, provider, p.asked().currency(), Method.of(p.asked()).type());
  }

  /** Events that the payment cannot take are no reason to lose them: a person must look. */
  static Finding checked(Payment p, Finding finding) {
    if (!(finding instanceof NewEvents h)) return finding;
    try {
      Payment next = p;
      for (PaymentEvent event : h.events()) next = next.after(event);
      return finding;
    } catch (IllegalStateException e) {
      return new Conflict("evidence_conflict", String.valueOf(e.getMessage()));
    }
  }
}
