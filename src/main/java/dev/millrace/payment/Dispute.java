package dev.millrace.payment;

/**
 * A dispute of a payment.
 *
 * @param id the provider's name of it
 * @param amount minor units that are, or were, held
 */
public record Dispute(String id, long amount, boolean open) {}
