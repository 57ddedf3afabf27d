package dev.millrace.chaos;

import dev.millrace.testing.Http;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** A crowd that pays at a steady rate whatever it is answered, and comes only once with each payment. */
final class Flood {
  private static final int AT_ONCE_MAX = 400;

  private final ExecutorService senders = Executors.newVirtualThreadPerTaskExecutor();
  private final Semaphore places = new Semaphore(AT_ONCE_MAX);
  private final AtomicInteger number = new AtomicInteger();
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong turnedAway = new AtomicLong();
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final List<String> urls;
  private final String key;
  private volatile boolean stopped;

  private Flood(List<String> urls, String key) {
    this.urls = urls;
    this.key = key;
  }

  static Flood start(List<String> urls, String key, int perSecond) {
    var flood = new Flood(urls, key);
    flood.senders.execute(() -> flood.run(perSecond));
    return flood;
  }

  private void run(int perSecond) {
    long began = System.nanoTime();
    while (!stopped) {
      int n = number.getAndIncrement();
      long due = began + n * 1_000_000_000L / perSecond;
      while (due - System.nanoTime() > 0) LockSupport.parkNanos(due - System.nanoTime());
      places.acquireUninterruptibly();
      senders.execute(() -> pay(n));
    }
  }

  private void pay(int n) {
    try {
      var answer = Http.send("POST", urls.get(n % urls.size()) + "/v1/payments",
          Http.create(key, "flood-" + n),
          "{\"amount\":100,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}");
      boolean refused = (answer.status() == 429 || answer.status() == 503)
          && answer.header("Retry-After") != null;
      sent.incrementAndGet();
      if (refused) turnedAway.incrementAndGet();
      if (answer.status() != 202 && !refused) failures.add(answer.status() + " " + answer.body());
    } catch (UncheckedIOException e) {
      failures.add(e.getCause().toString());
    } finally {
      places.release();
    }
  }

  /** Sends no more, and waits for the answers. */
  void stop() {
    stopped = true;
    senders.close();
  }

  /** Requests that were answered. */
  long sent() { return sent.get(); }

  /** Those answered 429 or 503. */
  long refused() { return turnedAway.get(); }

  /** Answers that are neither 202 nor a refusal that says when to come back. */
  List<String> failures() {
    return List.copyOf(failures);
  }
}
