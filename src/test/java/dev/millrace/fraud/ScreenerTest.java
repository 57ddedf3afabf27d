package dev.millrace.fraud;

import static dev.millrace.fraud.Candidates.payment;
import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import org.junit.jupiter.api.Test;

final class ScreenerTest {
  private static final String VELOCITY = """
    velocity:
      per_minute: {by: merchant, window_s: 60, except: payment.merchant == 'acct_own'}
      per_method: {by: payment_method, window_s: 60}
    """;
  private static final Screening CLEAR = new Screening(Decision.CLEAR, null, 0, true);

  private final MemoryVelocityCounters counters = new MemoryVelocityCounters();

  private Screener screener(VelocityCounters counters, String rules) {
    return Screener.load("review_at_score: 60\nblock_at_score: 100\n" + rules, "rules.yaml", counters);
  }

  private Screening screen(String rules) {
    return screener(counters, rules).screen(payment().build()).result();
  }

  @Test
  void noRuleMatches_clear() {
    assertThat(screen("rules: [{name: a, when: payment.amount > 1000, decision: block}]")).isEqualTo(CLEAR);
  }

  @Test
  void blockAfterReview_blockWins() {
    assertThat(screen("""
      rules:
      - {name: a, when: payment.amount == 1000, decision: review}
      - {name: b, when: payment.currency == 'usd', decision: block}
      - {name: c, when: payment.merchant == 'acct_1', decision: block}
      - {name: d, when: '!payment.livemode', score: 7}
      """)).isEqualTo(new Screening(Decision.BLOCK, "b", 7, true));
  }

  @Test
  void scores_ruleThatReachesTheThresholdNamed() {
    String rules = """
      rules:
      - {name: a, when: 'true', score: 30}
      - {name: b, when: 'true', score: 30}
      - {name: c, when: 'true', score: 39}
      """;
    assertThat(screen(rules)).isEqualTo(new Screening(Decision.REVIEW, "b", 99, true));
    assertThat(screen(rules + "- {name: d, when: 'true', score: 1}")).isEqualTo(
        new Screening(Decision.BLOCK, "d", 100, true));
    assertThat(screen(rules + "- {name: d, when: 'true', decision: review}")).isEqualTo(
        new Screening(Decision.REVIEW, "d", 99, true));
  }

  @Test
  void blockingScore_winsOverReviewDecision() {
    assertThat(screen("""
      rules:
      - {name: a, when: 'true', decision: review}
      - {name: b, when: 'true', score: 100}
      """)).isEqualTo(new Screening(Decision.BLOCK, "b", 100, true));
  }

  @Test
  void listAndMetadata_visible() {
    String rules = """
      lists: {methods: [pm_a, pm_card_visa]}
      rules:
      - name: a
        when: >-
          payment.payment_method in lists.methods &&
          has(payment.metadata.channel) && payment.metadata['channel'].matches('^pho')
        decision: block
      """;
    assertThat(screen(rules)).isEqualTo(CLEAR);
    assertThat(screener(counters, rules).screen(payment().metadata("channel", "phone").build()).result())
        .isEqualTo(
            new Screening(Decision.BLOCK, "a", 0, true));
  }

  @Test
  void ruleThatCannotBeEvaluated_review() {
    assertThat(screen("rules: [{name: a, when: \"payment.metadata['x'] == 'y'\", decision: block}]"))
        .isEqualTo(
            new Screening(Decision.REVIEW, "a", 0, true));
  }

  @Test
  void velocity_countsOnlyWhatRulesReferTo() {
    Screener screener = screener(counters, VELOCITY + """
      rules:
      - {name: a, when: velocity.per_minute > 1, decision: review}
      - {name: b, when: velocity.per_minute > 1, score: 5}
      """);
    assertThat(screener.screen(payment().build()).result()).isEqualTo(CLEAR);
    assertThat(counters.asked).containsExactly(new VelocityCounters.Counter("per_minute:test:acct_1", 60));
    assertThat(screener.screen(payment().build()).result())
        .isEqualTo(new Screening(Decision.REVIEW, "a", 5, true));
    assertThat(screener.screen(payment().live().build()).result()).isEqualTo(CLEAR);
  }

  @Test
  void velocity_exceptHolds_notCounted() {
    Screener screener = screener(counters, VELOCITY
        + "rules: [{name: a, when: velocity.per_minute > 0, decision: block}]");
    assertThat(screener.screen(payment().merchant("acct_own").build()).result()).isEqualTo(CLEAR);
    assertThat(counters.asked).isEmpty();
  }

  @Test
  void velocity_exceptOfOne_othersStillCounted() {
    Screener screener = screener(counters, VELOCITY
        + "rules: [{name: a, when: velocity.per_minute + velocity.per_method > 1, decision: block}]");
    assertThat(screener.screen(payment().merchant("acct_own").build()).result()).isEqualTo(CLEAR);
    assertThat(counters.asked)
        .containsExactly(new VelocityCounters.Counter("per_method:test:pm_card_visa", 60));
  }

  @Test
  void blockedByOtherRules_notCounted() {
    assertThat(screen(VELOCITY + """
      rules:
      - {name: a, when: velocity.per_minute > 0, decision: block}
      - {name: b, when: 'true', decision: block}
      """)).isEqualTo(new Screening(Decision.BLOCK, "b", 0, true));
    assertThat(counters.asked).isEmpty();
  }

  @Test
  void countersFail_clearedWithVelocityUnknown() {
    String rules = VELOCITY + "rules: [{name: a, when: velocity.per_minute > 0, decision: block}]";
    Screening open = new Screening(Decision.CLEAR, null, 0, false);
    assertThat(screenWith(asked -> Future.failedFuture("connection refused"), rules)).isEqualTo(open);
    assertThat(screenWith(asked -> Future.succeededFuture(new long[5]), rules)).isEqualTo(open);
    assertThat(screenWith(asked -> {
      throw new IllegalStateException("closed");
    }, rules)).isEqualTo(open);
  }

  @Test
  void countersFail_otherRulesStillDecide() {
    assertThat(screenWith(asked -> Future.failedFuture("connection refused"), VELOCITY + """
      rules:
      - {name: a, when: velocity.per_minute > 0, decision: block}
      - {name: b, when: 'true', decision: review}
      """)).isEqualTo(new Screening(Decision.REVIEW, "b", 0, false));
  }

  @Test
  void countersLate_screeningWaits() {
    Promise<long[]> late = Promise.promise();
    Future<Screening> screening = screener(asked -> late.future(), VELOCITY
        + "rules: [{name: a, when: velocity.per_minute > 6, decision: block}]").screen(payment().build());
    assertThat(screening.isComplete()).isFalse();
    late.complete(new long[]{7});
    assertThat(screening.result()).isEqualTo(new Screening(Decision.BLOCK, "a", 0, true));
  }

  private Screening screenWith(VelocityCounters failing, String rules) {
    return screener(failing, rules).screen(payment().build()).result();
  }
}
