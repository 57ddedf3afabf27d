package dev.millrace.fraud;

import org.jspecify.annotations.Nullable;

/**
 * The outcome of one screening.
 *
 * @param rule the name of the rule that decided; for a decision by score, the rule that took the score to the
 *     threshold; null when the payment is cleared
 * @param score the sum of the scores of the matching rules that were evaluated; velocity rules are not
 *     evaluated for a payment that the others already block
 * @param velocityKnown false when the counters did not answer and were taken as 0
 */
public record Screening(Decision decision, @Nullable String rule, int score, boolean velocityKnown) {}
