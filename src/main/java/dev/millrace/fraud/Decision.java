package dev.millrace.fraud;

/** What becomes of a screened payment, from the mildest to the most severe. */
public enum Decision {
  /** Goes to the acquirer. */
  CLEAR,
  /** Waits for a person. */
  REVIEW,
  /** Never reaches the acquirer. */
  BLOCK
}
