package dev.millrace.simulator;

/** A request that was not carried out, in the words of its wire. */
non-sealed interface Refused extends Checked {
  Answer answer();
}
