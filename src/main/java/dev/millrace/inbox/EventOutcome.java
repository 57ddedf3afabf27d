package dev.millrace.inbox;

import java.util.Locale;

/** What became of a provider's webhook. */
public enum EventOutcome {
  /** It moved its payment. */
  APPLIED,
  /** It said what was known. */
  UNCHANGED,
  /** It contradicts what is known: a dead letter. */
  CONFLICT,
  /** Its payment could not take it in any of the windows, or there is none of that name: a dead letter. */
  UNMATCHED,
  /** We do not know how to read it: a dead letter. */
  UNREADABLE,
  /** Of somebody else's object at the same account. */
  FOREIGN,
  /** Of no consequence to any payment. */
  IGNORED;

  /** The name in the API, the database and the metrics. */
  public String wire() {
    return name().toLowerCase(Locale.ROOT);
  }
}
