package dev.millrace.journal;

import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The payments that nothing may drive any more: the tables {@code unresolved}, those that are looked after,
 * {@code janitor}, up to which payment all have been looked at once, and {@code payment_processing}, those
 * that will be looked after if their providers do not decide. Several may call at once: each row
 * is claimed by one.
 */
public final class UnresolvedPayments {
  private static final int PAGE = 5_000;
  private static final String NOW = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint";
  private static final String LOOK = """
    WITH mark AS (SELECT watermark FROM janitor FOR UPDATE SKIP LOCKED),
    page AS (
      SELECT p.id, p.status FROM mark, payment p WHERE p.id > mark.watermark AND p.id < $1::uuid
       ORDER BY p.id LIMIT $2::int
    ), noted AS (
      INSERT INTO unresolved (payment_id)
      SELECT id FROM page WHERE status IN ('initiated', 'provider_submitted', 'unknown', 'processing')
      ON CONFLICT DO NOTHING
    )
    UPDATE janitor SET watermark = (SELECT id FROM page ORDER BY id DESC LIMIT 1)
     WHERE EXISTS (SELECT FROM page)
    RETURNING (SELECT count(*) FROM page)""";
  private static final String OPERATIONS = """
    INSERT INTO unresolved (payment_id)
    SELECT DISTINCT payment_id FROM operation
     WHERE status IN ('requested', 'submitted', 'unknown') AND updated < now() - $1::bigint * interval '1 ms'
    ON CONFLICT DO NOTHING""";
  /**
   * Part of the statement that appends events, after {@code moved (id, status)}: an index on payment instead
   * would cost every update of every payment.
   */
  static final String NOTE_PROCESSING = """
    INSERT INTO payment_processing (payment_id) SELECT id FROM moved WHERE status = 'processing'
      ON CONFLICT DO NOTHING""";
  private static final String PROCESSING = """
    WITH old AS (
      DELETE FROM payment_processing WHERE since < now() - $1::bigint * interval '1 ms' RETURNING payment_id
    )
    INSERT INTO unresolved (payment_id)
    SELECT p.id FROM old JOIN payment p ON p.id = old.payment_id WHERE p.status = 'processing'
    ON CONFLICT DO NOTHING""";
  private static final String CLAIM = """
    UPDATE unresolved
       SET tries = tries + 1, next_try = now() + least(3600, 30 * 2 ^ least(tries, 10)) * interval '1 s'
     WHERE payment_id IN (SELECT payment_id FROM unresolved WHERE next_try <= now()
                           ORDER BY next_try LIMIT 200 FOR UPDATE SKIP LOCKED)
    RETURNING payment_id""";
  /** Of one in review that was never tried, the release is on its way. */
  private static final String FORGET = """
    DELETE FROM unresolved u USING payment p
     WHERE p.id = u.payment_id AND p.status NOT IN ('initiated', 'provider_submitted', 'unknown', 'processing')
       AND (p.status <> 'in_review' OR u.tries > 0)
       AND NOT EXISTS (SELECT FROM operation o
                        WHERE o.payment_id = p.id AND o.status IN ('requested', 'submitted', 'unknown'))
    RETURNING u.payment_id""";
  private static final String WATCH = """
    INSERT INTO unresolved (payment_id, next_try) VALUES ($1::uuid, now() + interval '1 minute')
    ON CONFLICT DO NOTHING""";

  private final Sql sql;

  public UnresolvedPayments(Sql sql) {
    this.sql = sql;
  }

  /**
   * Looks at the next of the payments made more than {@code ageMs} ago and notes those not at rest; true when
   * there are more to look at right away.
   */
  public Future<Boolean> lookAtPayments(long ageMs) {
    return sql.query(NOW, Tuple.tuple())
        .compose(
            now -> sql.query(LOOK, Tuple.of(TypeId.floor(now.iterator().next().getLong(0) - ageMs), PAGE)))
        .map(looked -> looked.size() > 0 && looked.iterator().next().getLong(0) == PAGE);
  }

  /**
   * Notes the payments that their providers have not decided on, and those with operations that have stood
   * still, for {@code ageMs}.
   */
  public Future<Void> lookAtOperations(long ageMs) {
    return sql.query(OPERATIONS, Tuple.of(ageMs)).compose(v -> sql.query(PROCESSING, Tuple.of(ageMs)))
        .mapEmpty();
  }

  /** Some of those that are due, which are due again later, at doubling intervals. */
  public Future<List<UUID>> claim() {
    return sql.query(CLAIM, Tuple.tuple()).map(UnresolvedPayments::ids);
  }

  /** Forgets those that have come to rest, and answers which. */
  public Future<List<UUID>> forgetResolved() {
    return sql.query(FORGET, Tuple.tuple()).map(UnresolvedPayments::ids);
  }

  private static List<UUID> ids(RowSet<Row> rows) {
    var ids = new ArrayList<UUID>(rows.size());
    for (Row row : rows) ids.add(row.getUUID(0));
    return ids;
  }

  /** How many there are. */
  public Future<Long> count() {
    return sql.query("SELECT count(*) FROM unresolved", Tuple.tuple())
        .map(rows -> rows.iterator().next().getLong(0));
  }

  /** Has a payment looked after, from a minute from now on, whatever its age. */
  public Future<Void> watch(UUID payment) {
    return sql.query(WATCH, Tuple.of(payment)).mapEmpty();
  }
}
