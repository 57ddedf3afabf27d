package dev.millrace.load;

/** A number as decimal digits in place, with leading zeroes: no allocation. */
final class Digits {
  private Digits() {}

  /** Writes the last `count` digits of `number` from `offset` on. */
  static void write(byte[] bytes, int offset, int count, long number) {
    long rest = number;
    for (int i = offset + count - 1; i >= offset; i--) {
      bytes[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
  }
}
