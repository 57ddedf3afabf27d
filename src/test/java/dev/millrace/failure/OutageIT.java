package dev.millrace.failure;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.embedded.EmbeddedServers.Kind;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.StripeSender;
import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Each server taken away under load, and given back, from a gateway that is never restarted. */
class OutageIT {
  private static final int PER_SECOND = 50;
  private static TestServers servers;
  private static Site site;
  private static GatewayProcess gateway;
  private static String merchant;
  private Load load;

  @BeforeAll
  static void start() {
    servers = StoppableServers.get();
    site = Site.on(servers);
    gateway = site.startAll();
    merchant = gateway.merchantKey();
  }

  @AfterAll
  static void stop() { site.close(); }

  @BeforeEach
  void pay() {
    merchant = gateway.merchantKey();
    load = Load.start(List.of(gateway.apiUrl()), merchant, 16, PER_SECOND, Load::visa);
    awaitMore(10, Duration.ofSeconds(10));
  }

  @AfterEach
  void restore() {
    load.abandon();
    for (Kind kind : Kind.values()) servers.servers().start(kind);
  }

  @Test
  void kafka_stopped_paymentsAreAcceptedAndSettleLater() {
    servers.servers().stop(Kind.KAFKA);
    long from = load.nowMs();
    awaitMs(from + 10_000);
    long published = Audit.work(gateway).getLong("published");
    assertThat(Audit.work(gateway).getLong("journal")).as("the backlog").isGreaterThan(published + 100);
    assertThat(Http.get(gateway.opsUrl() + "/health/ready").json().getString("status")).isEqualTo("degraded");
    servers.servers().start(Kind.KAFKA);
    awaitMore(50, Duration.ofSeconds(10));
    assertAllSettled();
    assertThat(load.tries()).allSatisfy(t -> assertThat(t.status()).as(t.toString()).isEqualTo(202));
    assertThat(load.tries()).as("latency while Kafka was away")
        .allSatisfy(t -> assertThat(t.tookMs()).as(t.toString()).isLessThan(2_000));
  }

  @Test
  void redis_stopped_paymentsGoOn() {
    servers.servers().stop(Kind.REDIS);
    long settled = Audit.work(gateway).getLong("settled");
    Await.until(Duration.ofSeconds(10), "payments settle without Redis",
        () -> Audit.work(gateway).getLong("settled") > settled + 100);
    servers.servers().start(Kind.REDIS);
    awaitMore(50, Duration.ofSeconds(10));
    assertAllSettled();
    assertThat(load.tries()).allSatisfy(t -> assertThat(t.status()).as(t.toString()).isEqualTo(202));
  }

  @Test
  void postgres_stopped_isSaidQuicklyAndRecoversByItself() {
    long from = load.nowMs();
    servers.servers().stop(Kind.POSTGRES);
    long down = load.nowMs();
    awaitMs(down + 4_000);
    assertThat(Http.get(gateway.opsUrl() + "/health/ready").status()).isEqualTo(503);
    assertThat(Http.get(gateway.opsUrl() + "/health/live").status()).isEqualTo(200);
    assertThat(Http.get(gateway.apiUrl() + "/v1/payments", merchant).code()).isEqualTo("storage_unavailable");
    long until = load.nowMs();
    servers.servers().start(Kind.POSTGRES);
    awaitMore(100, Duration.ofSeconds(20));
    assertAllSettled();
    assertRefusals(from, down, until);
  }

  @Test
  void postgres_stopped_webhookIsRefusedForNow_andTakenAfterwards() {
    String event = StripeSender.eventId();
    String body = "{\"id\":\"" + event + "\",\"type\":\"ping\"}";
    try (var sender = StripeSender.to(gateway)) {
      servers.servers().stop(Kind.POSTGRES);
      var refused = sender.send(body);
      assertThat(refused.status()).isEqualTo(503);
      assertThat(refused.code()).isEqualTo("storage_unavailable");
      assertThat(refused.header("Retry-After")).isNotNull();
      assertThat(sender.send(body, "forged").status()).as("nothing is judged meanwhile").isEqualTo(503);
      servers.servers().start(Kind.POSTGRES);
      Await.until(Duration.ofSeconds(20), "the webhook is taken", () -> sender.send(body).status() == 200);
    }
    Await.until(Duration.ofSeconds(20), "it is processed", () -> site.number("""
      SELECT count(*) FROM provider_event_result JOIN provider_event USING (xid, position)
       WHERE event_id = '%s' AND outcome = 'ignored'""".formatted(event)) == 1);
  }

  /** Hung is worse than gone: connections stand, and nothing comes back. */
  @Test
  void postgres_hung_isSaidAndRecoversByItself() throws Exception {
    long from = load.nowMs();
    var processes = postgres();
    try {
      for (long pid : processes) signal("STOP", pid);
      awaitMs(from + 13_000);
    } finally {
      for (long pid : processes.reversed()) signal("CONT", pid);
    }
    long until = load.nowMs();
    awaitMore(100, Duration.ofSeconds(20));
    assertAllSettled();
    // The first must find out: a statement's time-out, and the wait for its outcome.
    assertRefusals(from, from + 9_000, until);
  }

  /** Every refusal has its code and Retry-After; once the outage is known, each comes within a second. */
  private void assertRefusals(long from, long knownFrom, long until) {
    var refused = load.tries().stream().filter(t -> t.status() != 202).toList();
    assertThat(refused).isNotEmpty().allSatisfy(t -> {
      assertThat(t.status()).as(t.toString()).isEqualTo(503);
      assertThat(t.code()).as(t.toString()).isEqualTo("storage_unavailable");
      assertThat(t.retryAfter()).as(t.toString()).isNotNull();
      assertThat(t.atMs()).as(t.toString()).isGreaterThan(from - 1_000);
      assertThat(t.tookMs()).as(t.toString()).isLessThan(9_500);
    });
    var late = refused.stream().filter(t -> t.atMs() > knownFrom && t.atMs() < until).toList();
    assertThat(late).as("refusals once the outage was known").isNotEmpty();
    assertThat(late.stream().filter(t -> t.tookMs() >= 1_000)).as("slow ones among them").isEmpty();
  }

  private static List<Long> postgres() {
    String directory = Sql.text(site, "SHOW data_directory");
    try (
        Stream<String> file = java.nio.file.Files.lines(java.nio.file.Path.of(directory, "postmaster.pid"))) {
      long postmaster = Long.parseLong(file.findFirst().orElseThrow().strip());
      var all = new ArrayList<Long>(List.of(postmaster));
      ProcessHandle.of(postmaster).orElseThrow().descendants().forEach(child -> all.add(child.pid()));
      return all;
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static void signal(String name, long pid) throws IOException, InterruptedException {
    new ProcessBuilder("kill", "-" + name, Long.toString(pid)).start().waitFor();
  }

  private void awaitMs(long ms) {
    Await.until(Duration.ofSeconds(30), "the outage has lasted", () -> load.nowMs() >= ms);
  }

  private void awaitMore(int payments, Duration bound) {
    int before = load.accepted();
    Await.until(bound, "payments are accepted", () -> load.accepted() >= before + payments);
  }

  private void assertAllSettled() {
    load.stop();
    Audit.awaitRest(site, gateway, Duration.ofSeconds(40));
    assertThat(Sql.statuses(site)).containsOnlyKeys("settled");
    load.assertReplays(gateway.apiUrl());
    Audit.assertConsistent(site, gateway);
    assertThat(gateway.alive()).isTrue();
  }
}
