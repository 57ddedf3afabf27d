package dev.millrace.provider;

import dev.millrace.platform.QueueMeter;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.circuitbreaker.CircuitBreaker;
import io.vertx.circuitbreaker.CircuitBreakerOptions;
import io.vertx.circuitbreaker.CircuitBreakerState;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.util.ArrayDeque;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A provider behind its bulkhead and its breaker. At most {@code concurrency} calls are in flight; more wait,
 * in order, up to {@code waitingMax}, and while the breaker is open they go on waiting: the work of a
 * provider that is down stays where it is. Calls go out no faster than the budget permits, and none while the
 * provider has asked to be spared, though for no longer than a cool-down at a time. The breaker opens by the
 * failure rate of what was ordered, and of inquiries that failed, admits one probe after its cool-down, and
 * when it closes bulkhead and budget grow back from a tenth to full size over the ramp. Owned by one event
 * loop.
 */
public final class GuardedProvider {
  private static final Logger LOG = LoggerFactory.getLogger(GuardedProvider.class);

  /**
   * Sizes and times of the guards.
   *
   * @param waitingAwayMax how many calls may wait while the breaker is not closed
   * @param breakerWindowMs over which the failure rate is taken
   * @param cooldownMs how long the breaker stays open before a probe
   * @param rampMs how long the bulkhead and the budget take back to full size
   * @param waitMaxMs how long a call may wait for its turn before it is handed back as {@code Deferred}
   * @param requestsPerSecond the budget of calls; a twentieth of it may go out at once
   */
  public record Limits(int concurrency, int waitingMax, int waitingAwayMax, long breakerWindowMs,
      int failuresPercent,
      int callsMin,
      long cooldownMs, long rampMs, long waitMaxMs, int requestsPerSecond) {

    private static final int AWAY_PART = 8;

    /** Those of an account; of its bulkhead an eighth may wait while the breaker is not closed. */
    public static Limits of(Account account) {
      int concurrency = account.positive("concurrency");
      int waitingMax = account.positive("waiting-max");
      return new Limits(concurrency, waitingMax, Math.clamp(concurrency / AWAY_PART, 1, waitingMax),
          account.millis("breaker-window"), account.positive("breaker-failures-percent"),
          account.positive("breaker-calls-min"), account.millis("breaker-cooldown"),
          account.millis("breaker-ramp"), Providers.Times.of(account).turn(),
          account.positive("requests-per-second"));
    }
  }

  private static final long RAMP_STEP_MS = 50;
  private static final long EXPIRE_EVERY_MS = 500;

  private record Waiting(boolean inquiry, Supplier<Future<Provider.Outcome>> call,
      Promise<Provider.Outcome> promise, long sinceMs) {}

  /** Marks an answer that counts against the provider. Stackless: it only tells the breaker. */
  private static final class CallFailed extends RuntimeException {
    private static final long serialVersionUID = 1;

    CallFailed() { super("failed", null, false, false); }
  }

  private final Vertx vertx;
  private final Provider provider;
  private final Limits limits;
  private final CircuitBreaker breaker;
  private final FailureWindow window;
  private final RequestBudget budget;
  private final QueueMeter meter;
  private final Counter opened;
  private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
  private boolean draining;
  private boolean looking;
  private boolean expiring;
  private volatile int inFlight;
  private volatile int depth;
  private long closedAtMs = Long.MIN_VALUE / 2;
  private long sparedUntilMs = Long.MIN_VALUE / 2;

  public GuardedProvider(Vertx vertx, Provider provider, Limits limits, MeterRegistry registry) {
    this.vertx = vertx;
    this.provider = provider;
    this.limits = limits;
    this.budget = new RequestBudget(limits.requestsPerSecond, System::nanoTime);
    this.window = new FailureWindow(limits.breakerWindowMs, limits.callsMin, limits.failuresPercent,
        GuardedProvider::nowMs);
    // The breaker's own failure count is never reached; the window opens it. Its timeout is off: the HTTP
    // timeout of the connector ends a call, and says `unknown`.
    this.breaker = CircuitBreaker.create("provider-" + provider.name(), vertx, new CircuitBreakerOptions()
        .setMaxFailures(Integer.MAX_VALUE).setTimeout(-1).setResetTimeout(limits.cooldownMs));
    this.meter = new QueueMeter(registry, "provider", provider.name(), limits.waitingMax, this, g -> g.depth);
    this.opened = Counter.builder("millrace.breaker.opened").tag("provider", provider.name())
        .register(registry);
    Gauge.builder("millrace.breaker.open", this, g -> g.breaker.state() == CircuitBreakerState.CLOSED ? 0 : 1)
        .tag("provider", provider.name()).register(registry);
    Gauge.builder("millrace.provider.in.flight", this, g -> g.inFlight).tag("provider", provider.name())
        .register(registry);
    breaker.openHandler(v -> {
      opened.increment();
      LOG.error("alert=breaker_open provider={} cooldown_ms={}", provider.name(), limits.cooldownMs);
    });
    breaker.halfOpenHandler(v -> drain());
    breaker.closeHandler(v -> {
      LOG.warn("breaker_closed provider={} ramp_ms={}", provider.name(), limits.rampMs);
      window.clear();
      closedAtMs = nowMs();
      drain();
    });
  }

  private static long nowMs() { return System.nanoTime() / 1_000_000; }

  public String name() { return provider.name(); }

  public String rail() { return provider.rail(); }

  /** As {@link Provider#inquiresByOrdering}. */
  public boolean inquiresByOrdering() {
    return provider.inquiresByOrdering();
  }

  /** Whether calls would have to wait for the provider to recover. */
  public boolean open() {
    return breaker.state() == CircuitBreakerState.OPEN;
  }

  /** Closes the connections behind the guards. */
  public Future<Void> close() { return provider.close(); }

  /**
   * Carries an order out behind the guards. {@code Deferred} when no place to wait was free, or its turn did
   * not come.
   */
  public Future<Provider.Outcome> execute(Order order) {
    return submit(false, () -> provider.execute(order));
  }

  /** Inquires behind the guards. */
  public Future<Provider.Outcome> inquire(Order order) {
    return submit(true, () -> provider.inquire(order));
  }

  /** As {@link Provider#lists}. */
  public boolean lists() {
    return provider.lists();
  }

  /** As {@link Provider#list}, behind the guards. */
  public Future<Provider.Outcome> list(String charge, Consumer<ProviderEvent> found) {
    return submit(true, () -> provider.list(charge, found));
  }

  private Future<Provider.Outcome> submit(boolean inquiry, Supplier<Future<Provider.Outcome>> call) {
    if (depth >= places()) {
      meter.reject();
      return Future.succeededFuture(new Provider.Outcome.Deferred());
    }
    Promise<Provider.Outcome> promise = Promise.promise();
    waiting.add(new Waiting(inquiry, call, promise, nowMs()));
    depth = waiting.size();
    drain();
    return promise.future();
  }

  /**
   * How many may wait. While the provider is away a few, to have something to probe with and to begin with:
   * more would only take places that others could use, where they come from.
   */
  private int places() {
    return breaker.state() == CircuitBreakerState.CLOSED
        ? limits.waitingMax
        : limits.waitingAwayMax;
  }

  /** The bulkhead's size now: one probe while half open, then growing back over the ramp. */
  private int size() {
    return switch (breaker.state()) {
      case OPEN -> 0;
      case HALF_OPEN -> 1;
      case CLOSED -> Math.max(1, limits.concurrency * percent() / 100);
    };
  }

  /** How much of bulkhead and budget may be used: all but for the ramp after the breaker closed. */
  private int percent() {
    long since = nowMs() - closedAtMs;
    return since >= limits.rampMs ? 100 : (int) (10 + 90 * since / limits.rampMs);
  }

  private void drain() {
    if (draining) return;
    draining = true;
    // First of all: a process that slept must not send what others have taken over meanwhile.
    expire();
    while (!waiting.isEmpty() && inFlight < size() && sparedMs() == 0 && budget.take(percent()))
      run(waiting.poll());
    draining = false;
    depth = waiting.size();
    expireLater();
    if (waiting.isEmpty() || looking) return;
    long waitMs = nextLookMs();
    if (waitMs == 0) return;
    looking = true;
    vertx.setTimer(waitMs, id -> {
      looking = false;
      drain();
    });
  }

  /** How long the provider has still asked to be spared. */
  private long sparedMs() {
    return Math.max(0, sparedUntilMs - nowMs());
  }

  /** When to look again though nobody comes to drain, 0 for not at all. */
  private long nextLookMs() {
    if (sparedMs() > 0) return sparedMs();
    if (breaker.state() != CircuitBreakerState.CLOSED) return 0;
    // While it ramps up its size grows, and the budget fills.
    long waitNanos = budget.waitNanos(percent());
    if (waitNanos > 0) return waitNanos / 1_000_000 + 1;
    return percent() < 100 ? RAMP_STEP_MS : 0;
  }

  /**
   * Sends away what has waited too long, as its state may be old news by now, and what there are no places
   * for any more.
   */
  private void expire() {
    while (!waiting.isEmpty()
        && (waiting.size() > places() || nowMs() - waiting.peek().sinceMs > limits.waitMaxMs)) {
      Waiting late = waiting.poll();
      depth = waiting.size();
      late.promise.complete(new Provider.Outcome.Deferred());
    }
  }

  /** Looks for those now and then, as long as anybody waits. */
  private void expireLater() {
    if (expiring || waiting.isEmpty()) return;
    expiring = true;
    vertx.setTimer(EXPIRE_EVERY_MS, id -> {
      expiring = false;
      expire();
      expireLater();
    });
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void run(Waiting next) {
    inFlight++;
    var outcome = new Provider.Outcome[1];
    breaker.<Provider.Outcome>execute(promise -> call(next).onComplete(result -> {
      outcome[0] = result.result();
      if (countsAgainst(result.result())) promise.fail(new CallFailed());
      else promise.complete(result.result());
    })).onComplete(result -> {
      inFlight--;
      if (outcome[0] == null) {
        // The breaker turned the call away (it opened in between): it waits again, in front.
        waiting.addFirst(next);
        depth = waiting.size();
        expireLater();
        return;
      }
      if (outcome[0] instanceof Provider.Outcome.NotExecuted n && n.retryAfterMs() > 0)
        sparedUntilMs = Math.max(sparedUntilMs, nowMs() + Math.min(n.retryAfterMs(), limits.cooldownMs));
      // Failed charges are asked about, each several times: answers to that must not outvote them.
      if (result.failed() || !next.inquiry) window.record(result.failed());
      if (window.tripped() && breaker.state() == CircuitBreakerState.CLOSED) breaker.open();
      drain();
      // Last, when the breaker knows: the caller may come with its next call at once.
      next.promise.complete(outcome[0]);
    });
  }

  /** Calls the connector; its failures are defects, and what they left behind is not known. */
  private Future<Provider.Outcome> call(Waiting next) {
    Future<Provider.Outcome> answer;
    try {
      answer = next.call.get();
    } catch (RuntimeException e) {
      answer = Future.failedFuture(e);
    }
    return answer.otherwise(failure -> {
      LOG.error("connector_failed provider={}", provider.name(), failure);
      return new Provider.Outcome.Unknown("connector failed: " + failure.getMessage());
    });
  }

  private static boolean countsAgainst(Provider.Outcome outcome) {
    return switch (outcome) {
      case Provider.Outcome.Unknown _, Provider.Outcome.NotExecuted _ -> true;
      case Provider.Outcome.Charged _, Provider.Outcome.Approved _, Provider.Outcome.Authorized _,
          Provider.Outcome.ActionRequired _,
          Provider.Outcome.Voided _, Provider.Outcome.Refunded _, Provider.Outcome.Pending _,
          Provider.Outcome.Declined _, Provider.Outcome.TryRefused _, Provider.Outcome.Absent _,
          Provider.Outcome.Deferred _ ->
        false;
    };
  }
}
