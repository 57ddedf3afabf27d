package dev.millrace.webhook;

import dev.millrace.journal.Cursor;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Orders to deliver events of a range again, in Postgres until the notifier has carried them out. */
public final class ReplayOrders {
  private static final String INSERT = """
    INSERT INTO webhook_replay (id, endpoint, types, statuses, created_gte, created_lt, xid, position, until_xid, until_position)
    VALUES ($1::uuid, $2::uuid, $3::text[], $4::text[], $5::timestamptz, $6::timestamptz, $7::text::xid8, $8::int8,
        $9::text::xid8, $10::int8)""";
  private static final String TOUCH = "UPDATE webhook_endpoint SET changed = clock_timestamp() WHERE id = $1::uuid";
  private static final String OPEN = """
    SELECT id, endpoint, types, statuses, created_gte, created_lt, xid::text, position, until_xid::text, until_position
      FROM webhook_replay WHERE finished IS NULL ORDER BY created LIMIT 20""";
  private static final String ADVANCE = """
    UPDATE webhook_replay SET xid = $2::text::xid8, position = $3::int8, replayed = replayed + $4::int8,
           finished = CASE WHEN $5::bool THEN now() END
     WHERE id = $1::uuid""";

  /**
   * One order.
   *
   * @param types only these; null for those the endpoint listens to
   * @param statuses only events whose delivery is in one of these; null for all, also those never planned
   * @param from exclusive
   * @param until inclusive
   */
  public record Replay(UUID id, UUID endpoint, @Nullable List<String> types, @Nullable List<String> statuses,
      @Nullable OffsetDateTime createdGte, @Nullable OffsetDateTime createdLt, Cursor from, Cursor until) {

    boolean covers(OffsetDateTime recorded) {
      return (createdGte == null || !recorded.isBefore(createdGte))
          && (createdLt == null || recorded.isBefore(createdLt));
    }
  }

  private final Sql sql;

  public ReplayOrders(Sql sql) {
    this.sql = sql;
  }

  private static String @Nullable [] array(@Nullable List<String> list) {
    return list == null ? null : list.toArray(String[]::new);
  }

  private static @Nullable List<String> list(String @Nullable [] array) {
    return array == null ? null : List.of(array);
  }

  /** Gives an order. */
  public Future<Void> order(Replay r) {
    return sql.query(INSERT, Tuple.tuple().addValue(r.id).addValue(r.endpoint).addValue(array(r.types))
        .addValue(array(r.statuses)).addValue(r.createdGte).addValue(r.createdLt).addValue(r.from.xidText())
        .addValue(r.from.position()).addValue(r.until.xidText()).addValue(r.until.position()))
        .compose(v -> sql.query(TOUCH, Tuple.of(r.endpoint))).mapEmpty();
  }

  /** The oldest orders that are not carried out. */
  Future<List<Replay>> open() {
    return sql.query(OPEN, Tuple.tuple()).map(rows -> {
      var open = new ArrayList<Replay>();
      for (Row row : rows) {
        open.add(new Replay(row.getUUID(0), row.getUUID(1), list(row.getArrayOfStrings(2)),
            list(row.getArrayOfStrings(3)), row.getOffsetDateTime(4), row.getOffsetDateTime(5),
            new Cursor(Long.parseUnsignedLong(row.getString(6)), row.getLong(7)),
            new Cursor(Long.parseUnsignedLong(row.getString(8)), row.getLong(9))));
      }
      return open;
    });
  }

  /** Notes how far one has come. */
  Future<Void> advance(UUID id, Cursor place, int replayed, boolean finished) {
    return sql.query(ADVANCE, Tuple.of(id, place.xidText(), place.position(), (long) replayed, finished))
        .mapEmpty();
  }
}
