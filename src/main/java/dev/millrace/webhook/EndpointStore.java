package dev.millrace.webhook;

import dev.millrace.journal.Cursor;
import dev.millrace.journal.JournalEntries;
import dev.millrace.payment.EventType;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Webhook endpoints in Postgres, as their merchants manage them. Whatever changes one moves {@code changed}.
 */
public final class EndpointStore {
  private static final String OWN = " WHERE id = $1::uuid AND merchant = $2::uuid AND livemode = $3::bool AND deleted IS NULL";
  /** The lock keeps two creations from both finding the last free place. */
  private static final String LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('webhook_endpoint' || $1::uuid, 0))";
  private static final String COUNT = """
    SELECT count(*) FROM webhook_endpoint WHERE merchant = $1::uuid AND livemode = $2::bool AND deleted IS NULL""";
  private static final String INSERT = """
    INSERT INTO webhook_endpoint (id, merchant, livemode, url, description, enabled_events, headers, api_version,
        stripe_signature, ordered, max_in_flight, rate, secret)
    VALUES ($1::uuid, $2::uuid, $3::bool, $4::text, $5::text, $6::text[], $7::text, $8::text, $9::bool, $10::bool, $11::int,
        $12::int, $13::text)
    RETURNING\s"""
      + Endpoint.COLUMNS;
  private static final String UPDATE = """
    UPDATE webhook_endpoint SET changed = clock_timestamp(), url = $4::text, description = $5::text,
        enabled_events = $6::text[], headers = $7::text, api_version = $8::text, stripe_signature = $9::bool,
        ordered = $10::bool, max_in_flight = $11::int, rate = $12::int,
        status = CASE WHEN $13::bool THEN 'enabled' ELSE 'disabled' END,
        disabled_reason = CASE WHEN $13::bool THEN NULL WHEN status = 'disabled' THEN disabled_reason ELSE 'merchant' END,
        failing_since = CASE WHEN $13::bool AND status = 'disabled' THEN NULL ELSE failing_since END,
        broken = broken AND NOT ($13::bool AND status = 'disabled')
    """
      + OWN + " RETURNING " + Endpoint.COLUMNS;
  private static final String ROTATE = """
    UPDATE webhook_endpoint SET changed = clock_timestamp(), secret = $4::text,
        old_secret = CASE WHEN $5::bigint > 0 THEN secret END,
        old_secret_until = CASE WHEN $5::bigint > 0 THEN now() + $5::bigint * interval '1 s' END
    """ + OWN + " RETURNING " + Endpoint.COLUMNS;
  private static final String DELETE = "UPDATE webhook_endpoint SET changed = clock_timestamp(), deleted = now()"
      + OWN + " RETURNING 1";
  private static final String FIND = "SELECT " + Endpoint.COLUMNS + " FROM webhook_endpoint" + OWN;
  private static final String LIST = "SELECT " + Endpoint.COLUMNS
      + """
        FROM webhook_endpoint
        WHERE merchant = $1::uuid AND livemode = $2::bool AND deleted IS NULL AND ($3::uuid IS NULL OR id < $3::uuid)
        ORDER BY id DESC LIMIT $4::int""";
  /**
   * The notifier hears of changes by time, some seconds over again: a change may commit later than a younger
   * one.
   */
  private static final String CHANGED = "SELECT " + Endpoint.COLUMNS + """
    FROM webhook_endpoint
    WHERE changed >= $1::timestamptz - interval '10 s' AND (deleted IS NULL OR $2::bool)""";
  private static final String FOUND = """
    SELECT 1 FROM webhook_endpoint WHERE id = $1::uuid AND merchant = $2::uuid AND livemode = $3::bool""";
  private static final String TEST = append("");
  private static final String DISABLE = append(", status = 'disabled', disabled_reason = $7::text");

  /** An event of an enabled endpoint, and what {@code changes} with it. */
  private static String append(String changes) {
    return """
      WITH e AS (
        UPDATE webhook_endpoint SET version = version + 1, changed = clock_timestamp():changes
         WHERE id = $1::uuid AND deleted IS NULL AND status = 'enabled'
        RETURNING id, version, merchant, livemode
      ), w AS (
        :count
      )
      """
        .replace(":changes", changes).replace(":count", JournalEntries.count("$5::text", "e"))
        + JournalEntries.insert("e", "version", "$2::text", "$6::text", "$3::text", "$4::text")
        + JournalEntries.PLACE;
  }

  private final Sql sql;

  /** {@code sql} runs one statement; of a transaction, for what must stand or fall together. */
  public EndpointStore(Sql sql) {
    this.sql = sql;
  }

  private static List<Endpoint> endpoints(RowSet<Row> rows) {
    var list = new ArrayList<Endpoint>(rows.size());
    rows.forEach(row -> list.add(Endpoint.of(row)));
    return list;
  }

  private static @Nullable Endpoint first(RowSet<Row> rows) {
    return rows.size() == 0 ? null : Endpoint.of(rows.iterator().next());
  }

  private static Tuple settings(Tuple t, Endpoint.Settings s) {
    var headers = new JsonObject();
    s.headers().forEach(headers::put);
    return t.addValue(s.url().toString()).addValue(s.description())
        .addValue(s.enabledEvents().toArray(String[]::new)).addValue(headers.encode())
        .addValue(s.apiVersion())
        .addValue(s.stripeSignature()).addValue(s.ordered()).addValue(s.maxInFlight()).addValue(s.rate());
  }

  /** Makes one; null when the merchant has {@code countMax} already. Must run in a transaction. */
  public Future<@Nullable Endpoint> create(UUID id, UUID merchant, boolean livemode,
      Endpoint.Settings settings,
      int countMax) {
    return sql.query(LOCK, Tuple.of(merchant))
        .compose(v -> sql.query(COUNT, Tuple.of(merchant, livemode)))
        .compose(rows -> rows.iterator().next().getLong(0) >= countMax
            ? Future.succeededFuture()
            : sql.query(INSERT,
                settings(Tuple.tuple().addValue(id).addValue(merchant).addValue(livemode), settings)
                    .addValue(Signer.newSecret()))
                .map(EndpointStore::first));
  }

  /**
   * Replaces what the merchant chooses; null when there is no such endpoint. Enabling forgets old failures.
   */
  public Future<@Nullable Endpoint> update(Endpoint old, Endpoint.Settings settings, boolean enabled) {
    return sql.query(UPDATE,
        settings(Tuple.tuple().addValue(old.id()).addValue(old.merchant()).addValue(old.livemode()), settings)
            .addValue(enabled))
        .map(EndpointStore::first);
  }

  /** Gives it a new secret; the one before it signs too for {@code graceSeconds} more. */
  public Future<@Nullable Endpoint> rotate(Endpoint old, long graceSeconds) {
    return sql.query(ROTATE,
        Tuple.of(old.id(), old.merchant(), old.livemode(), Signer.newSecret(), graceSeconds))
        .map(EndpointStore::first);
  }

  /** Whether there was one to delete. Its log stays. */
  public Future<Boolean> delete(UUID merchant, boolean livemode, UUID id) {
    return sql.query(DELETE, Tuple.of(id, merchant, livemode)).map(rows -> rows.size() == 1);
  }

  /** One of this merchant and mode, or null. */
  public Future<@Nullable Endpoint> find(UUID merchant, boolean livemode, UUID id) {
    return sql.query(FIND, Tuple.of(id, merchant, livemode)).map(EndpointStore::first);
  }

  /** Its id if the merchant has one in this mode, or has had it and deleted it; else null. */
  public Future<@Nullable UUID> found(UUID merchant, boolean livemode, UUID id) {
    return sql.query(FOUND, Tuple.of(id, merchant, livemode)).map(rows -> rows.size() == 0 ? null : id);
  }

  /** The same as {@link #find}, and nobody else changes it before the transaction ends. */
  public Future<@Nullable Endpoint> lock(UUID merchant, boolean livemode, UUID id) {
    return sql.query(FIND + " FOR UPDATE", Tuple.of(id, merchant, livemode)).map(EndpointStore::first);
  }

  /** Newest first, those older than {@code after}; one more than the limit when there are more. */
  public Future<List<Endpoint>> list(UUID merchant, boolean livemode, @Nullable UUID after, int limit) {
    return sql
        .query(LIST, Tuple.tuple().addValue(merchant).addValue(livemode).addValue(after).addValue(limit + 1))
        .map(EndpointStore::endpoints);
  }

  /** All that changed since about then, deleted ones too; from the start, all there are. */
  Future<List<Endpoint>> changed(@Nullable OffsetDateTime since) {
    return sql.query(CHANGED,
        Tuple.of(since == null ? OffsetDateTime.parse("2000-01-01T00:00:00Z") : since, since != null))
        .map(EndpointStore::endpoints);
  }

  /**
   * Writes a {@code webhook_endpoint.test} into the journal; answers its place, or null when the endpoint is
   * not enabled. {@code writer} names the work counter.
   */
  public Future<@Nullable Cursor> test(Endpoint endpoint, String traceparent, String writer) {
    var data = new JsonObject().put("url", endpoint.settings().url().toString());
    return sql.query(TEST, Tuple.of(endpoint.id(), EventType.ENDPOINT_TEST.wire(), traceparent, data.encode(),
        writer, "merchant"))
        .map(rows -> {
          if (rows.size() == 0) return null;
          var row = rows.iterator().next();
          return new Cursor(Long.parseUnsignedLong(row.getString(0)), row.getLong(1));
        });
  }

  /** Disables it with its event, in one statement; false when it was not enabled any more. */
  Future<Boolean> disable(Endpoint endpoint, String reason, String traceparent, String writer) {
    var data = new JsonObject().put("url", endpoint.settings().url().toString()).put("reason", reason);
    if (endpoint.failingSince() != null)
      data.put("failing_since", endpoint.failingSince().toInstant().toString());
    return sql.query(DISABLE, Tuple.of(endpoint.id(), EventType.ENDPOINT_DISABLED.wire(), traceparent,
        data.encode(), writer, "gateway").addValue(reason)).map(rows -> rows.size() == 1);
  }

  /** Notes how its calls go. Does not move {@code changed}: the notifier, who writes it, knows. */
  Future<Void> health(UUID endpoint, @Nullable OffsetDateTime failingSince, boolean broken,
      @Nullable OffsetDateTime recovered) {
    return sql.query(
        """
          UPDATE webhook_endpoint SET failing_since = $2::timestamptz, broken = $3::bool, recovered = $4::timestamptz
           WHERE id = $1::uuid""",
        Tuple.tuple().addValue(endpoint).addValue(failingSince).addValue(broken)
            .addValue(recovered))
        .mapEmpty();
  }
}
