package dev.millrace.simulator.wire;

import dev.millrace.simulator.book.Entry.Extras;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.PaymentMethod.Script;
import dev.millrace.simulator.book.PaymentMethod;
import dev.millrace.simulator.book.Terms;
import org.jspecify.annotations.Nullable;

/**
 * A new payment asked for, its parameters checked.
 *
 * @param amount
 *          in ISO 4217's minor units, as asked for
 */
public record ChargeParams(long amount, String currency, PaymentMethod method, @Nullable String reference,
    @Nullable Extras extras, Terms terms) implements CheckResult, CallParameters {

  /** {@code agreed}: terms equal to these; {@code units}: those of its wire. */
  Entry entry(int ordinal, @Nullable String key, long fingerprint, long created, Terms agreed,
      WireUnits units) {
    String sharedKey = key != null && key.equals(reference) ? reference : key;
    long moved = amount + (method.script() == Script.WRONG_AMOUNT ? units.least(currency) : 0);
    return new Entry(ordinal, reference, sharedKey, method, currency, moved, created, fingerprint, extras,
        agreed);
  }
}
