package dev.millrace.webhook;

import dev.millrace.journal.Cursor;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Deliveries as their merchant sees them: which there are, each attempt, and another one on demand. */
public final class DeliveryLog {
  /** What a delivery may be. */
  public static final List<String> STATUSES = List.of("pending", "delivered", "dead", "held");

  /** One delivery. {@code nextAt} counts while it is pending. */
  public record Entry(UUID id, UUID endpoint, Cursor event, String apiVersion, String type, UUID subject,
      String status,
      int attempts, OffsetDateTime nextAt, @Nullable Integer lastStatus, @Nullable String lastError,
      OffsetDateTime created, @Nullable OffsetDateTime finished) {}

  /** One attempt. {@code status}: the answer's, null when none came; {@code response}: its first 4 KiB. */
  public record Attempt(int number, OffsetDateTime at, @Nullable Integer status, @Nullable String error,
      int latencyMs,
      @Nullable Buffer response) {}

  /** What a list is narrowed to; null means any. */
  public record Filter(@Nullable UUID endpoint, @Nullable String status, @Nullable String type,
      @Nullable Cursor event,
      @Nullable UUID after, int limit) {}

  private static final String COLUMNS = """
    d.id, d.endpoint, d.xid::text, d.position, d.api_version, d.type, d.subject, d.status, d.attempts, d.next_at,
      d.last_status, d.last_error, d.created, d.finished
    """;
  private static final String OWN = """
    FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint
     WHERE d.id = $1::uuid AND e.merchant = $2::uuid AND e.livemode = $3::bool AND e.deleted IS NULL""";
  private static final String LIST = "SELECT " + COLUMNS
      + """
         FROM webhook_endpoint e CROSS JOIN LATERAL (
           SELECT w.* FROM webhook_delivery w
            WHERE w.endpoint = e.id AND ($4::text IS NULL OR w.status = $4::text) AND ($5::text IS NULL OR w.type = $5::text)
              AND ($6::text IS NULL OR (w.xid = $6::text::xid8 AND w.position = $7::int8))
              AND ($8::uuid IS NULL OR (w.xid, w.position, w.endpoint) < (SELECT a.xid, a.position, a.endpoint FROM webhook_delivery a WHERE a.id = $8::uuid))
            ORDER BY w.xid DESC, w.position DESC LIMIT $9::int) d
        WHERE e.merchant = $1::uuid AND e.livemode = $2::bool AND e.deleted IS NULL AND ($3::uuid IS NULL OR e.id = $3::uuid)
        ORDER BY d.xid DESC, d.position DESC, d.endpoint DESC LIMIT $9::int""";
  private static final String FOUND = """
    SELECT 1 FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint
     WHERE d.id = $1::uuid AND e.merchant = $2::uuid AND e.livemode = $3::bool""";
  private static final String ATTEMPTS = """
    SELECT number, at, status, error, latency_ms, response FROM webhook_attempt WHERE delivery = $1::uuid ORDER BY number""";
  /** What is dead gets one attempt more; what was delivered or held begins anew. */
  private static final String RETRY = """
    WITH e AS (
      UPDATE webhook_endpoint SET changed = clock_timestamp()
       WHERE id = $2::uuid AND status = 'enabled' AND deleted IS NULL RETURNING id
    )
    UPDATE webhook_delivery AS d SET status = 'pending', next_at = now(), finished = NULL,
           tries = CASE WHEN d.status IN ('delivered', 'held') THEN 0 ELSE tries END
      FROM e WHERE d.endpoint = e.id AND d.id = $1::uuid
    RETURNING\s""" + COLUMNS;

  private final Sql sql;

  public DeliveryLog(Sql sql) {
    this.sql = sql;
  }

  private static Entry entry(Row r) {
    return new Entry(r.getUUID(0), r.getUUID(1),
        new Cursor(Long.parseUnsignedLong(r.getString(2)), r.getLong(3)),
        r.getString(4), r.getString(5), r.getUUID(6), r.getString(7), r.getInteger(8), r.getOffsetDateTime(9),
        r.getInteger(10), r.getString(11), r.getOffsetDateTime(12), r.getOffsetDateTime(13));
  }

  private static @Nullable Entry first(RowSet<Row> rows) {
    return rows.size() == 0 ? null : entry(rows.iterator().next());
  }

  /** Of this merchant and mode, the newest events first; one more than the limit when there are more. */
  public Future<List<Entry>> list(UUID merchant, boolean livemode, Filter f) {
    return sql.query(LIST,
        Tuple.tuple().addValue(merchant).addValue(livemode).addValue(f.endpoint).addValue(f.status)
            .addValue(f.type).addValue(f.event == null ? null : f.event.xidText())
            .addValue(f.event == null ? null : f.event.position()).addValue(f.after).addValue(f.limit + 1))
        .map(rows -> {
          var list = new ArrayList<Entry>(rows.size());
          rows.forEach(row -> list.add(entry(row)));
          return list;
        });
  }

  /** One of this merchant and mode, or null. */
  public Future<@Nullable Entry> find(UUID merchant, boolean livemode, UUID id) {
    return sql.query("SELECT " + COLUMNS + " " + OWN, Tuple.of(id, merchant, livemode))
        .map(DeliveryLog::first);
  }

  /** Its id if there is one of this merchant and mode, though its endpoint may be deleted; else null. */
  public Future<@Nullable UUID> found(UUID merchant, boolean livemode, UUID id) {
    return sql.query(FOUND, Tuple.of(id, merchant, livemode)).map(rows -> rows.size() == 0 ? null : id);
  }

  /** Every attempt, in order. */
  public Future<List<Attempt>> attempts(UUID delivery) {
    return sql.query(ATTEMPTS, Tuple.of(delivery)).map(rows -> {
      var list = new ArrayList<Attempt>(rows.size());
      for (Row r : rows) {
        list.add(new Attempt(r.getInteger(0), r.getOffsetDateTime(1), r.getInteger(2), r.getString(3),
            r.getInteger(4),
            r.getBuffer(5)));
      }
      return list;
    });
  }

  /** Makes it due at once; null when its endpoint is not enabled. */
  public Future<@Nullable Entry> retry(Entry delivery) {
    return sql.query(RETRY, Tuple.of(delivery.id, delivery.endpoint)).map(DeliveryLog::first);
  }
}
