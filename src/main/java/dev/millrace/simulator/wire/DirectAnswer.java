package dev.millrace.simulator.wire;

/** A request that was not carried out, in the words of its wire. */
public non-sealed interface DirectAnswer extends CheckResult {
  Answer answer();
}
