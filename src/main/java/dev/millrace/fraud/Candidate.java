package dev.millrace.fraud;

import java.util.Map;

/**
 * What is known of a payment when it is screened. The amount is in minor units (cents); the currency is the
 * lower-case ISO 4217 code, as in the API; metadata is the merchant's own and proves nothing.
 */
public record Candidate(String paymentId, String merchant, boolean livemode, long amount, String currency,
    String paymentMethod, Map<String, String> metadata) {}
