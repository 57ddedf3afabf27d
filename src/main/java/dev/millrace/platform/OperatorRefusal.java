package dev.millrace.platform;

/**
 * An operator's act that is not carried out, with the HTTP status that says why and a message that names what
 * is wrong and what to do. Without a stack trace: it is an answer, not a defect.
 */
public final class OperatorRefusal extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int status;

  /** {@code status}: 400, 404 or 409. */
  public OperatorRefusal(int status, String message) {
    super(message, null, false, false);
    this.status = status;
  }

  /** The HTTP status of the answer. */
  public int status() { return status; }
}
