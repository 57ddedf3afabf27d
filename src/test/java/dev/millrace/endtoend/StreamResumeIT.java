package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventId;
import dev.millrace.testing.Await;
import dev.millrace.testing.ConcurrentTests;
import dev.millrace.testing.EventSource;
import dev.millrace.testing.EventSource.Frame;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/**
 * Listeners that lose their connection again and again, and go on at their last event at whatever node, by
 * stream or by list, while merchants pay and one of the nodes is killed and comes back.
 */
@ConcurrentTests
class StreamResumeIT {
  private static final int CLIENTS = 50;
  private static final int MERCHANTS = 5;
  private static final int PER_SECOND = 12;
  private static final Map<String, String> SETTINGS = Map.of("MILLRACE_SETTLEMENT_INTERVAL", "100ms",
      "MILLRACE_PROCESSOR_SESSION_TIMEOUT", "6s",
      "MILLRACE_API_EVENT_LOOPS", "2", "MILLRACE_STREAM_RECENT_BYTES_MAX", "100000",
      "MILLRACE_PROVIDER_STRIPE_TIMEOUT", "1s", "MILLRACE_PROVIDER_STRIPE_ABSENCE_AFTER", "2s",
      "MILLRACE_PROCESSOR_RETRY_WINDOWS", "500ms,1s,2s,4s", "MILLRACE_PROCESSOR_JANITOR_AGE", "5s",
      "MILLRACE_PROCESSOR_JANITOR_INTERVAL", "1s");

  private final long seed = new Random().nextLong();
  private final Random random = new Random(seed);
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final AtomicInteger streams = new AtomicInteger();
  private final AtomicInteger lists = new AtomicInteger();
  private final AtomicInteger lost = new AtomicInteger();
  private volatile boolean stopped;

  /** One listener: what it has had, in the order in which it came, and where it goes on. */
  private final class Listener {
    final int number;
    final String key;
    final List<String> urls;
    final Random dice;
    final List<String> ids = Collections.synchronizedList(new ArrayList<>());
    final Map<String, Integer> versions = new HashMap<>();
    volatile String place;

    Listener(int number, String key, List<String> urls) {
      this.number = number;
      this.key = key;
      this.urls = urls;
      this.dice = new Random(seed + number);
    }

    void listen() {
      while (!stopped && failures.isEmpty()) {
        String url = urls.get(dice.nextInt(urls.size())) + "/v1/events";
        try {
          if (place == null || dice.nextInt(4) == 0) list(url);
          else stream(url);
        } catch (UncheckedIOException e) {
          lost.incrementAndGet();
          LockSupport.parkNanos(100_000_000);
        } catch (RuntimeException | AssertionError e) {
          failures.add("listener " + number + " at " + url + ": " + e);
        }
      }
    }

    private void list(String url) {
      var answer = Http
          .get(url + "?limit=" + (1 + dice.nextInt(100)) + (place == null ? "" : "&after=" + place), key);
      if (answer.status() == 503) return;
      if (answer.status() != 200) throw new AssertionError(answer.body());
      var page = answer.json();
      for (Object event : page.getJsonArray("data")) had((JsonObject) event);
      if (page.getString("next") != null) place = page.getString("next");
      lists.incrementAndGet();
    }

    private void stream(String url) {
      var source = EventSource.open(url + "/stream", key, Map.of("Last-Event-ID", place), this::block);
      if (source.status() != 200) {
        var refusal = source.refusal();
        if (refusal.status() != 503) throw new AssertionError(refusal.body());
        return;
      }
      long end = System.nanoTime() + dice.nextInt(1_200) * 1_000_000L;
      while (!stopped && source.end() == null && System.nanoTime() - end < 0)
        LockSupport.parkNanos(5_000_000);
      source.close();
      // What it still hands out counts: the next connection must not overtake it.
      String how = source.awaitEnd(Duration.ofSeconds(10));
      if (how.startsWith("refused")) throw new AssertionError(how);
      streams.incrementAndGet();
    }

    private void block(String block) {
      if (block.contains("data:")) had(Frame.of(block).json());
      block.lines().filter(line -> line.startsWith("id: ")).forEach(line -> place = line.substring(4));
    }

    private void had(JsonObject event) {
      ids.add(event.getString("id"));
      String subject = event.getString("subject");
      int version = event.getInteger("version");
      Integer before = versions.put(subject, version);
      if (version != (before == null ? 1 : before + 1))
        throw new AssertionError(
            subject + " has version " + version + " after " + before + ", " + event.encode());
    }
  }

  @Test
  void listeners_thatComeAndGo_hearEverythingOnceAndInOrder() {
    try (var site = Site.on(TestServers.shared())) {

      var a = site.start("simulator,api,relay,processor,settlement,ops", SETTINGS);
      var b = site.start("api,relay,processor,settlement,ops", SETTINGS);
      var urls = List.of(a.apiUrl(), b.apiUrl());
      var keys = new ArrayList<String>();
      for (int i = 0; i < MERCHANTS; i++) keys.add(a.merchantKey());
      var listeners = new ArrayList<Listener>();
      for (int i = 0; i < CLIENTS; i++) listeners.add(new Listener(i, keys.get(i % MERCHANTS), urls));
      var loads = new ArrayList<SteadyLoad>();

      ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
      try {
        for (String key : keys) loads.add(SteadyLoad.start(urls, key, 4, PER_SECOND, SteadyLoad::visa));
        listeners.forEach(listener -> threads.execute(listener::listen));
        disturb(b, loads);
        loads.forEach(SteadyLoad::stop);

        BookAudit.awaitRest(site, a, Duration.ofSeconds(30));

        assertHeardAll(site, listeners, keys);
      } finally {
        stopped = true;
        loads.forEach(SteadyLoad::abandon);
        threads.close();
      }
      assertThat(streams.get()).as("streams that were left").isGreaterThan(CLIENTS * 5);
      assertThat(lists.get()).as("pages").isGreaterThan(CLIENTS * 2);
      assertThat(lost.get()).as("connections that a kill refused").isPositive();
      BookAudit.assertConsistent(site, a);
    } catch (AssertionError | RuntimeException e) {
      throw new AssertionError("seed " + seed + ": " + e.getMessage(), e);
    }
  }

  private static int accepted(List<SteadyLoad> loads) {
    return loads.stream().mapToInt(SteadyLoad::accepted).sum();
  }

  /** Kills the node at a random moment, starts it again, and lets everybody go on for a while. */
  private void disturb(GatewayProcess node, List<SteadyLoad> loads) {
    Await.until(Duration.ofSeconds(20), "payments are made", () -> accepted(loads) > 80);
    long end = System.nanoTime() + random.nextInt(1_500) * 1_000_000L;
    while (System.nanoTime() - end < 0) LockSupport.parkNanos(1_000_000);
    node.kill();
    node.start();

    int before = accepted(loads);
    Await.until(Duration.ofSeconds(20), "payments go on", () -> accepted(loads) > before + 150);
  }

  /** Each listener's ids are those of its merchant's journal, in the journal's order. */
  private void assertHeardAll(Site site, List<Listener> listeners, List<String> keys) {
    var expected = new HashMap<String, List<String>>();
    for (String key : keys) expected.put(key, journal(site, key));
    try {
      Await.until(Duration.ofSeconds(20), "every listener has caught up",
          () -> !failures.isEmpty() || listeners
              .stream().allMatch(listener -> listener.ids.size() >= expected.get(listener.key).size()));
    } finally {
      stopped = true;
    }
    assertThat(failures).isEmpty();
    for (Listener listener : listeners) {
      assertThat(expected.get(listener.key)).hasSizeGreaterThan(200);
      assertThat(List.copyOf(listener.ids)).as("listener %d", listener.number)
          .isEqualTo(expected.get(listener.key));
    }
  }

  /** The ids of a merchant's events. */
  private static List<String> journal(Site site, String key) {
    var ids = new EventId(
        HexFormat.of().parseHex(SiteSql.text(site, "SELECT encode(key, 'hex') FROM event_id_key")));
    return SiteSql
        .rows(site, "SELECT xid, position FROM journal WHERE merchant = (SELECT merchant FROM api_key"
            + " WHERE hash = sha256('" + key + "')) ORDER BY xid, position")
        .stream()
        .map(row -> ids.of(new Cursor(Long.parseLong(row.get(0)), Long.parseLong(row.get(1))))).toList();
  }
}
