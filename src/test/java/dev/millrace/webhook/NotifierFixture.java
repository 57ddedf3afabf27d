package dev.millrace.webhook;

import dev.millrace.journal.EventId;
import dev.millrace.journal.EventReads;
import dev.millrace.payment.EventType;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.function.UnaryOperator;

/**
 * A notifier in this JVM on a database of its own, with a clock that the test turns, one merchant and its
 * receiver.
 */
final class NotifierFixture implements AutoCloseable {
  static final List<Duration> WINDOWS = List.of(Duration.ofSeconds(2), Duration.ofSeconds(20),
      Duration.ofSeconds(200),
      Duration.ofSeconds(2_000), Duration.ofSeconds(20_000));
  static final DeliveryPolicy POLICY = new DeliveryPolicy(WINDOWS, 20, 64, 16_384, 5, Duration.ofSeconds(5),
      Duration.ofSeconds(60),
      10,
      Duration.ofDays(5));
  private static final Duration BOUND = Duration.ofSeconds(15);
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  final TestDatabase database = TestDatabase.create();
  final Loop loop = new Loop();
  final MerchantServer receiver = new MerchantServer(loop.vertx());
  final UUID merchant = TypeId.next();
  final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  final EventId ids;
  private final Pool pool = database.pool(loop);
  private final long callMs;
  private volatile Instant now = Instant.parse("2026-11-21T12:00:00Z");
  private final InstantSource clock = () -> now;
  private final List<Runnable> running = new ArrayList<>();
  private Notifier notifier;
  private Lease lease;

  NotifierFixture(DeliveryPolicy policy) { this(policy, 500); }

  /** {@code callMs}: how long a call may take. */
  NotifierFixture(DeliveryPolicy policy, long callMs) {
    this.callMs = callMs;
    sql("INSERT INTO merchant (id, name) VALUES ('" + merchant + "', 'Test')");
    ids = loop.result(() -> EventId.load(this::query));
    start(policy);
  }

  private io.vertx.core.Future<RowSet<Row>> query(String sql, Tuple parameters) {
    return pool.preparedQuery(sql).execute(parameters);
  }

  /** Starts a notifier, as one of the role does. */
  void start(DeliveryPolicy policy) {
    PgLink rows = database.link(loop, "rows");
    PgLink writes = database.link(loop, "writes");
    loop.run(() -> {
      lease = new Lease(loop.vertx(), rows, "notifier", "test-" + TypeId.next(), 60_000);
      var endpoints = new EndpointStore(rows);
      var sender = new Sender(loop.vertx(), NotifierFixture::resolve, new AddressPolicy(true), clock, 256,
          callMs);
      var store = new DeliveryStore(writes);
      var scheduler = new Scheduler(loop.vertx(), store, endpoints, sender, ids, policy, clock, new Random(7),
          "test",
          registry);
      notifier = new Notifier(loop.vertx(), lease, new EventReads(rows), store, endpoints,
          new ReplayOrders(rows), scheduler, ids, clock, new AdaptiveInterval(5, 50), registry);
      lease.start();
      notifier.start();
    });
  }

  /**
   * Stops it in an orderly way; a crash loses no more than what it has in memory, which this loses as well.
   */
  void stop() {
    loop.result(() -> notifier.close());
    loop.result(() -> lease.close());
  }

  private static io.vertx.core.Future<InetAddress> resolve(String host) {
    try {
      return io.vertx.core.Future.succeededFuture(InetAddress.getByName(host));
    } catch (UnknownHostException e) {
      return io.vertx.core.Future.failedFuture(e);
    }
  }

  Instant now() { return now; }

  /** Turns the clock on. */
  void pass(Duration time) { now = now.plus(time); }

  /** An endpoint for all events at a path of the receiver. */
  Endpoint endpoint(String path) {
    return endpoint(path, s -> s);
  }

  Endpoint endpoint(String path, UnaryOperator<Endpoint.Settings> change) {
    return endpointAt(URI.create(receiver.url(path)), change);
  }

  Endpoint endpointAt(URI url, UnaryOperator<Endpoint.Settings> change) {
    var settings = change
        .apply(new Endpoint.Settings(url, null, List.of("*"), Map.of(), "2026-11-21", false, false, 16,
            null));
    UUID id = TypeId.next();
    return loop
        .result(() -> pool.withTransaction(c -> new EndpointStore((sql, t) -> c.preparedQuery(sql).execute(t))
            .create(id, merchant, false, settings, 1_000)));
  }

  EndpointStore store() { return new EndpointStore(this::query); }

  DeliveryLog log() { return new DeliveryLog(this::query); }

  ReplayOrders replays() { return new ReplayOrders(this::query); }

  Endpoint reload(Endpoint e) { return loop.result(() -> store().find(merchant, false, e.id())); }

  /** An event of a new payment's; answers the payment. */
  UUID event(EventType type) {
    UUID payment = TypeId.next();
    event(payment, 1, type);
    return payment;
  }

  void event(UUID subject, int version, EventType type) {
    sql("INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data) VALUES ('"
        + subject
        + "', " + version + ", '" + type.wire() + "', '" + merchant + "', false, 'test', '" + TRACE
        + "', '{\"amount\":1999,\"currency\":\"usd\"}')");
  }

  void sql(String statement) {
    try (var connection = database.owner(); var s = connection.createStatement()) {
      s.execute(statement);
    } catch (SQLException e) {
      throw new IllegalStateException(statement, e);
    }
  }

  long count(String status) {
    return database.number("SELECT count(*) FROM webhook_delivery WHERE status = '" + status + "'");
  }

  void await(String what, java.util.function.BooleanSupplier condition) {
    Await.until(BOUND, what, condition);
  }

  void awaitGot(String path, int count) {
    await(count + " requests at " + path + ", there are " + receiver.got(path).size(),
        () -> receiver.got(path).size() >= count);
  }

  void awaitCount(String status, long count) {
    await(count + " deliveries " + status, () -> count(status) == count);
  }

  double metric(String name) {
    return registry.find(name).counters().stream().mapToDouble(c -> c.count()).sum();
  }

  static java.time.OffsetDateTime utc(Instant instant) { return instant.atOffset(ZoneOffset.UTC); }

  @Override
  public void close() {
    loop.run(() -> notifier.close());
    receiver.close();
    loop.close();
  }
}
