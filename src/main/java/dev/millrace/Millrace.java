package dev.millrace;

/** Starts the gateway. */
public final class Millrace {
  private Millrace() {}

  public static void main(String[] args) {
    System.out.println("millrace " + Runtime.version());
  }
}
