package dev.millrace.processing;

import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * What a provider truly did with one payment, and what it says of it: the truth that the ledger must arrive
 * at.
 */
final class ProviderBook {
  enum State {
    NOTHING, ACTION, HELD, CHARGED, RELEASED, REFUSED
  }

  /** Something that the provider tells, under the attempt it is about, or of its own accord. */
  record Word(String attempt, String operation, Outcome outcome, UnsolicitedChange fact) {}

  private static final long NO_AMOUNT = 0;

  private final Random random;
  private final String currency;
  private final boolean debits;
  private final String name;
  final List<Word> words = new ArrayList<>();
  private final Map<String, Outcome> answers = new HashMap<>();
  State state = State.NOTHING;
  boolean lapsed;
  long held;
  long charged;
  /** The merchant's part of what was charged. */
  long captured;
  long refunded;
  long withdrawn;
  long sentBack;
  private String dispute;
  private long disputed;
  private int names;

  /** {@code debits}: of bank accounts, which are sent back and never disputed. */
  ProviderBook(Random random, String name, String currency, boolean debits) {
    this.random = random;
    this.name = name;
    this.currency = currency;
    this.debits = debits;
  }

  private boolean chance(int percent) { return random.nextInt(100) < percent; }

  /** What it has said under this reference; null when it has never heard it. */
  Outcome answer(String attempt) {
    return answers.get(attempt);
  }

  private Outcome say(String attempt, String operation, Outcome outcome) {
    answers.put(attempt, outcome);
    for (int i = random.nextInt(3); i > 0; i--) words.add(new Word(attempt, operation, outcome, null));
    return outcome;
  }

  private void befall(UnsolicitedChange fact) {
    for (int i = 1 + random.nextInt(2); i > 0; i--) words.add(new Word(null, null, null, fact));
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
    return decided(attempt, amount, manual);
  }

  /** The payer has come back. */
  void complete(String attempt, long amount, boolean manual) {
    if (chance(20)) {
      state = State.REFUSED;
      say(attempt, null, new Outcome.Declined(name, "authentication_failed", null, "No."));
    } else {
      decided(attempt, amount, manual);
    }
    // So that nobody waits for ever.
    words.add(new Word(attempt, null, answers.get(attempt), null));
  }

  private Outcome decided(String attempt, long amount, boolean manual) {
    if (manual) {
      held = chance(10) ? 1 + random.nextLong(amount) : amount;
      state = State.HELD;
      return say(attempt, null, new Outcome.Authorized(name, held, currency, chance(50) ? 5L : null));
    }
    return charged(attempt, null, amount);
  }

  private Outcome charged(String attempt, String operation, long asked) {
    charged = chance(4) ? asked + 1 + random.nextLong(50) : chance(4) ? 1 + random.nextLong(asked) : asked;
    captured = Math.min(asked, charged);
    state = State.CHARGED;
    return say(attempt, operation, new Outcome.Charged(name, charged, currency));
  }

  Outcome capture(String attempt, String operation, long amount) {
    if (state == State.HELD && !chance(8)) return charged(attempt, operation, amount);
    if (state == State.RELEASED && chance(50))
      return say(attempt, operation, new Outcome.Voided(name, lapsed));
    return say(attempt, operation, new Outcome.Declined(null, "capture_refused", null, "No."));
  }

  Outcome cancel(String attempt, String operation) {
    if (state == State.CHARGED && chance(50))
      return say(attempt, operation, new Outcome.Charged(name, charged, currency));
    if (state == State.HELD || state == State.ACTION || state == State.RELEASED) {
      if (state != State.RELEASED && chance(8))
        return say(attempt, operation, new Outcome.Declined(null, "cancel_refused", null, "No."));
      state = State.RELEASED;
      return say(attempt, operation, new Outcome.Voided(name, false));
    }
    return say(attempt, operation, new Outcome.Declined(null, "cancel_refused", null, "No."));
  }

  Outcome refund(String attempt, String operation, long amount) {
    boolean possible = dispute == null && withdrawn == 0 && sentBack == 0 && amount <= captured - refunded;
    if (!possible || chance(8))
      return say(attempt, operation, new Outcome.Declined(null, "refund_refused", null, "No."));
    String refund = name + "_re" + ++names;
    refunded += amount;
    // Some webhooks do not name our reference.
    if (chance(30))
      words.add(new Word(null, null, null, new UnsolicitedChange.Refunded(refund, amount, currency)));
    return say(attempt, operation, new Outcome.Refunded(refund, amount, currency));
  }

  /** Something that nobody ordered. */
  void ofItsOwnAccord(String attempt) {
    if (state == State.HELD && chance(20)) {
      state = State.RELEASED;
      lapsed = chance(50);
      words.add(new Word(attempt, null, new Outcome.Voided(name, lapsed), null));
      answers.put(attempt, new Outcome.Voided(name, lapsed));
    } else if (state == State.CHARGED && withdrawn == 0 && sentBack == 0) {
      befallCharged();
    }
  }

  private void befallCharged() {
    long left = captured - refunded;
    if (dispute != null) {
      boolean won = chance(50);
      if (!won) withdrawn = disputed;
      befall(new UnsolicitedChange.DisputeClosed(dispute, won, disputed, currency, null));
      dispute = null;
    } else if (debits && chance(50)) {
      sentBack = captured;
      befall(new UnsolicitedChange.Returned(captured, currency, "R01", "No funds."));
    } else if (!debits && chance(40)) {
      dispute = name + "_du" + ++names;
      disputed = chance(70) ? captured : 1 + random.nextLong(captured);
      befall(new UnsolicitedChange.DisputeOpened(dispute, disputed, currency, "fraudulent", null));
    } else if (left > NO_AMOUNT) {
      long amount = chance(30) ? left : 1 + random.nextLong(left);
      refunded += amount;
      befall(new UnsolicitedChange.Refunded(name + "_re" + ++names, amount, currency));
    }
  }

  boolean disputeOpen() { return dispute != null; }

  long held() { return dispute == null ? 0 : disputed; }

  /** What it owes for the payment, before its fees. */
  long owed() {
    return charged - refunded - withdrawn - sentBack;
  }
}
