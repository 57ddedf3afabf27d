package dev.millrace.webhook;

import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One endpoint in the notifier's memory: what of its backlog is at hand, how many calls are out, and its
 * guards: an in-flight limit that grows with successes and halves with failures, a throttle, a pause that the
 * endpoint asked for, and a breaker. Times are milliseconds of the scheduler's clock. Owned by one event
 * loop.
 */
public final class EndpointQueue {
  /** How many deliveries are held in memory at most; the rest waits in Postgres. */
  static final int QUEUE_MAX = 64;
  static final long NEVER = Long.MAX_VALUE;
  private static final int LIMIT_FIRST = 4;
  private static final double SLOW_MS = 1_000;
  /** How much of a throttle's second may go at once. */
  private static final double BURST_S = 0.2;

  private final DeliveryPolicy policy;
  Endpoint endpoint;
  Signer signer;
  @Nullable
  Signer oldSigner;
  final ArrayDeque<Delivery> queue = new ArrayDeque<>();
  /**
   * Those at hand or out, and those that left while a load was under way: a load must not bring them again.
   */
  final Set<UUID> known = new HashSet<>();
  final Set<UUID> left = new HashSet<>();
  int inFlight;
  boolean loading;
  /** When the backlog in Postgres has something due that is not at hand. */
  long loadAtMs;
  boolean inTurn;
  boolean draining;
  boolean reviving;
  long reviveAtMs;
  long expireAtMs;
  private double limit;
  private double latencyMs;
  private int failures;
  private boolean open;
  private long cooldownMs;
  private long probeAtMs;
  private long pausedUntilMs;
  private double tokens = 1;
  private long tokensAtMs;

  EndpointQueue(Endpoint endpoint, DeliveryPolicy policy, long nowMs) {
    this.policy = policy;
    this.endpoint = endpoint;
    this.signer = new Signer(endpoint.secrets().current());
    this.limit = LIMIT_FIRST;
    this.tokensAtMs = nowMs;
    this.open = endpoint.broken();
    this.cooldownMs = policy.cooldown().toMillis();
    this.draining = endpoint.recovered() != null;
    set(endpoint);
  }

  /** Takes over what the merchant has changed. */
  void set(Endpoint changed) {
    if (!endpoint.enabled() && changed.enabled()) {
      failures = 0;
      open = false;
      pausedUntilMs = 0;
    }
    endpoint = changed;
    signer = new Signer(changed.secrets().current());
    oldSigner = changed.secrets().old() == null ? null : new Signer(changed.secrets().old());
  }

  /** Keeps the endpoint as the notifier itself has just changed it. */
  void noted(Endpoint changed) {
    endpoint = changed;
  }

  boolean open() { return open; }

  boolean slow() { return open || failures > 0 || latencyMs > SLOW_MS; }

  private boolean active() { return endpoint.enabled() && !endpoint.deleted(); }

  /** Whether a call may go out now. */
  boolean maySend(long nowMs) {
    if (!active() || nowMs < pausedUntilMs) return false;
    if (open) return inFlight == 0 && nowMs >= probeAtMs;
    return inFlight < Math.min(endpoint.settings().maxInFlight(), (int) limit) && hasToken(nowMs);
  }

  /** Whether something is at hand that time alone keeps back. */
  boolean waitsForTime() {
    return active() && !queue.isEmpty() && (open ? inFlight == 0 : inFlight < (int) limit);
  }

  /** Whether the backlog should be looked at; {@code share}: how many may be in memory now. */
  boolean wantsLoad(long nowMs, int share) {
    return active() && !loading && queue.size() < Math.max(1, share / 4) && nowMs >= loadAtMs;
  }

  /** Whether nothing but the dead letters is there to find out by whether the endpoint lives again. */
  boolean wantsProbe(long nowMs) {
    return active() && open && !reviving && queue.isEmpty() && inFlight == 0 && nowMs >= probeAtMs
        && nowMs >= pausedUntilMs && !loading && nowMs < loadAtMs;
  }

  boolean wantsDrain(long nowMs) {
    return active() && draining && !open && !reviving && nowMs >= reviveAtMs;
  }

  /** Whether time alone changes nothing here. */
  boolean still() {
    return queue.isEmpty() && inFlight == 0 && !loading && !reviving && !draining && !open
        && (loadAtMs == NEVER || !active());
  }

  private boolean hasToken(long nowMs) {
    Integer rate = endpoint.settings().rate();
    if (rate == null) return true;
    tokens = Math.min(Math.max(1, rate * BURST_S), tokens + (nowMs - tokensAtMs) * (double) rate / 1_000);
    tokensAtMs = nowMs;
    return tokens >= 1;
  }

  Delivery take() {
    inFlight++;
    if (endpoint.settings().rate() != null) tokens--;
    return queue.remove();
  }

  void succeeded(int tookMs) {
    latencyMs = latencyMs * 0.8 + tookMs * 0.2;
    limit = Math.min(endpoint.settings().maxInFlight(), limit + 1);
    failures = 0;
    open = false;
    cooldownMs = policy.cooldown().toMillis();
  }

  /** A failure; true when it opens the breaker. */
  boolean failed(int tookMs, long nowMs) {
    latencyMs = latencyMs * 0.8 + tookMs * 0.2;
    limit = Math.max(1, limit / 2);
    failures++;
    boolean opens = !open && failures >= policy.breakerFailures();
    boolean probe = open && nowMs >= probeAtMs;
    if (probe) cooldownMs = Math.min(policy.probeEvery().toMillis(), cooldownMs * 2);
    if (opens || probe) probeAtMs = nowMs + cooldownMs;
    open |= opens;
    return opens;
  }

  /** Nothing found to probe with: looks again after the usual time. */
  void probeLater(long nowMs) {
    probeAtMs = nowMs + policy.probeEvery().toMillis();
  }

  /** The endpoint asked for a pause. */
  void pause(long untilMs) {
    pausedUntilMs = Math.max(pausedUntilMs, untilMs);
  }
}
