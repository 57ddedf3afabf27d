package dev.millrace.testing;

import dev.millrace.payment.Currencies;
import java.util.List;
import java.util.stream.IntStream;

/** Every currency that a payment may be in. */
public final class CurrencyList {
  private static final int LETTERS = 26;

  private CurrencyList() {}

  /** In lower case and alphabetical order. */
  public static List<String> all() {
    return IntStream.range(0, LETTERS * LETTERS * LETTERS)
        .mapToObj(n -> "" + letter(n / LETTERS / LETTERS) + letter(n / LETTERS) + letter(n))
        .filter(Currencies::known).toList();
  }

  private static char letter(int n) { return (char) ('a' + n % LETTERS); }
}
