package dev.millrace.embedded;

import org.jspecify.annotations.Nullable;

/**
 * An embedded server could not be started or stopped; the message alone tells what happened and what to do.
 */
public final class EmbeddedServerException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  EmbeddedServerException(String message) {
    super(message);
  }

  EmbeddedServerException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
