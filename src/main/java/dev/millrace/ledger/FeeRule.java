package dev.millrace.ledger;

import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/**
 * What one party takes of a capture: basis points of the amount and a fixed part, rounded half to even to the
 * minor unit. Half to even, so that over many payments neither side gains by rounding.
 *
 * @param basisPoints hundredths of a percent, from 0 to 10 000
 * @param fixed minor units
 * @param refundable whether a refund gives its part of the fee back
 */
public record FeeRule(int basisPoints, long fixed, boolean refundable) {
  /** A fee and how it was reckoned. */
  public record Fee(long amount, String note) {}

  private static final BigDecimal WHOLE = BigDecimal.valueOf(10_000);

  /** The fee of a capture, at most all of it; null when there is none to take. */
  public @Nullable Fee of(String name, long captured) {
    BigDecimal exact = BigDecimal.valueOf(captured).multiply(BigDecimal.valueOf(basisPoints)).divide(WHOLE)
        .add(BigDecimal.valueOf(fixed));
    long rounded = exact.setScale(0, RoundingMode.HALF_EVEN).longValueExact();
    long amount = Math.min(rounded, captured);
    if (amount == 0) return null;
    String note = name + " " + basisPoints + " bp of " + captured + " + " + fixed + " = "
        + exact.stripTrailingZeros().toPlainString() + rest(exact, rounded);
    return new Fee(amount, amount < rounded ? note + ", at most what was captured: " + amount : note);
  }

  /**
   * What of a fee goes back when {@code refunded} of {@code captured} is refunded in all, and {@code before}
   * of the fee went back already: with the last refund, all of it. Null when nothing does.
   */
  public static @Nullable Fee givenBack(String name, long fee, long before, long refunded, long captured) {
    long due = due(fee, refunded, captured);
    long amount = due - before;
    if (amount <= 0) return null;
    BigDecimal[] parts = parts(fee, refunded, captured);
    return new Fee(amount, name + " " + fee + " returned for " + refunded + " of " + captured + ": " + due
        + (parts[1].signum() == 0
            ? ""
            : " (" + parts[0].toPlainString() + " " + parts[1].toPlainString() + "/" + captured
                + " rounded half to even)")
        + (before == 0 ? "" : ", of which " + before + " before"));
  }

  /**
   * What of a fee has gone back when {@code refunded} of {@code captured} is refunded in all, rounded half to
   * even: all of it with all of that, or with more.
   */
  public static long due(long fee, long refunded, long captured) {
    if (refunded >= captured) return refunded == 0 ? 0 : fee;
    BigDecimal[] parts = parts(fee, refunded, captured);
    int half = parts[1].multiply(BigDecimal.TWO).compareTo(BigDecimal.valueOf(captured));
    long whole = parts[0].longValueExact();
    return half > 0 || (half == 0 && whole % 2 != 0) ? whole + 1 : whole;
  }

  /** Whole and rest. */
  private static BigDecimal[] parts(long fee, long refunded, long captured) {
    return BigDecimal.valueOf(fee).multiply(BigDecimal.valueOf(refunded))
        .divideAndRemainder(BigDecimal.valueOf(captured));
  }

  private static String rest(BigDecimal exact, long rounded) {
    BigDecimal rest = exact.subtract(BigDecimal.valueOf(rounded));
    return rest.signum() == 0
        ? ""
        : ", rounded half to even to " + rounded + ", remainder " + rest.stripTrailingZeros().toPlainString();
  }
}
