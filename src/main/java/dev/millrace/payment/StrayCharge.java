package dev.millrace.payment;

import org.jspecify.annotations.Nullable;

/**
 * A charge, or a hold, at a provider that no payment needs any more: told after the payment had ended, or
 * after it had been charged elsewhere. It is given back.
 *
 * @param operation {@code rev_…}, what gives it back
 * @param provider the account where it is
 * @param reference the provider's name of it
 * @param amount minor units
 * @param held only held: no money has moved
 */
public record StrayCharge(String operation, String provider, String reference, long amount, boolean held) {
  /** Whether the other is the same charge, be it given back by another operation. */
  boolean same(@Nullable StrayCharge other) {
    return other != null && other.provider.equals(provider) && other.reference.equals(reference);
  }
}
