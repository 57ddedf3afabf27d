package dev.millrace.webhook;

import dev.millrace.platform.Lease;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Forgets what is too old: deliveries with their attempts and bodies, providers' webhooks, and dead letters that were
 * replayed or discarded. Some thousand rows at a time, while the lease is held. A body outlives its event's retention by
 * more than a delivery takes; a dead letter that waits for a decision or its replay is never forgotten.
 */
final class Retention {
  private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
  private static final long EVERY_MS = 10_000;
  /** By how much a body outlives its event's retention. */
  static final Duration MARGIN = Duration.ofDays(1);
  private static final String ATTEMPTS = """
    DELETE FROM webhook_attempt WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM webhook_attempt WHERE delivery < $1::uuid ORDER BY delivery LIMIT 5000))""";
  private static final String DELIVERIES = """
    DELETE FROM webhook_delivery WHERE id = ANY(ARRAY(
      SELECT id FROM webhook_delivery WHERE id < $1::uuid ORDER BY id LIMIT 5000))""";
  private static final String MESSAGES = """
    DELETE FROM webhook_message WHERE ctid = ANY(ARRAY(
      SELECT m.ctid FROM webhook_message m, LATERAL (
        SELECT xid, position FROM journal_milestone WHERE at <= $1::timestamptz ORDER BY at DESC LIMIT 1) AS s
       WHERE (m.xid, m.position) < (s.xid, s.position) ORDER BY m.xid, m.position LIMIT 5000))""";
  private static final String RESULTS = """
    DELETE FROM provider_event_result WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM provider_event_result WHERE processed < $1::timestamptz LIMIT 5000))""";
  private static final String RECEIVED = """
    DELETE FROM provider_event WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM provider_event WHERE received < $1::timestamptz LIMIT 5000))""";
  /** One that is decided anew at this moment is looked at again, and stays. */
  private static final String LETTERS = """
    DELETE FROM dead_letter WHERE status IN ('replayed', 'discarded') AND id = ANY(ARRAY(
      SELECT id FROM dead_letter
       WHERE status IN ('replayed', 'discarded') AND greatest(created, decided, outcome_at) < $1::timestamptz LIMIT 5000))""";

  private final Vertx vertx;
  private final Lease lease;
  private final Sql sql;
  private final InstantSource clock;
  private final Duration events;
  private final Duration inbox;
  private final Duration letters;
  private long timer;

  /**
   * {@code events}: how long events and their deliveries are kept; {@code inbox}: providers' webhooks; {@code letters}: dead
   * letters, after the last that became of them.
   */
  Retention(Vertx vertx, Lease lease, Sql sql,
      InstantSource clock,
      Duration events, Duration inbox, Duration letters) {
    this.vertx = vertx;
    this.lease = lease;
    this.sql = sql;
    this.clock = clock;
    this.events = events;
    this.inbox = inbox;
    this.letters = letters;
  }

  void start() {
    timer = vertx.setPeriodic(EVERY_MS, id -> {
      if (lease.held()) forget().onFailure(e -> LOG.warn("retention_failed error=\"{}\"", e.getMessage()));
    });
  }

  /** One round; completes with the number of rows it has deleted. */
  Future<Integer> forget() {
    var eldest = clock.instant().minus(events);
    var id = Tuple.of(TypeId.floor(eldest.toEpochMilli()));
    var received = Tuple.of(clock.instant().minus(inbox).atOffset(java.time.ZoneOffset.UTC));
    var decided = Tuple.of(clock.instant().minus(letters).atOffset(java.time.ZoneOffset.UTC));
    return delete(0, ATTEMPTS, id).compose(n -> delete(n, DELIVERIES, id))
        .compose(n -> delete(n, MESSAGES,
            Tuple.of(eldest.minus(MARGIN).atOffset(java.time.ZoneOffset.UTC))))
        .compose(n -> delete(n, RESULTS, received)).compose(n -> delete(n, RECEIVED, received))
        .compose(n -> delete(n, LETTERS, decided));
  }

  private Future<Integer> delete(int before, String statement, Tuple parameters) {
    return sql.query(statement, parameters).map(rows -> before + rows.rowCount());
  }

  void close() { vertx.cancelTimer(timer); }
}
