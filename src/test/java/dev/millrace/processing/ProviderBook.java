package dev.millrace.processing;

import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What a provider truly did with one payment, and what it says of it: the truth that the ledger must arrive
 * at.
 */
final class ProviderBook {
  enum State {
    NOTHING, ACTION, PENDING, HELD, CHARGED, RELEASED, REFUSED
  }

  /** Something that an account tells, under the attempt it is about, or of its own accord. */
  record Word(String provider, String attempt, String operation, Outcome outcome, UnsolicitedChange fact) {
    /** Whether it tells of a dispute by this name. */
    boolean of(String dispute) {
      return switch (fact) {
        case UnsolicitedChange.DisputeOpened d -> d.dispute().equals(dispute);
        case UnsolicitedChange.DisputeClosed d -> d.dispute().equals(dispute);
        case null, default -> false;
      };
    }
  }

  /** A capture; {@code operation} is null for one that was made here. */
  private record Taken(String name, String attempt, String operation, long amount) {}

  private static final class Claim {
    long amount;
    boolean open = true;
    boolean lost;
    int decisions;
    /** The provider's clock, by the words on its amount. */
    long told = 1;

    Claim(long amount) { this.amount = amount; }

    long taken() { return open || lost ? amount : 0; }
  }

  private final Random random;
  private final String currency;
  private final boolean debits;
  /** Whether a capture has a name of its own; else it is told by the sum of all. */
  private final boolean named;
  private final String provider;
  private final String name;
  final List<Word> words = new ArrayList<>();
  private final Map<String, Outcome> answers = new HashMap<>();
  private final List<Taken> captures = new ArrayList<>();
  private final Map<String, Claim> disputes = new LinkedHashMap<>();
  private final Map<String, Long> refundsHere = new LinkedHashMap<>();
  State state = State.NOTHING;
  boolean lapsed;
  long held;
  long charged;
  /** The merchant's part of what was charged. */
  long captured;
  long refunded;
  long sentBack;
  private boolean wasSentBack;
  private boolean tookBack;
  private int names;

  /** {@code debits}: of bank accounts, which are sent back and never disputed. */
  ProviderBook(Random random, String provider, String name, String currency, boolean debits) {
    this.random = random;
    this.provider = provider;
    this.name = name;
    this.currency = currency;
    this.debits = debits;
    this.named = chance(50);
  }

  private boolean chance(int percent) { return random.nextInt(100) < percent; }

  /** What it has said under this reference; null when it has never heard it. */
  Outcome answer(String attempt) {
    return answers.get(attempt);
  }

  void tell(String attempt, String operation, Outcome outcome) {
    words.add(new Word(provider, attempt, operation, outcome, null));
  }

  private Outcome say(String attempt, String operation, Outcome outcome) {
    answers.put(attempt, outcome);
    for (int i = random.nextInt(3); i > 0; i--) tell(attempt, operation, outcome);
    return outcome;
  }

  private void befall(UnsolicitedChange fact) {
    for (int i = 1 + random.nextInt(2); i > 0; i--) words.add(new Word(provider, null, null, null, fact));
  }

  Outcome charge(String attempt, long amount, boolean manual) {
    if (chance(12)) {
      state = State.REFUSED;
      return say(attempt, null, new Outcome.Declined(chance(50) ? name : null, "card_declined", null, "No."));
    }
    if (chance(20)) {
      state = State.ACTION;
      return say(attempt, null, new Outcome.ActionRequired(name, "https://bank.example"));
    }
    return chance(10) ? pending(attempt) : decided(attempt, amount, manual);
  }

  private Outcome pending(String attempt) {
    state = State.PENDING;
    return say(attempt, null, new Outcome.Pending(name));
  }

  /** Whether it waits for its payer, or has not decided. */
  boolean undecided() {
    return state == State.ACTION || state == State.PENDING;
  }

  /** The payer has come back, or it has decided. */
  void complete(String attempt, long amount, boolean manual) {
    if (state == State.ACTION && chance(20)) {
      pending(attempt);
      tell(attempt, null, answers.get(attempt));
      return;
    }
    if (chance(20)) {
      state = State.REFUSED;
      say(attempt, null, new Outcome.Declined(name, "authentication_failed", null, "No."));
    } else {
      decided(attempt, amount, manual);
    }
    // So that nobody waits for ever.
    tell(attempt, null, answers.get(attempt));
  }

  private Outcome decided(String attempt, long amount, boolean manual) {
    if (manual) {
      held = chance(10) ? 1 + random.nextLong(amount) : amount;
      state = State.HELD;
      return say(attempt, null, new Outcome.Authorized(name, held, currency, chance(50) ? 5L : null));
    }
    held = amount;
    return charged(attempt, null, amount);
  }

  private Outcome charged(String attempt, String operation, long asked) {
    long amount = chance(4)
        ? asked + 1 + random.nextLong(50)
        : chance(4) ? 1 + random.nextLong(asked) : asked;
    captured = Math.min(asked, amount);
    Outcome taken = say(attempt, operation, take(attempt, operation, amount));
    // One that was made here may be heard first, and then nobody asks any more.
    if (named) tell(attempt, operation, taken);
    return taken;
  }

  private Outcome take(String attempt, String operation, long amount) {
    charged += amount;
    state = State.CHARGED;
    var taken = new Taken(named ? name + "_ca" + ++names : null, attempt, operation, amount);
    captures.add(taken);
    return new Outcome.Charged(name, named ? amount : charged, currency, taken.name);
  }

  Outcome capture(String attempt, String operation, long amount) {
    if (state == State.HELD && !chance(8)) return charged(attempt, operation, Math.min(amount, held));
    if (state == State.RELEASED && chance(50))
      return say(attempt, operation, new Outcome.Voided(name, lapsed));
    return say(attempt, operation, new Outcome.Declined(null, "capture_refused", null, "No."));
  }

  Outcome cancel(String attempt, String operation) {
    if (state == State.CHARGED && !named && chance(50))
      return say(attempt, operation, new Outcome.Charged(name, charged, currency));
    if (state == State.HELD || state == State.ACTION || state == State.RELEASED) {
      if (state != State.RELEASED && chance(8))
        return say(attempt, operation, new Outcome.Declined(null, "cancel_refused", null, "No."));
      state = State.RELEASED;
      return say(attempt, operation, new Outcome.Voided(name, false));
    }
    return say(attempt, operation, new Outcome.Declined(null, "cancel_refused", null, "No."));
  }

  private long disputed() {
    return disputes.values().stream().mapToLong(Claim::taken).sum();
  }

  Outcome refund(String attempt, String operation, long amount) {
    if (sentBack > 0 || amount > captured - refunded - disputed() || chance(8))
      return say(attempt, operation, new Outcome.Declined(null, "refund_refused", null, "No."));
    String refund = name + "_re" + ++names;
    refunded += amount;
    // Some webhooks do not name our reference.
    if (chance(30))
      words.add(
          new Word(provider, null, null, null, new UnsolicitedChange.Refunded(refund, amount, currency)));
    return say(attempt, operation, new Outcome.Refunded(refund, amount, currency));
  }

  /** Something that nobody ordered; {@code known}: the payment as the gateway has it. */
  void ofItsOwnAccord(String attempt, Payment known) {
    // What is taken back, is taken back of what stands: nothing else is done until that is heard.
    if (words.stream().anyMatch(w -> w.outcome instanceof Outcome.Declined d
        && d.code().equals(Outcome.Declined.CAPTURE_FAILED)))
      return;
    if (state == State.HELD && chance(20)) {
      state = State.RELEASED;
      lapsed = chance(50);
      tell(attempt, null, new Outcome.Voided(name, lapsed));
      answers.put(attempt, new Outcome.Voided(name, lapsed));
    } else if (state == State.HELD && chance(15) && (named || !tookBack)) {
      // Told without a name, as much as was taken back could not be told from what was.
      long amount = chance(50) ? held : 1 + random.nextLong(held);
      captured = amount;
      tell(attempt, null, take(attempt, null, amount));
    } else if (state == State.CHARGED && sentBack == 0) {
      befallCharged(attempt, known);
    } else
      if (sentBack > 0 && words.stream().noneMatch(w -> w.fact instanceof UnsolicitedChange.Returned)
          && chance(50)) {
            befall(new UnsolicitedChange.ReturnReversed(sentBack, currency, "Paid after all."));
            sentBack = 0;
          }
  }

  private void befallCharged(String attempt, Payment known) {
    switch (random.nextInt(6)) {
      case 0 -> captureMore(attempt);
      case 1 -> takeCaptureBack(known);
      case 2 -> takeRefundBack(known);
      case 3 -> {
        if (chance(45)) change();
        if (chance(80)) decide(chance(30));
      }
      case 4 -> sendBackOrDispute();
      default -> refundHere();
    }
  }

  private void captureMore(String attempt) {
    if (debits) return;
    long amount = 1 + random.nextLong(held);
    captured += Math.clamp(held - captured, 0, amount);
    tell(attempt, null, take(attempt, null, amount));
  }

  /** Only what the gateway has heard of, and nothing of which something has gone back. */
  private void takeCaptureBack(Payment known) {
    Taken last = captures.isEmpty() ? null : captures.getLast();
    if (last == null || !disputes.isEmpty() || wasSentBack || captured != charged || !refundsAreHeard(known)
        || refunded > captured - last.amount || known.amountCaptured() != captured
        || (!named && (last.operation == null || captures.size() > 1)))
      return;
    tookBack = true;
    captures.removeLast();
    charged -= last.amount;
    captured -= last.amount;
    if (captures.isEmpty()) state = State.HELD;
    for (int i = 1 + random.nextInt(2); i > 0; i--)
      tell(last.attempt, last.operation,
          new Outcome.Declined(last.name, Outcome.Declined.CAPTURE_FAILED, null, "No."));
  }

  private boolean refundsAreHeard(Payment known) {
    return refunded == PaymentLifeModelTest.refunded(known) && known.refundsOpen() == 0
        && words.stream().noneMatch(w -> w.outcome instanceof Outcome.Refunded
            || w.fact instanceof UnsolicitedChange.Refunded
            || w.fact instanceof UnsolicitedChange.RefundFailed);
  }

  private void takeRefundBack(Payment known) {
    for (Operation o : known.operations()) {
      if (o.state() != Operation.State.SUCCEEDED || o.attempt() == null
          || !(answers.get(o.attempt()) instanceof Outcome.Refunded r))
        continue;
      refunded -= r.amount();
      var failed = new Outcome.Declined(r.providerReference(), "no_account", null, "No.", false,
          new Outcome.Amount(r.amount(), r.currency()), null);
      answers.put(o.attempt(), failed);
      tell(o.attempt(), o.id(), failed);
      return;
    }
    for (var here : refundsHere.entrySet()) {
      befall(new UnsolicitedChange.RefundFailed(here.getKey(), "no_account", "No.",
          new Outcome.Amount(here.getValue(), currency)));
      refunded -= here.getValue();
      refundsHere.remove(here.getKey());
      return;
    }
  }

  /**
   * Decides an open dispute, or {@code anew} one that is closed, when nothing of it is on its way any more.
   */
  private void decide(boolean anew) {
    for (var dispute : disputes.entrySet()) {
      Claim claim = dispute.getValue();
      if (claim.open == anew || anew && words.stream().anyMatch(w -> w.of(dispute.getKey()))) continue;
      boolean won = claim.open ? chance(50) : claim.lost;
      claim.open = false;
      claim.lost = !won;
      claim.decisions++;
      claim.told++;
      befall(new UnsolicitedChange.DisputeClosed(dispute.getKey(), won, claim.amount, currency, null,
          claim.told));
      return;
    }
  }

  /** Of a dispute whose words have all been heard another amount is told, while it is open or lost. */
  private void change() {
    for (var dispute : disputes.entrySet()) {
      Claim claim = dispute.getValue();
      if ((!claim.open && !claim.lost) || words.stream().anyMatch(w -> w.of(dispute.getKey()))) continue;
      claim.amount = chance(50) ? claim.amount + 1 + random.nextLong(500) : 1 + random.nextLong(claim.amount);
      claim.told++;
      befall(claim.open
          ? new UnsolicitedChange.DisputeOpened(dispute.getKey(), claim.amount, currency, "fraudulent", null,
              claim.told)
          : new UnsolicitedChange.DisputeClosed(dispute.getKey(), false, claim.amount, currency, null,
              claim.told));
      return;
    }
  }

  private void sendBackOrDispute() {
    if (debits) {
      if (wasSentBack) return;
      wasSentBack = true;
      sentBack = captured;
      befall(new UnsolicitedChange.Returned(captured, currency, "R01", "No funds."));
    } else if (disputes.size() < 3) {
      String dispute = name + "_du" + ++names;
      long left = Math.max(1, captured - disputed());
      long amount = chance(60) ? 1 + random.nextLong(left) : chance(50) ? left : captured;
      disputes.put(dispute, new Claim(amount));
      befall(new UnsolicitedChange.DisputeOpened(dispute, amount, currency, "fraudulent", null, 1L));
    }
  }

  private void refundHere() {
    long left = captured - refunded - disputed();
    if (left <= 0 && !chance(20)) return;
    long amount = left <= 0 || chance(10)
        ? Math.max(0, left) + 1 + random.nextLong(50)
        : chance(30) ? left : 1 + random.nextLong(left);
    String refund = name + "_re" + ++names;
    refunded += amount;
    refundsHere.put(refund, amount);
    befall(new UnsolicitedChange.Refunded(refund, amount, currency));
  }

  boolean disputeOpen() {
    return disputes.values().stream().anyMatch(claim -> claim.open);
  }

  /** Decides what is open. */
  void decideOpen() { decide(false); }

  /** Decides anew what was decided once, now and then; whether it did. */
  boolean decidesAnew() {
    if (disputes.values().stream().noneMatch(claim -> claim.decisions == 1) || !chance(40)) return false;
    decide(true);
    return true;
  }

  /** What lost disputes have withdrawn. */
  long withdrawn() {
    return disputes.values().stream().filter(claim -> claim.lost).mapToLong(claim -> claim.amount).sum();
  }

  /** What it owes for the payment, before its fees. */
  long owed() {
    return charged - refunded - withdrawn() - sentBack;
  }
}
