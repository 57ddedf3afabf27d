package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Provider.Outcome;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class GuardedProviderTest {
  private static final Duration BOUND = Duration.ofSeconds(5);
  private static final Outcome CHARGED = new Outcome.Charged("pi_1", 100, "usd");
  private static final Outcome DECLINED = new Outcome.Declined(null, "card_declined", null, "Declined.");
  private static final Outcome UNKNOWN = new Outcome.Unknown("timeout");
  private static final long COOLDOWN_MS = 150;
  private static final long LONG_MS = 60_000;
  private static final int AWAY_MAX = 6;

  private final Loop loop = new Loop();
  private final ScriptedProvider provider = new ScriptedProvider();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @AfterEach
  void close() { loop.close(); }

  private GuardedProvider guarded(int concurrency, int waitingMax, int callsMin, long rampMs) {
    return guarded(concurrency, waitingMax, callsMin, rampMs, 1_000_000);
  }

  private GuardedProvider guarded(int concurrency, int waitingMax, int callsMin, long rampMs,
      int requestsPerSecond) {
    return loop.on(() -> new GuardedProvider(loop.vertx(), provider,
        new GuardedProvider.Limits(concurrency, waitingMax, AWAY_MAX, 30_000, 50, callsMin, COOLDOWN_MS,
            rampMs,
            60_000, requestsPerSecond),
        registry));
  }

  private static Order charge(String reference) {
    return new Order.Charge(new UUID(0, 1), false, reference, 100, "usd", "pm_1", "card", false, null, "",
        "");
  }

  /** Charges {@code from} to {@code to} at once, as r1, r2 and so on. */
  private List<Future<Outcome>> charges(GuardedProvider guarded, int from, int to) {
    return loop.on(() -> IntStream.rangeClosed(from, to)
        .mapToObj(i -> guarded.execute(charge("r" + i))).collect(ArrayList::new, List::add, List::addAll));
  }

  private void end(int call, Outcome outcome) {
    loop.run(() -> provider.calls.get(call).end().complete(outcome));
    turns();
  }

  /** What the loop has put off to its next turns is done afterwards. */
  private void turns() {
    for (int i = 0; i < 3; i++) loop.run(() -> {});
  }

  private static List<String> references(int from, int to) {
    return IntStream.rangeClosed(from, to).mapToObj(i -> "r" + i).toList();
  }

  private double metric(String name) {
    return registry.find(name).meters().stream().flatMap(m -> {
      var values = new ArrayList<Double>();
      m.measure().forEach(v -> values.add(v.getValue()));
      return values.stream();
    }).mapToDouble(Double::doubleValue).sum();
  }

  /** Opens the breaker: 4 failed calls of 4, made one after the other. */
  private GuardedProvider opened(int concurrency, int waitingMax, long rampMs) {
    return opened(guarded(concurrency, waitingMax, 4, rampMs));
  }

  private GuardedProvider opened(GuardedProvider guarded) {
    for (int i = 1; i <= 4; i++) {
      charges(guarded, i, i);
      end(i - 1, UNKNOWN);
    }
    assertThat(loop.on(guarded::open)).isTrue();
    return guarded;
  }

  @Test
  void calls_beyondTheBulkhead_waitInOrder() {
    var guarded = guarded(3, 10, 1_000, 0);
    var answers = charges(guarded, 1, 7);
    assertThat(provider.references()).isEqualTo(references(1, 3));
    assertThat(metric("millrace.provider.in.flight")).isEqualTo(3);
    assertThat(metric("millrace.queue.depth")).isEqualTo(4);
    end(1, CHARGED);
    assertThat(Loop.<Outcome>result(answers.get(1))).isEqualTo(CHARGED);
    assertThat(provider.references()).isEqualTo(references(1, 4));
    end(0, DECLINED);
    end(2, UNKNOWN);
    assertThat(provider.references()).isEqualTo(references(1, 6));
    assertThat(Loop.<Outcome>result(answers.get(0))).isEqualTo(DECLINED);
    assertThat(Loop.<Outcome>result(answers.get(2))).isEqualTo(UNKNOWN);
    for (int i = 3; i < 6; i++) end(i, CHARGED);
    end(6, CHARGED);
    assertThat(provider.references()).isEqualTo(references(1, 7));
    assertThat(metric("millrace.provider.in.flight")).isZero();
    assertThat(metric("millrace.queue.depth")).isZero();
  }

  @Test
  void calls_beyondThePlacesToWait_areDeferred() {
    var guarded = guarded(1, 2, 1_000, 0);
    var answers = charges(guarded, 1, 4);
    assertThat(Loop.<Outcome>result(answers.get(3))).isEqualTo(new Outcome.Deferred());
    assertThat(metric("millrace.queue.rejected")).isEqualTo(1);
    for (int i = 0; i < 3; i++) end(i, CHARGED);
    assertThat(provider.references()).isEqualTo(references(1, 3));
    charges(guarded, 5, 5);
    assertThat(provider.references()).endsWith("r5");
  }

  @Test
  void inquiries_passTheSameGuards() {
    var guarded = guarded(1, 2, 1_000, 0);
    charges(guarded, 1, 1);
    Future<Outcome> inquiry = loop.on(() -> guarded.inquire(charge("asked")));
    assertThat(provider.references()).containsExactly("r1");
    end(0, CHARGED);
    assertThat(provider.references()).containsExactly("r1", "asked");
    end(1, new Outcome.Absent());
    assertThat(Loop.<Outcome>result(inquiry)).isEqualTo(new Outcome.Absent());
  }

  @Test
  void breaker_successesInBetween_opensByRate() {
    var guarded = guarded(1, 10, 20, 0);
    for (int i = 1; i <= 19; i++) {
      charges(guarded, i, i);
      end(i - 1, i % 5 == 0 ? CHARGED : UNKNOWN);
    }
    assertThat(loop.on(guarded::open)).as("of 19 calls").isFalse();
    charges(guarded, 20, 20);
    end(19, CHARGED);
    assertThat(loop.on(guarded::open)).as("16 of 20 calls failed").isTrue();
    assertThat(metric("millrace.breaker.opened")).isEqualTo(1);
    assertThat(metric("millrace.breaker.open")).isEqualTo(1);
  }

  @Test
  void breaker_answeredInquiriesInBetween_doNotOutvoteFailures() {
    var guarded = guarded(1, 10, 20, 0);
    for (int i = 0; i < 20; i++) {
      assertThat(loop.on(guarded::open)).as("of " + i + " charges").isFalse();
      charges(guarded, i, i);
      end(4 * i, UNKNOWN);
      for (int asked = 1; asked <= 3 && i < 19; asked++) {
        loop.on(() -> guarded.inquire(charge("asked")));
        end(4 * i + asked, new Outcome.Absent());
      }
    }
    assertThat(loop.on(guarded::open)).as("20 of 20 charges failed").isTrue();
  }

  @Test
  void breaker_inquiriesFail_opens() {
    var guarded = guarded(1, 10, 20, 0);
    for (int i = 0; i < 20; i++) {
      loop.on(() -> guarded.inquire(charge("asked")));
      end(i, UNKNOWN);
    }
    assertThat(loop.on(guarded::open)).isTrue();
  }

  @Test
  void breaker_atTheShare_staysClosed() {
    var guarded = guarded(1, 10, 20, 0);
    for (int i = 1; i <= 40; i++) {
      charges(guarded, i, i);
      end(i - 1, i % 2 == 0 ? new Outcome.NotExecuted("429") : i % 4 == 1 ? DECLINED : new Outcome.Absent());
    }
    assertThat(loop.on(guarded::open)).isFalse();
  }

  private static Outcome turnedAway(long retryAfterMs) {
    return new Outcome.NotExecuted("status 429", retryAfterMs);
  }

  @Test
  void provider_asksToBeSpared_callsWaitSoLong() {
    var guarded = guarded(2, 10, 1_000, 0);
    charges(guarded, 1, 4);
    long begun = System.nanoTime();
    end(0, turnedAway(100));
    end(1, CHARGED);
    assertThat(provider.references()).isEqualTo(references(1, 2));
    Await.until(BOUND, "the calls that waited", () -> provider.calls.size() == 4);
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThanOrEqualTo(Duration.ofMillis(100));
  }

  /** What it asks for is its own to say, how long our payments wait is ours. */
  @Test
  void provider_asksToBeSparedForLong_callsWaitOneCooldown() {
    var guarded = guarded(1, 10, 1_000, 0);
    charges(guarded, 1, 2);
    long begun = System.nanoTime();
    end(0, turnedAway(LONG_MS));
    Await.until(BOUND, "the call that waited", () -> provider.calls.size() == 2);
    assertThat(Duration.ofNanos(System.nanoTime() - begun))
        .isGreaterThanOrEqualTo(Duration.ofMillis(COOLDOWN_MS));
  }

  @Test
  void provider_turnsAwayWithoutATime_callsGoOn() {
    var guarded = guarded(1, 10, 1_000, 0);
    charges(guarded, 1, 2);
    end(0, turnedAway(0));
    assertThat(provider.references()).isEqualTo(references(1, 2));
  }

  /** Half open and spared at once: the probe goes out though nobody comes. */
  @Test
  void provider_asksToBeSparedWhileTheBreakerIsOpen_probesLater() {
    var guarded = guarded(5, 10, 4, 0);
    charges(guarded, 1, 5);
    for (int i = 0; i < 4; i++) end(i, UNKNOWN);
    assertThat(loop.on(guarded::open)).isTrue();
    charges(guarded, 6, 6);
    loop.run(() -> loop.vertx().setTimer(COOLDOWN_MS / 2,
        id -> provider.calls.get(4).end().complete(turnedAway(LONG_MS))));
    Await.until(BOUND, "the probe", () -> provider.calls.size() == 6);
  }

  @Test
  void breaker_declines_areNoFailures() {
    var guarded = guarded(1, 10, 4, 0);
    for (int i = 1; i <= 40; i++) {
      charges(guarded, i, i);
      end(i - 1, DECLINED);
    }
    assertThat(loop.on(guarded::open)).isFalse();
  }

  @Test
  void breaker_open_callsWaitAndNoneIsMade() {
    var guarded = opened(5, 10, 0);
    var answers = charges(guarded, 5, 8);
    assertThat(provider.calls).hasSize(4);
    assertThat(answers).noneMatch(Future::isComplete);
    assertThat(metric("millrace.queue.depth")).isEqualTo(4);
  }

  @Test
  void breaker_opens_onlyAFewGoOnWaiting_theRestIsDeferred() {
    var guarded = guarded(4, 20, 4, 0);
    var answers = charges(guarded, 1, 14);
    for (int i = 0; i < 4; i++) {
      assertThat(loop.on(guarded::open)).isFalse();
      end(i, UNKNOWN);
    }
    assertThat(loop.on(guarded::open)).isTrue();
    // Four were answered, and the three that took their places before the fourth was are still under way.
    assertThat(provider.calls).hasSize(7);
    assertThat(metric("millrace.queue.depth")).isEqualTo(AWAY_MAX);
    assertThat(Loop.<Outcome>result(answers.get(7))).as("the oldest that waited")
        .isEqualTo(new Outcome.Deferred());
    assertThat(answers.subList(8, 14)).noneMatch(Future::isComplete);
    var late = charges(guarded, 15, 15);
    assertThat(Loop.<Outcome>result(late.getFirst())).isEqualTo(new Outcome.Deferred());
    assertThat(metric("millrace.queue.rejected")).isEqualTo(1);
  }

  @Test
  void breaker_halfOpen_makesOneProbeAndOpensAgainWhenItFails() {
    var guarded = opened(5, 10, 0);
    var answers = charges(guarded, 5, 8);
    Await.until(BOUND, "the probe", () -> provider.calls.size() == 5);
    charges(guarded, 9, 9);
    assertThat(provider.references()).isEqualTo(references(1, 5));
    end(4, UNKNOWN);
    assertThat(Loop.<Outcome>result(answers.getFirst())).isEqualTo(UNKNOWN);
    assertThat(loop.on(guarded::open)).isTrue();
    Await.until(BOUND, "the next probe", () -> provider.calls.size() == 6);
    assertThat(provider.references()).isEqualTo(references(1, 6));
    assertThat(loop.on(guarded::open)).isFalse();
  }

  @Test
  void breaker_probeSucceeds_closesAndLetsTheRestPass() {
    var guarded = opened(3, 10, 0);
    charges(guarded, 5, 9);
    Await.until(BOUND, "the probe", () -> provider.calls.size() == 5);
    end(4, CHARGED);
    Await.until(BOUND, "the bulkhead full again", () -> provider.calls.size() == 8);
    assertThat(provider.references()).isEqualTo(references(1, 8));
    for (int i = 5; i < 9; i++) end(i, CHARGED);
    assertThat(provider.references()).isEqualTo(references(1, 9));
    assertThat(metric("millrace.breaker.open")).isZero();
  }

  @Test
  void breaker_nobodyWaitsWhenHalfOpen_theNextCallIsTheProbe() {
    var guarded = opened(5, 10, 0);
    Await.until(BOUND, "half open", () -> !loop.on(guarded::open));
    charges(guarded, 5, 7);
    assertThat(provider.references()).isEqualTo(references(1, 5));
    end(4, CHARGED);
    Await.until(BOUND, "the rest", () -> provider.calls.size() == 7);
  }

  @Test
  void breaker_closed_beginsWithATenthOfTheBulkhead() {
    var guarded = opened(20, 100, LONG_MS);
    charges(guarded, 5, 5);
    Await.until(BOUND, "the probe", () -> provider.calls.size() == 5);
    end(4, CHARGED);
    charges(guarded, 6, 60);
    Await.until(BOUND, "a tenth", () -> provider.calls.size() == 7);
    turns();
    assertThat(provider.calls).hasSize(7);
    end(5, CHARGED);
    assertThat(provider.calls).hasSize(8);
  }

  /** A provider that answers at once would let the smallest bulkhead pass the whole budget. */
  @Test
  void breaker_closed_beginsWithATenthOfTheBudget() {
    var guarded = opened(guarded(1_000, 2_000, 4, LONG_MS, 1_000));
    charges(guarded, 5, 5);
    Await.until(BOUND, "the probe", () -> provider.calls.size() == 5);
    long begun = System.nanoTime();
    end(4, CHARGED);
    charges(guarded, 6, 1_000);
    Await.until(BOUND, "30 calls after it", () -> provider.calls.size() >= 35);
    assertThat(System.nanoTime() - begun).isGreaterThan(200_000_000);
  }

  @Test
  void breaker_closed_forgetsTheFailuresBefore() {
    var guarded = opened(1, 10, 0);
    charges(guarded, 5, 6);
    Await.until(BOUND, "the probe", () -> provider.calls.size() == 5);
    end(4, CHARGED);
    Await.until(BOUND, "the next", () -> provider.calls.size() == 6);
    end(5, UNKNOWN);
    assertThat(loop.on(guarded::open)).isFalse();
  }

  /** The bulkhead grows with time: those who wait start though no call in flight has ended. */
  @Test
  void breaker_rampPasses_theBulkheadIsFullAgain() {
    var guarded = opened(20, 100, 300);
    charges(guarded, 5, 5);
    Await.until(BOUND, "the probe", () -> provider.calls.size() == 5);
    end(4, CHARGED);
    charges(guarded, 6, 60);
    Await.until(BOUND, "20 calls in flight after the ramp", () -> provider.calls.size() == 25);
    turns();
    assertThat(provider.calls).hasSize(25);
  }

  @Test
  void connector_fails_isUnknown() {
    var guarded = guarded(1, 10, 4, 0);
    var answer = charges(guarded, 1, 1).getFirst();
    loop.run(() -> provider.calls.getFirst().end().fail("no such host"));
    assertThat(Loop.<Outcome>result(answer)).isEqualTo(new Outcome.Unknown("connector failed: no such host"));
    assertThat(metric("millrace.provider.in.flight")).isZero();
  }

  /** A connector that throws may have sent the charge: it is asked once, and the answer is `unknown`. */
  @Test
  void connector_throws_isCalledOnceAndUnknown() {
    provider.thrown = new IllegalStateException("client closed");
    provider.throwsLeft = 50;
    var guarded = guarded(1, 10, 1_000, 0);
    var answer = charges(guarded, 1, 1).getFirst();
    assertThat(provider.calls).hasSize(1);
    Await.until(Duration.ofSeconds(2), "an answer", answer::isComplete);
    assertThat(Loop.<Outcome>result(answer)).isInstanceOf(Outcome.Unknown.class);
    assertThat(metric("millrace.provider.in.flight")).isZero();
  }

  /**
   * Who hears the probe's outcome may at once make the next call: after an inquiry that found nothing the
   * payment is charged. The breaker does not know the probe's outcome yet then.
   */
  @Test
  void breaker_probesAnswerLeadsToAnotherCall_theLoopGoesOn() {
    var guarded = opened(5, 10, 0);
    Future<Outcome> charged = loop.on(
        () -> guarded.inquire(charge("asked")).compose(absent -> guarded.execute(charge("charged"))));
    Await.until(BOUND, "the probe", () -> provider.calls.size() == 5);
    loop.context().runOnContext(v -> provider.calls.get(4).end().complete(new Outcome.Absent()));
    Await.until(BOUND, "the call that follows the probe", () -> provider.calls.size() == 6);
    assertThat(provider.references()).endsWith("asked", "charged");
    end(5, CHARGED);
    assertThat(Loop.<Outcome>result(charged)).isEqualTo(CHARGED);
  }

  @Test
  void answers_ofManyCalls_areEachGivenOnce() {
    var guarded = guarded(7, 10_000, 1_000_000, 0);
    var answers = charges(guarded, 1, 1_000);
    for (int i = 0; i < 1_000; i++) {
      assertThat(provider.calls.size() - i).isLessThanOrEqualTo(7);
      end(i, new Outcome.Charged("pi_" + (i + 1), 1, "usd"));
    }
    assertThat(provider.references()).isEqualTo(references(1, 1_000));
    for (int i = 0; i < 1_000; i++) {
      assertThat(Loop.<Outcome>result(answers.get(i)))
          .isEqualTo(new Outcome.Charged("pi_" + (i + 1), 1, "usd"));
    }
  }
}
