package dev.millrace.platform;

/**
 * A configuration that cannot be used. The message is one line that names the key, the problem and the
 * remedy.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public ConfigException(String message) { super(message); }
}
