package dev.millrace.journal;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads disputes, with what each moved. */
public final class DisputeReads {
  /**
   * A dispute; {@code status} is open, won or lost, {@code amount} minor units, {@code version} of its own
   * events.
   */
  public record DisputeRow(UUID id, UUID payment, boolean livemode, String provider, String providerReference,
      String status, long amount, String currency, @Nullable String reason,
      @Nullable OffsetDateTime evidenceDue, int version, OffsetDateTime created, OffsetDateTime updated,
      List<Line> movements) {}

  /** A posting that an event of the payment made for the dispute; debits are positive. */
  public record Line(String event, String account, long amount, OffsetDateTime recorded) {}

  /** Null means any; {@code after} is the last one of the page before. */
  public record Filter(@Nullable UUID payment, @Nullable String status, @Nullable UUID after, int limit) {}

  private static final String SELECT = """
    SELECT d.id, d.payment_id, d.livemode, d.provider, d.provider_reference, d.status, d.amount, d.currency, d.reason,
           d.evidence_due, d.version, d.created, d.updated
      FROM dispute d WHERE d.merchant = $1::uuid AND d.livemode = $2::bool
    """;
  private static final String ONE = SELECT + " AND d.id = $3::uuid";
  private static final String LIST = SELECT
      + """
          AND ($3::uuid IS NULL OR d.payment_id = $3::uuid) AND ($4::text IS NULL OR d.status = $4::text)
          AND ($5::uuid IS NULL OR (d.created, d.id) < (SELECT a.created, a.id FROM dispute a WHERE a.id = $5::uuid))
        ORDER BY d.created DESC, d.id DESC LIMIT $6::int""";
  private static final String LINES = """
    SELECT d.id, j.type, p.account, p.amount, j.recorded
      FROM dispute d JOIN journal j ON j.subject = d.payment_id AND j.data ->> 'dispute' = d.provider_reference
      JOIN posting p ON p.xid = j.xid AND p.position = j.position
     WHERE d.id = ANY($1::uuid[]) ORDER BY d.id, j.version, p.line""";

  private final Sql sql;

  public DisputeReads(Sql sql) { this.sql = sql; }

  /** A dispute of this merchant and mode; null when there is none. */
  public Future<@Nullable DisputeRow> one(UUID merchant, boolean livemode, UUID id) {
    return sql.query(ONE, Tuple.of(merchant, livemode, id)).compose(this::withLines)
        .map(rows -> rows.isEmpty() ? null : rows.getFirst());
  }

  /** The merchant's, newest first; one more than the limit when there are more. */
  public Future<List<DisputeRow>> list(UUID merchant, boolean livemode, Filter f) {
    return sql.query(LIST, Tuple.tuple().addValue(merchant).addValue(livemode).addValue(f.payment)
        .addValue(f.status).addValue(f.after).addValue(f.limit + 1)).compose(this::withLines);
  }

  private Future<List<DisputeRow>> withLines(RowSet<Row> rows) {
    var ids = new ArrayList<UUID>(rows.size());
    rows.forEach(row -> ids.add(row.getUUID(0)));
    return ids.isEmpty()
        ? Future.succeededFuture(List.of())
        : sql.query(LINES, Tuple.of((Object) ids.toArray(UUID[]::new))).map(lines -> {
          var of = new LinkedHashMap<UUID, List<Line>>();
          for (Row l : lines)
            of.computeIfAbsent(l.getUUID(0), id -> new ArrayList<>())
                .add(new Line(l.getString(1), l.getString(2), l.getLong(3), l.getOffsetDateTime(4)));
          return disputes(rows, of);
        });
  }

  private static List<DisputeRow> disputes(RowSet<Row> rows, Map<UUID, List<Line>> lines) {
    var list = new ArrayList<DisputeRow>(rows.size());
    for (Row r : rows)
      list.add(new DisputeRow(r.getUUID(0), r.getUUID(1), r.getBoolean(2), r.getString(3), r.getString(4),
          r.getString(5), r.getLong(6), r.getString(7), r.getString(8), r.getOffsetDateTime(9),
          r.getInteger(10), r.getOffsetDateTime(11), r.getOffsetDateTime(12),
          lines.getOrDefault(r.getUUID(0), List.of())));
    return list;
  }
}
