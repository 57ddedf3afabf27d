package dev.millrace.platform;

/**
 * A part that this process depends on (Postgres, Redis, a full queue) cannot serve now; the caller may try
 * again. Made without a stack trace: it is thrown most when there is least time.
 */
public final class Unavailable extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Whether the work may have been done all the same: the answer was lost, not refused. */
  private final boolean outcomeUnknown;

  private Unavailable(String message, boolean outcomeUnknown) {
    super(message, null, false, false);
    this.outcomeUnknown = outcomeUnknown;
  }

  /** Nothing was sent. */
  public static Unavailable notSent(String message) {
    return new Unavailable(message, false);
  }

  /** Sent, and the answer was lost: look the outcome up by key before doing it again. */
  public static Unavailable lost(String message) {
    return new Unavailable(message, true);
  }

  public boolean outcomeUnknown() { return outcomeUnknown; }
}
