package dev.millrace.processing;

import dev.millrace.provider.Provider.Outcome;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** What providers charged or held although their payment had ended, or had been charged elsewhere: the truth of it. */
final class LateBook {
  /** One of them. */
  static final class Late {
    final String provider;
    final long amount;
    final boolean held;
    boolean returned;

    private Late(String provider, long amount, boolean held) {
      this.provider = provider;
      this.amount = amount;
      this.held = held;
    }
  }

  private final Random random;
  private final Map<String, Late> all = new LinkedHashMap<>();
  private final Map<String, Outcome> answers = new HashMap<>();

  LateBook(Random random) { this.random = random; }

  /** Charges or holds once more, and says so. */
  Outcome happen(String provider, String reference, long amount, String currency, boolean held) {
    all.put(reference, new Late(provider, amount, held));
    return held
        ? new Outcome.Authorized(reference, amount, currency, null)
        : new Outcome.Charged(reference, amount, currency);
  }

  boolean has(String reference) { return all.containsKey(reference); }

  Outcome answer(String attempt) {
    return answers.get(attempt);
  }

  /** Gives it back, or refuses to. */
  Outcome giveBack(String attempt, String reference, String currency) {
    Late late = all.get(reference);
    Outcome outcome;
    if (random.nextInt(100) < 20) {
      outcome = new Outcome.Declined(null, "refund_refused", null, "No.");
    } else {
      late.returned = true;
      outcome = late.held
          ? new Outcome.Voided(reference, false)
          : new Outcome.Refunded(reference + "_re", late.amount, currency);
    }
    answers.put(attempt, outcome);
    return outcome;
  }

  Map<String, Late> all() { return all; }
}
