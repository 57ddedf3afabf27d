package dev.millrace.processing;

import dev.millrace.payment.Commands;
import dev.millrace.payment.Commands.Decision;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.StrayCharge;
import dev.millrace.platform.TypeId;
import dev.millrace.processing.ProviderBook.Word;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/**
 * One payment's random life: what the gateway, its merchant, its payer and its provider might do next, in the
 * right order and in the wrong one. The decisions are those of the real {@link Commands} and
 * {@link OutcomePolicy}; the provider is a {@link ProviderBook}. One step gives at most one append, to be
 * committed by the caller.
 */
final class PaymentLife {
  /**
   * What is to be appended; {@code committed} runs once it is, {@code stale} when the payment has moved on
   * instead. Empty: whatever was said changed nothing.
   */
  record Move(String what, List<PaymentEvent> events, Runnable committed, Runnable stale) {
    Move(String what, List<PaymentEvent> events, Runnable committed) {
      this(what, events, committed, () -> {});
    }

    static Move nothing(String what) { return new Move(what, List.of(), () -> {}); }
  }

  private final Random random;
  private final OutcomePolicy policy;
  private final boolean manual;
  private String provider;
  ProviderBook book;
  Payment payment;
  /** Alerts that were raised. */
  final Set<String> conflicts = new TreeSet<>();
  /** What its providers charged late. */
  final LateBook late;
  private String attempt;
  private boolean answerLost;
  private int names;
  private final String name;

  PaymentLife(Random random, OutcomePolicy policy, String name) {
    this.random = random;
    this.policy = policy;
    this.name = name;
    this.manual = chance(50);
    boolean debits = !manual && chance(25);
    String currency = List.of("usd", "eur", "jpy").get(random.nextInt(3));
    long amount = chance(20) ? 1 + random.nextLong(5) : 1 + random.nextLong(100_000);
    this.provider = debits ? "bank" : "stripe";
    this.book = new ProviderBook(random, provider, name, currency, debits);
    this.late = new LateBook(random);
    this.payment = Payment.of(new PaymentEvent.Initiated(amount, currency,
        debits ? "pm_ach_1" : "pm_card_visa", manual ? "manual" : "automatic", null, null, Map.of(), null));
  }

  private boolean chance(int percent) { return random.nextInt(100) < percent; }

  private static String newAttempt() { return TypeId.format(TypeId.ATTEMPT, TypeId.next()); }

  /** What might happen next. */
  Move next() {
    int dice = random.nextInt(100);
    if (dice < 25) return drive();
    if (dice < 50 && !book.words.isEmpty()) return hear(random.nextInt(book.words.size()), chance(30));
    if (dice < 75) return command();
    if (dice < 88 && attempt != null) {
      if (payment.status() == Status.REQUIRES_ACTION && chance(50)) return tryRefused();
      if (book.undecided()) book.complete(attempt, payment.asked().amount(), manual);
      else if (ended()) chargeLate(provider, attempt);
      else book.ofItsOwnAccord(attempt, payment);
      return Move.nothing("the provider acted");
    }
    return chance(30) ? noise() : chance(30) ? notice() : drive();
  }

  private boolean ended() {
    return payment.status() == Status.DECLINED || payment.status() == Status.VOIDED
        || payment.status() == Status.EXPIRED;
  }

  /** At most once, and not held where a hold was known before: that is not told from a word that is late. */
  private void chargeLate(String account, String reference) {
    if (late.all().size() > 1 || !chance(40)) return;
    boolean held = chance(30) && payment.status() != Status.VOIDED && payment.status() != Status.EXPIRED;
    Outcome told = late.happen(account, name + "_late" + ++names, 1 + random.nextLong(5_000),
        payment.asked().currency(), held);
    for (int i = 1 + random.nextInt(2); i > 0; i--)
      book.words.add(new Word(account, reference, null, told, null));
  }

  /** The payer's card was refused, and the payer may try another. */
  private Move tryRefused() {
    return judged("try refused", policy.charge(payment, provider, attempt, new Outcome.TryRefused(
        new Outcome.Declined(name + "_try" + random.nextInt(3), "card_declined", null, "No."))));
  }

  private Move notice() {
    String event = "evt_" + random.nextInt(3);
    return payment.provider() == null || payment.heard().contains(event)
        ? Move.nothing("heard before")
        : new Move("notice", List.of(
            new PaymentEvent.ProviderNotice(provider, "radar", event, "m", chance(50), payment.status())),
            () -> {});
  }

  /** Brings it to an end: nothing lost, nothing more asked for. Null when nothing is left to be done. */
  Move end() {
    if (book.undecided() && attempt != null) book.complete(attempt, payment.asked().amount(), manual);
    if (book.disputeOpen()) {
      book.decideOpen();
      return Move.nothing("the dispute was decided");
    }
    boolean open = payment.operations().stream().anyMatch(Operation::open);
    // What is asked for may have to wait for a word: as a refund for that of the capture made once more.
    if (open && !book.words.isEmpty() && chance(30)) return hear(0, false);
    if (!payment.status().atRest() && payment.status() != Status.CONFIRMED || open) return drive();
    if (payment.status() == Status.IN_REVIEW) return drive();
    if (!book.words.isEmpty()) return hear(0, false);
    return book.decidesAnew() ? Move.nothing("decided anew") : null;
  }

  /** What the gateway does of its own accord. */
  private Move drive() {
    return switch (payment.status()) {
      case INITIATED -> payment.version() == 1 && chance(15) ? screen() : submit();
      case IN_REVIEW -> new Move("an operator decides", List.of(chance(70)
          ? new PaymentEvent.Screened("clear", null, 0, true, "ann")
          : new PaymentEvent.Blocked(null, 0, "ann")), () -> {});
      case PROVIDER_SUBMITTED, UNKNOWN -> ask();
      case PROCESSING -> chance(50) ? ask() : operate();
      case REQUIRES_ACTION, AUTHORIZED, CONFIRMED, SETTLED, PARTIALLY_REFUNDED, REFUNDED, DISPUTED,
          CHARGED_BACK, RETURNED, VOIDED, EXPIRED, DECLINED, BLOCKED ->
        operate();
    };
  }

  private Move screen() {
    return new Move("screened", List.of(chance(50)
        ? new PaymentEvent.Screened("review", "r", 70, true, null)
        : new PaymentEvent.Blocked("r", 100, null)), () -> {});
  }

  private Move submit() {
    String reference = newAttempt();
    return new Move("submitted", List.of(new PaymentEvent.ProviderSubmitted(provider, reference)), () -> {
      attempt = reference;
      call();
    });
  }

  /** The call, which may never arrive, and whose answer may be lost. */
  private void call() {
    answerLost = chance(25);
    if (!chance(10)) book.charge(attempt, payment.asked().amount(), manual);
  }

  private Move ask() {
    Outcome answer = book.answer(attempt);
    if (answerLost && payment.status() == Status.PROVIDER_SUBMITTED) {
      answerLost = false;
      return new Move("no answer",
          List.of(new PaymentEvent.Unknown(provider, attempt, "timeout")), () -> {});
    }
    if (answer == null) {
      if (payment.status() == Status.PROVIDER_SUBMITTED) {
        call();
        return Move.nothing("called again");
      }
      answer = chance(50)
          ? new Outcome.Absent()
          : new Outcome.Declined(null, "provider_no_record", null, "It has no record of it.");
      // After that it must stay absent.
      if (answer instanceof Outcome.Declined) book.state = ProviderBook.State.REFUSED;
    }
    if (answer instanceof Outcome.Declined && payment.status() == Status.PROVIDER_SUBMITTED && chance(40))
      return failover();
    return judged("answer", policy.charge(payment, provider, attempt, answer));
  }

  private Move failover() {
    String reference = newAttempt();
    String other = provider.equals("stripe") ? "adyen" : provider;
    String left = provider;
    String before = attempt;
    return new Move("failover",
        List.of(new PaymentEvent.ProviderSubmitted(other, reference, "rule", provider + ": refused")), () -> {
          provider = other;
          attempt = reference;
          var words = book.words;
          book = new ProviderBook(random, other, name + "_" + ++names, payment.asked().currency(),
              other.equals("bank"));
          book.words.addAll(words);
          // It was refused for certain, and yet: then it is one charge too many.
          if (!other.equals(left)) chargeLate(left, before);
          call();
        });
  }

  private Move operate() {
    var open = payment.operations().stream().filter(Operation::open).toList();
    if (open.isEmpty()) return Move.nothing("nothing to do");
    Operation operation = open.get(random.nextInt(open.size()));
    if (operation.state() != Operation.State.REQUESTED) return askFor(operation);
    if (!OperationFlow.possible(payment, operation))
      return new Move("overtaken",
          List.of(OutcomeEvents.failed(operation, payment.status(), "payment_moved_on", "It moved on.")),
          () -> {});
    String reference = newAttempt();
    return new Move("operation submitted", List.of(
        new PaymentEvent.OperationSubmitted(operation.id(), at(operation), reference, payment.status())),
        () -> {
          if (!chance(10)) carryOut(operation, reference);
        });
  }

  /** The account where it is carried out. */
  private String at(Operation operation) {
    StrayCharge stray = payment.strays().get(operation.id());
    return stray == null ? provider : stray.provider();
  }

  private void carryOut(Operation operation, String reference) {
    switch (operation.kind()) {
      case CAPTURE -> book.capture(reference, operation.id(), operation.amount());
      case CANCEL -> book.cancel(reference, operation.id());
      case REFUND -> book.refund(reference, operation.id(), operation.amount());
      case REVERSAL -> {
        String stray = payment.strays().get(operation.id()).reference();
        // Else it is a hold of the payment's own, told after it was released.
        if (late.has(stray)) late.giveBack(reference, stray, payment.asked().currency());
        else book.cancel(reference, operation.id());
      }
    }
  }

  private Move askFor(Operation operation) {
    String reference = operation.attempt();
    Outcome answer = book.answer(reference) == null ? late.answer(reference) : book.answer(reference);
    if (operation.state() == Operation.State.SUBMITTED && chance(25))
      return new Move("no answer", List.of(new PaymentEvent.OperationUnknown(operation.id(), at(operation),
          reference, "timeout", payment.status())), () -> {});
    if (answer == null) {
      carryOut(operation, reference);
      return Move.nothing("called again");
    }
    return judged("answer of " + operation.kind(),
        policy.operation(payment, operation, at(operation), reference, answer));
  }

  private Move judged(String what, Finding finding) {
    if (finding instanceof Finding.Conflict c) conflicts.add(c.alert());
    return finding instanceof Finding.NewEvents h
        ? new Move(what, h.events(), () -> {})
        : Move.nothing(what + ": " + finding);
  }

  /** One of the provider's words arrives; {@code again}: and will arrive once more. */
  private Move hear(int index, boolean again) {
    Word word = book.words.get(index);
    Finding finding;
    if (word.fact() != null) {
      finding = policy.unsolicited(payment, word.provider(), word.fact());
    } else {
      Operation operation = word.operation() == null ? null : payment.operation(word.operation());
      finding = operation == null
          ? policy.charge(payment, word.provider(), word.attempt(), word.outcome())
          : policy.operation(payment, operation, word.provider(), word.attempt(), word.outcome());
    }
    // What cannot be taken yet is told again later.
    book.words.remove(index);
    if (again || finding instanceof Finding.NotYet) book.words.add(word);
    Move move = judged("heard " + (word.fact() != null ? word.fact() : word.outcome()), finding);
    return again ? move : new Move(move.what, move.events, move.committed, () -> book.words.add(word));
  }

  /** The merchant asks for something, sensible or not. */
  private Move command() {
    int what = random.nextInt(4);
    Long amount = chance(40)
        ? null
        : Long.valueOf(1 + random.nextLong(chance(80)
            ? Math.max(1, payment.asked().amount() / 2)
            : 2 * payment.asked().amount()));
    Decision decision = switch (what) {
      case 0 -> Commands.capture(payment, TypeId.format(TypeId.CAPTURE, TypeId.next()), amount);
      case 1 -> chance(40)
          ? Commands.cancel(payment, TypeId.format(TypeId.CANCELLATION, TypeId.next()),
              chance(50) ? Expiry.REASON : "changed")
          : new Decision.Forbidden("", "");
      default -> Commands.refund(payment, TypeId.format(TypeId.REFUND, TypeId.next()), amount, "why");
    };
    return decision instanceof Decision.Accepted a
        ? new Move("command", List.of(a.event()), () -> {})
        : Move.nothing("command: " + decision);
  }

  /** What is wrong in itself must change nothing, whenever it comes. */
  private Move noise() {
    String currency = payment.asked().currency().equals("usd") ? "eur" : "usd";
    Finding finding = switch (random.nextInt(6)) {
      case 0 -> policy.charge(payment, provider, String.valueOf(attempt),
          new Outcome.Charged(name, 100, currency));
      case 1 ->
        policy.unsolicited(payment, provider, new UnsolicitedChange.Refunded(name + "_odd", 1, currency));
      case 2 -> policy.unsolicited(payment, provider,
          new UnsolicitedChange.Refunded(name + "_odd", 0, payment.asked().currency()));
      case 3 -> policy.unsolicited(payment, "elsewhere", new UnsolicitedChange.Refunded(name + "_odd",
          1, payment.asked().currency()));
      case 4 -> policy.unsolicited(payment, provider,
          new UnsolicitedChange.DisputeOpened(name + "_odd", -1, payment.asked().currency(), null, null));
      default -> policy.unsolicited(payment, provider, new UnsolicitedChange.ReturnReversed(
          10 * payment.asked().amount(), payment.asked().currency(), ""));
    };
    if (finding instanceof Finding.NewEvents)
      throw new AssertionError("noise was believed: " + finding);
    return Move.nothing("noise");
  }
}
