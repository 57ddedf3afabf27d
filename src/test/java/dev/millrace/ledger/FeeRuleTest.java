package dev.millrace.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class FeeRuleTest {
  /** An amount on the half goes to the even unit: 0.5 to 0, 1.5 to 2, 2.5 to 2. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    290   | 30 | 1999   | 88  | fee 290 bp of 1999 + 30 = 87.971, rounded half to even to 88, remainder -0.029
    290   | 30 | 10000  | 320 | fee 290 bp of 10000 + 30 = 320
    50    | 0  | 300    | 2   | fee 50 bp of 300 + 0 = 1.5, rounded half to even to 2, remainder -0.5
    50    | 0  | 500    | 2   | fee 50 bp of 500 + 0 = 2.5, rounded half to even to 2, remainder 0.5
    50    | 1  | 100    | 2   | fee 50 bp of 100 + 1 = 1.5, rounded half to even to 2, remainder -0.5
    1     | 0  | 15000  | 2   | fee 1 bp of 15000 + 0 = 1.5, rounded half to even to 2, remainder -0.5
    0     | 30 | 1999   | 30  | fee 0 bp of 1999 + 30 = 30
    10000 | 0  | 1999   | 1999 | fee 10000 bp of 1999 + 0 = 1999
    290   | 30 | 20     | 20  | fee 290 bp of 20 + 30 = 30.58, rounded half to even to 31, remainder -0.42, at most what was captured: 20
    10000 | 1  | 99999999999 | 99999999999 | fee 10000 bp of 99999999999 + 1 = 100000000000, at most what was captured: 99999999999
    """)
  void fee_isRoundedHalfToEven_andTellsHow(int basisPoints, long fixed, long captured, long amount,
      String note) {
    assertThat(new FeeRule(basisPoints, fixed, true).of("fee", captured))
        .isEqualTo(new FeeRule.Fee(amount, note));
  }

  @ParameterizedTest
  @CsvSource({"0, 0, 1999", "50, 0, 100", "1, 0, 5000", "10, 0, 1"})
  void fee_ofNothing_isNone(int basisPoints, long fixed, long captured) {
    assertThat(new FeeRule(basisPoints, fixed, true).of("fee", captured)).isNull();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
    88 | 0  | 500  | 1999 | 22 | fee 88 returned for 500 of 1999: 22 (22 22/1999 rounded half to even)
    88 | 22 | 1000 | 1999 | 22 | fee 88 returned for 1000 of 1999: 44 (44 44/1999 rounded half to even), of which 22 before
    88 | 44 | 1999 | 1999 | 44 | fee 88 returned for 1999 of 1999: 88, of which 44 before
    88 | 0  | 1999 | 1999 | 88 | fee 88 returned for 1999 of 1999: 88
    1  | 0  | 1    | 2    | -  | -
    3  | 0  | 1    | 2    | 2  | fee 3 returned for 1 of 2: 2 (1 1/2 rounded half to even)
    3  | 2  | 2    | 2    | 1  | fee 3 returned for 2 of 2: 3, of which 2 before
    10 | 10 | 1999 | 1999 | -  | -
    0  | 0  | 1999 | 1999 | -  | -
    """)
  void part_thatIsReturned(long fee, long before, long refunded, long captured, Long amount, String note) {
    assertThat(FeeRule.givenBack("fee", fee, before, refunded, captured))
        .isEqualTo(amount == null ? null : new FeeRule.Fee(amount, note));
  }

  /** However a refund is cut into parts, in the end the whole fee is back, and never more on the way. */
  @Test
  void returned_overAnyPartition_sumsUpToTheFee() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      long captured = 1 + random.nextLong(random.nextBoolean() ? 20 : 99_999_999_999L);
      var rule = new FeeRule(random.nextInt(10_001), random.nextLong(200), true);
      var taken = rule.of("fee", captured);
      if (taken == null) continue;
      long back = 0;
      long refunded = 0;
      while (refunded < captured) {
        refunded += random.nextInt(4) == 0 ? captured - refunded : 1 + random.nextLong(captured - refunded);
        var part = FeeRule.givenBack("fee", taken.amount(), back, refunded, captured);
        if (part != null) {
          assertThat(part.amount()).as("seed %d", seed).isPositive();
          back += part.amount();
        }
        // Within half a unit of its share at every point.
        assertThat(BigDecimal.valueOf(2 * back).multiply(BigDecimal.valueOf(captured))
            .subtract(BigDecimal.valueOf(2 * taken.amount()).multiply(BigDecimal.valueOf(refunded))).abs())
            .as("seed %d, %d of %d for %d of %d", seed, back, taken.amount(), refunded, captured)
            .isLessThanOrEqualTo(BigDecimal.valueOf(captured));
      }
      assertThat(back).as("seed %d", seed).isEqualTo(taken.amount());
    }
  }

  @Test
  void fee_ofRandomCaptures_isWithinHalfAUnit_andAtMostTheCapture() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 20_000; round++) {
      long captured = 1 + random.nextLong(99_999_999_999L);
      int basisPoints = random.nextInt(10_001);
      long fixed = random.nextLong(200);
      var fee = new FeeRule(basisPoints, fixed, true).of("fee", captured);
      long amount = fee == null ? 0 : fee.amount();
      assertThat(amount).as("seed %d", seed).isBetween(0L, captured);
      var exact = BigDecimal.valueOf(captured).multiply(BigDecimal.valueOf(basisPoints)).movePointLeft(4)
          .add(BigDecimal.valueOf(fixed)).min(BigDecimal.valueOf(captured));
      assertThat(exact.subtract(BigDecimal.valueOf(amount)).abs()).as("seed %d", seed)
          .isLessThanOrEqualTo(new BigDecimal("0.5"));
    }
  }
}
