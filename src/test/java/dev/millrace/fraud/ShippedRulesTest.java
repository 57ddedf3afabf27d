package dev.millrace.fraud;

import static dev.millrace.fraud.Candidates.payment;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class ShippedRulesTest {
  private final MemoryVelocityCounters counters = new MemoryVelocityCounters();
  private final Screener screener = Screener.load(Path.of("config/fraud-rules.yaml"), counters);

  private Screening screen(Candidates candidate) {
    return screener.screen(candidate.build()).result();
  }

  private static Screening outcome(Decision decision, String rule, int score) {
    return new Screening(decision, rule, score, true);
  }

  private static final Screening CLEAR = new Screening(Decision.CLEAR, null, 0, true);

  @Test
  void simulatedMethods_anyLoad_clearWithoutCounting() {
    for (int i = 0; i < 20_000; i++) {
      assertThat(screen(payment())).isEqualTo(CLEAR);
      assertThat(screen(payment().method("pm_sim_slow"))).isEqualTo(CLEAR);
    }
    assertThat(counters.asked).isEmpty();
  }

  @Test
  void simulatedMethod_largeAmount_stillReviewed() {
    assertThat(screen(payment().amount(999_999, "usd"))).isEqualTo(outcome(Decision.CLEAR, null, 30));
    assertThat(screen(payment().amount(1_000_000, "usd")))
        .isEqualTo(outcome(Decision.REVIEW, "large_amount", 30));
    assertThat(screen(payment().amount(1_000_000, "jpy"))).isEqualTo(CLEAR);
    assertThat(screen(payment().amount(100_000_000, "eur"))).isEqualTo(
        outcome(Decision.BLOCK, "amount_over_limit", 30));
  }

  @Test
  void simulatedMethodInLiveMode_counted() {
    screen(payment().live());
    assertThat(counters.asked).extracting(VelocityCounters.Counter::key).containsExactly(
        "method_per_minute:live:pm_card_visa", "method_per_hour:live:pm_card_visa",
        "merchant_per_minute:live:acct_1");
  }

  @Test
  void methodsToTry_blockedAndReviewed() {
    assertThat(screen(payment().method("pm_test_blocked"))).isEqualTo(
        outcome(Decision.BLOCK, "blocked_payment_method", 0));
    assertThat(screen(payment().method("pm_test_review"))).isEqualTo(
        outcome(Decision.REVIEW, "reviewed_payment_method", 0));
  }

  @Test
  void blockedCurrency_blocked() {
    assertThat(screen(payment().amount(100, "kpw")))
        .isEqualTo(outcome(Decision.BLOCK, "blocked_currency", 0));
  }

  @Test
  void merchantHint_addsToTheAmount() {
    assertThat(screen(payment().metadata("fraud_hint", "high"))).isEqualTo(outcome(Decision.CLEAR, null, 40));
    assertThat(screen(payment().metadata("fraud_hint", "low"))).isEqualTo(CLEAR);
    assertThat(screen(payment().metadata("fraud_hint", "high").amount(300_000, "gbp"))).isEqualTo(
        outcome(Decision.REVIEW, "merchant_hint", 70));
  }

  @Test
  void methodUsedAgainAndAgain_reviewedThenBlocked() {
    Candidates stolen = payment().method("pm_1").live();
    for (int i = 1; i <= 10; i++) {
      assertThat(screen(stolen)).isEqualTo(CLEAR);
    }
    for (int i = 11; i <= 100; i++) {
      assertThat(screen(stolen)).isEqualTo(outcome(Decision.REVIEW, "method_burst", 70));
    }
    assertThat(screen(stolen)).isEqualTo(outcome(Decision.BLOCK, "method_flood", 70));
    assertThat(screen(stolen.method("pm_2"))).isEqualTo(CLEAR);
  }

  @Test
  void burstWithElevatedAmount_blockedByScore() {
    Candidates stolen = payment().method("pm_1").live().amount(300_000, "usd");
    for (int i = 1; i <= 10; i++) {
      screen(stolen);
    }
    assertThat(screen(stolen)).isEqualTo(outcome(Decision.BLOCK, "method_burst", 100));
  }

  @Test
  void busyMerchant_aloneClear() {
    Screening last = CLEAR;
    for (int i = 0; i <= 6_000; i++) {
      last = screen(payment().live().method("pm_" + i));
    }
    assertThat(last).isEqualTo(outcome(Decision.CLEAR, null, 30));
  }

  @Test
  void shippedFile_isOnTheClassPath() throws IOException {
    try (InputStream yaml = ShippedRulesTest.class.getResourceAsStream("/config/fraud-rules.yaml")) {
      assertThat(yaml).isNotNull();
      assertThat(Screener.load(yaml, "fraud-rules.yaml", counters).screen(payment().build()).result())
          .isEqualTo(CLEAR);
    }
  }
}
