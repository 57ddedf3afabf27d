package dev.millrace.endtoend;

import dev.millrace.testing.Http;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;

/**
 * A merchant who pays steadily: at most so many payments a second, each sent again with the same key, to the
 * next of the gateways, until it is answered 202.
 */
final class SteadyLoad {
  private static final Duration GIVE_UP = Duration.ofSeconds(90);
  private static final long RETRY_NANOS = 100_000_000;

  /**
   * One request. {@code status} 0: no answer came. Times are milliseconds, {@code atMs} since the load began.
   */
  record Try(long atMs, long tookMs, int status, String code, String retryAfter) {}

  private final List<String> urls;
  private final String merchantKey;
  private final int perSecond;
  private final IntFunction<String> bodies;
  private final ExecutorService senders;
  private final AtomicInteger next = new AtomicInteger();
  private final Map<Integer, Http.Answer> answers = new ConcurrentHashMap<>();
  private final Queue<Try> tries = new ConcurrentLinkedQueue<>();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final long began = System.nanoTime();
  private volatile boolean stopped;

  private SteadyLoad(List<String> urls, String merchantKey, int perSecond, IntFunction<String> bodies) {
    this.urls = urls;
    this.merchantKey = merchantKey;
    this.perSecond = perSecond;
    this.bodies = bodies;
    this.senders = Executors.newVirtualThreadPerTaskExecutor();
  }

  /** {@code bodies} answers the body of the n-th payment, always the same. */
  static SteadyLoad start(List<String> urls, String merchantKey, int connections, int perSecond,
      IntFunction<String> bodies) {
    var load = new SteadyLoad(urls, merchantKey, perSecond, bodies);
    for (int i = 0; i < connections; i++) load.senders.execute(load::send);
    return load;
  }

  static String visa(int n) { return body(100 + n % 1_000, "usd", "pm_card_visa"); }

  static String body(long amount, String currency, String method) {
    return "{\"amount\":" + amount + ",\"currency\":\"" + currency + "\",\"payment_method\":\"" + method
        + "\"}";
  }

  private void send() {
    while (!stopped) {
      int n = next.getAndIncrement();
      long due = began + n * 1_000_000_000L / perSecond;
      while (!stopped && due - System.nanoTime() > 0) LockSupport.parkNanos(due - System.nanoTime());
      try {
        pay(n);
      } catch (RuntimeException e) {
        failures.add("payment " + n + ": " + e);
      }
    }
  }

  private void pay(int n) {
    long end = System.nanoTime() + GIVE_UP.toNanos();
    for (int i = n; System.nanoTime() - end < 0; i++) {
      var answer = attempt(urls.get(i % urls.size()), n);
      if (answer != null && answer.status() == 202) {
        answers.put(n, answer);
        return;
      }
      if (answer != null && answer.status() != 503 && answer.status() != 409) {
        failures.add("payment " + n + ": " + answer.status() + " " + answer.body());
        return;
      }
      LockSupport.parkNanos(RETRY_NANOS);
    }
    failures.add("payment " + n + ": no 202 within " + GIVE_UP.toSeconds() + " s");
  }

  private Http.Answer attempt(String url, int n) {
    long sent = System.nanoTime();
    try {
      var answer = request(url, n);
      tries.add(new Try(ms(sent - began), ms(System.nanoTime() - sent), answer.status(),
          answer.status() < 400 ? null : answer.code(), answer.header("Retry-After")));
      return answer;
    } catch (UncheckedIOException e) {
      tries.add(new Try(ms(sent - began), ms(System.nanoTime() - sent), 0, e.getMessage(), null));
      return null;
    }
  }

  private static long ms(long nanos) { return TimeUnit.NANOSECONDS.toMillis(nanos); }

  private Http.Answer request(String url, int n) {
    return Http.send("POST", url + "/v1/payments", Http.create(merchantKey, "load-" + n), bodies.apply(n));
  }

  /** Milliseconds since the load began. */
  long nowMs() { return ms(System.nanoTime() - began); }

  int accepted() { return answers.size(); }

  List<Try> tries() { return List.copyOf(tries); }

  /** Begins no more payments and waits until those begun are answered; fails when one was not. */
  void stop() {
    stopped = true;
    senders.close();
    if (!failures.isEmpty())
      throw new AssertionError(failures.size() + " payments without their 202: "
          + failures.stream().limit(5).toList());
  }

  /** Stops without waiting for answers that will not come. */
  void abandon() {
    stopped = true;
    senders.shutdownNow();
  }

  /** Sends every payment once more: each must get, byte for byte, the answer that it got before. */
  void assertReplays(String url) {
    try (var again = Executors.newFixedThreadPool(32)) {
      answers.forEach((n, first) -> again.execute(() -> {
        var replay = request(url, n);
        if (replay.status() != 202 || !java.util.Arrays.equals(replay.bytes(), first.bytes())) {
          failures.add("payment " + n + " was answered " + first.body() + " and then " + replay.status() + " "
              + replay.body());
        }
      }));
    }
    if (!failures.isEmpty())
      throw new AssertionError(failures.size() + " answers differ: " + failures.stream().limit(5).toList());
  }
}
