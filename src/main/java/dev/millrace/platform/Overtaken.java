package dev.millrace.platform;

/**
 * What a transaction has locked was moved by one that began to write after it had: nothing that it writes can
 * stand in the right order. {@link Database#transaction} undoes it and begins anew.
 */
public final class Overtaken extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** {@code what}: what was moved. */
  public Overtaken(String what) { super(what, null, false, false); }
}
