package dev.millrace.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Two nodes with every role, before one simulator: the holder of the leases dies, hangs, and wakes up late. */
class TakeoverIT {
  private static final String ROLES = "api,relay,processor,settlement,ops";
  /** A settlement transaction nearly always, for the tests that must meet one. */
  private static final Map<String, String> OFTEN = Map.of("MILLRACE_SETTLEMENT_INTERVAL", "100ms");

  private static final Map<String, GatewayProcess> NODES = new HashMap<>();
  private static Site site;
  private Load load;
  private long paymentsBefore;

  @BeforeAll
  static void start() {
    site = Site.on(TestServers.shared());
    Book.startSimulator(site);
    for (String name : List.of("a", "b")) {
      var settings = new HashMap<>(OFTEN);
      settings.put("MILLRACE_NODE", name);
      NODES.put(name, site.start(ROLES, settings));
    }
  }

  @AfterAll
  static void stop() { site.close(); }

  @AfterEach
  void end() {
    if (load != null) load.abandon();
  }

  private static String other(String name) { return name.equals("a") ? "b" : "a"; }

  private static GatewayProcess node(String name) { return NODES.get(name); }

  /** Pays at one node until the end of the test. */
  private void payAt(String name) {
    paymentsBefore = payments();
    load = Load.start(List.of(node(name).apiUrl()), node(name).merchantKey(), 16, 60, Load::visa);
    Await.until(Duration.ofSeconds(20), "payments are made", () -> load.accepted() > 60);
  }

  @Test
  void holder_killed_otherTakesOverInTime() {
    String holder = holder("relay");
    payAt(other(holder));
    node(holder).kill();
    assertTakenOver(other(holder));
    node(holder).start();
    assertEverythingOnce(other(holder));
    assertThat(holder("relay")).isEqualTo(other(holder));
  }

  /** Long enough for the leases and for its place in the consumer group. */
  @Test
  void holder_frozenThenWoken_isFencedOff() {
    String holder = holder("relay");
    String other = other(holder);
    payAt(other);
    long epoch = epoch("relay");
    node(holder).signal("STOP");
    try {
      assertTakenOver(other);
      Await.until(Duration.ofSeconds(15), "payments in the frozen node's partitions wait",
          () -> open(other) > 100);
      Await.until(Duration.ofSeconds(30), "its partitions are taken over", () -> open(other) < 60);
    } finally {
      node(holder).signal("CONT");
    }
    var places = new ArrayList<Long>();
    int accepted = load.accepted();
    Await.until(Duration.ofSeconds(20), "the woken node lives beside the other for a while", () -> {
      places.add(passed("relay"));
      return load.accepted() > accepted + 200;
    });
    assertThat(places).as("the relay's cursor").isSorted();
    assertThat(holder("relay")).isEqualTo(other);
    assertThat(epoch("relay")).isEqualTo(epoch + 1);
    assertEverythingOnce(other);
  }

  /** A hung process keeps its transaction, with every lock in it, for as long as its connection stands. */
  @Test
  void settler_frozenInItsTransaction_otherTakesOverInTime() {
    String holder = holder("settlement");
    payAt(other(holder));
    freezeInTransaction(node(holder));
    try {
      assertTakenOver(other(holder));
    } finally {
      node(holder).signal("CONT");
    }
    assertEverythingOnce(other(holder));
  }

  /** Stops the node again and again until Postgres shows one of its transactions standing open. */
  private void freezeInTransaction(GatewayProcess node) {
    Await.until(Duration.ofSeconds(30), "the node is caught in a transaction", () -> {
      node.signal("STOP");
      if (IntStream.range(0, 5).allMatch(i -> transactions() > 0)) return true;
      node.signal("CONT");
      return false;
    });
  }

  private long transactions() {
    return site.number("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        + " AND state = 'idle in transaction'");
  }

  /** Events are published and payments settled by this node within 5 s from now, and then go on. */
  private void assertTakenOver(String by) {
    var relayed = CompletableFuture.runAsync(() -> {
      long before = passed("relay");
      Await.until(Duration.ofSeconds(5), by + " publishes (lease " + lease("relay") + ")",
          () -> holder("relay").equals(by) && passed("relay") > before);
    }, task -> Thread.ofPlatform().start(task));
    Await.until(Duration.ofSeconds(5), by + " has the settlement's lease (" + lease("settlement") + ")",
        () -> holder("settlement").equals(by));
    relayed.join();
    long settlements = passed("settlement");
    Await.until(Duration.ofSeconds(15), by + " settles", () -> passed("settlement") > settlements);
  }

  private void assertEverythingOnce(String name) {
    load.stop();
    Audit.awaitRest(site, node(name), Duration.ofSeconds(30));
    assertThat(Sql.statuses(site)).containsOnlyKeys("settled");
    assertThat(payments() - paymentsBefore).isEqualTo(load.accepted());
    load.assertReplays(node(name).apiUrl());
    Audit.assertConsistent(site, node(name));
    assertPublishedInOrder();
  }

  /** At least once, and every first time in the order of the versions. */
  private void assertPublishedInOrder() {
    var published = Topic.versions(site);
    long events = 0;
    for (var entry : published.entrySet()) {
      List<Integer> firsts = entry.getValue().stream().distinct().toList();
      assertThat(firsts).as(entry.getKey()).isEqualTo(List.copyOf(new TreeSet<>(firsts)));
      events += firsts.size();
    }
    assertThat(events).as("events in the topic").isEqualTo(site.number("SELECT count(*) FROM journal"));
  }

  private static long payments() { return site.number("SELECT count(*) FROM payment"); }

  private static long open(String name) { return Audit.work(node(name)).getLong("open"); }

  private static long passed(String cursor) {
    return site.number("SELECT passed FROM journal_cursor WHERE name = '" + cursor + "'");
  }

  private long epoch(String lease) {
    return site.number("SELECT epoch FROM lease WHERE name = '" + lease + "'");
  }

  private String lease(String name) {
    return Sql.rows(site, "SELECT holder, epoch, expires - clock_timestamp() FROM lease WHERE name = '" + name
        + "'").toString();
  }

  /** The node that holds a lease: the name before the first hyphen. */
  private String holder(String lease) {
    return Sql.text(site, "SELECT split_part(holder, '-', 1) FROM lease WHERE name = '" + lease + "'");
  }

}
