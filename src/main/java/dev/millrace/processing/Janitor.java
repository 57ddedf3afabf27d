package dev.millrace.processing;

import dev.millrace.inbox.PayerReturnStore;
import dev.millrace.platform.Database;
import dev.millrace.platform.TypeId;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds payments that nothing drives any more, from Postgres alone: the answer to lost records and lost retries.
 * Every payment is looked at once, {@code ageMs} after it was made, and every operation that has stood still for so long;
 * what is not at rest then is noted and tried again at doubling intervals until it is. Several may run: each row is claimed by one.
 */
final class Janitor {
  private static final Logger LOG = LoggerFactory.getLogger(Janitor.class);
  private static final int PAGE = 5_000;
  private static final String NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
  private static final String LOOK = """
    WITH mark AS (SELECT watermark FROM janitor FOR UPDATE SKIP LOCKED),
    page AS (
      SELECT p.id, p.status FROM mark, payment p WHERE p.id > mark.watermark AND p.id < $1::uuid ORDER BY p.id LIMIT $2::int
    ), noted AS (
      INSERT INTO unresolved (payment_id)
      SELECT id FROM page WHERE status IN ('initiated', 'provider_submitted', 'unknown') ON CONFLICT DO NOTHING
    )
    UPDATE janitor SET watermark = (SELECT id FROM page ORDER BY id DESC LIMIT 1) WHERE EXISTS (SELECT FROM page)
    RETURNING (SELECT count(*) FROM page)""";
  private static final String OPERATIONS = """
    INSERT INTO unresolved (payment_id)
    SELECT DISTINCT payment_id FROM operation
     WHERE status IN ('requested', 'submitted', 'unknown') AND updated < now() - $1::bigint * interval '1 ms'
    ON CONFLICT DO NOTHING""";
  private static final String CLAIM = """
    UPDATE unresolved SET tries = tries + 1, next_try = now() + least(3600, 30 * 2 ^ least(tries, 10)) * interval '1 s'
     WHERE payment_id IN (SELECT payment_id FROM unresolved WHERE next_try <= now() ORDER BY next_try LIMIT 200 FOR UPDATE SKIP LOCKED)
    RETURNING payment_id""";
  /** Of one in review that was never tried, the release is on its way. */
  private static final String FORGET = """
    DELETE FROM unresolved u USING payment p
     WHERE p.id = u.payment_id AND p.status NOT IN ('initiated', 'provider_submitted', 'unknown')
       AND (p.status <> 'in_review' OR u.tries > 0)
       AND NOT EXISTS (SELECT FROM operation o
                        WHERE o.payment_id = p.id AND o.status IN ('requested', 'submitted', 'unknown'))""";

  private final Vertx vertx;
  private final Database database;
  private final PayerReturnStore returns;
  private final long ageMs;
  private final long intervalMs;
  private final Function<UUID, Future<Void>> resume;
  private volatile long unresolved;
  private boolean closed;

  /** {@code resume} drives one payment on; its failures are its own to report. */
  Janitor(Vertx vertx, Database database, long ageMs, long intervalMs, Function<UUID, Future<Void>> resume,
      MeterRegistry registry) {
    this.vertx = vertx;
    this.database = database;
    this.returns = new PayerReturnStore(database);
    this.ageMs = ageMs;
    this.intervalMs = intervalMs;
    this.resume = resume;
    Gauge.builder("millrace.payments.unresolved", this, j -> j.unresolved).register(registry);
  }

  void start() { later(intervalMs); }

  private void later(long ms) {
    vertx.setTimer(Math.max(1, ms), id -> {
      if (closed) return;
      round().onComplete(result -> {
        if (result.failed()) LOG.warn("janitor_failed error=\"{}\"", result.cause().getMessage());
        later(result.succeeded() && result.result() ? 1 : intervalMs);
      });
    });
  }

  /** One round; true when there is more to look at right away. */
  private Future<Boolean> round() {
    return database.query(NOW, Tuple.tuple())
        .compose(
            now -> database.query(LOOK,
                Tuple.of(TypeId.floor(now.iterator().next().getLong(0) - ageMs), PAGE)))
        .compose(looked -> {
          boolean more = looked.size() > 0 && looked.iterator().next().getLong(0) == PAGE;
          return database.query(OPERATIONS, Tuple.of(ageMs))
              .compose(v -> database.query(CLAIM, Tuple.tuple()))
              .compose(claimed -> {
                var driven = new ArrayList<Future<Void>>();
                for (Row row : claimed) driven.add(resume.apply(row.getUUID(0)));
                if (!driven.isEmpty()) LOG.info("janitor_resumes payments={}", driven.size());
                return Future.join(driven).otherwiseEmpty();
              }).compose(v -> database.query(FORGET, Tuple.tuple()))
              .compose(v -> returns.forget())
              .compose(v -> database.query("SELECT count(*) FROM unresolved", Tuple.tuple()))
              .map(rows -> {
                unresolved = rows.iterator().next().getLong(0);
                return more;
              });
        });
  }

  void close() { closed = true; }
}
