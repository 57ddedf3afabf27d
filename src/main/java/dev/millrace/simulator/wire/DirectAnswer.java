package dev.millrace.simulator.wire;

/**
 * An answer for which nothing is carried out: a refusal in the words of its wire, or a result that stands.
 */
public non-sealed interface DirectAnswer extends CheckResult {
  Answer answer();
}
