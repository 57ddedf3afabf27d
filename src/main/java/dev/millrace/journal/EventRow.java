package dev.millrace.journal;

import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One event as it is shown to its merchant. {@code data}: its own fields, JSON; {@code asked}: for a
 * payment's later events the data of its first one.
 */
public record EventRow(Cursor place, UUID subject, int version, String type, UUID merchant, boolean livemode,
    String traceparent, OffsetDateTime recorded, String data, @Nullable String asked) {

  /**
   * With {@code j} as the event. The payment's first one is looked up by itself: no plan joins the journal to
   * itself.
   */
  static final String COLUMNS = """
    j.xid::text, j.position, j.subject, j.version, j.type, j.merchant, j.livemode, j.traceparent, j.recorded,
      j.data::text, CASE WHEN j.version > 1 AND j.type LIKE 'payment.%' THEN
        (SELECT f.data::text FROM journal f WHERE f.subject = j.subject AND f.version = 1) END
    """;

  /** Reads {@link #COLUMNS} from column {@code at} on. */
  static EventRow of(Row row, int at) {
    return new EventRow(new Cursor(Long.parseUnsignedLong(row.getString(at)), row.getLong(at + 1)),
        row.getUUID(at + 2), row.getInteger(at + 3), row.getString(at + 4), row.getUUID(at + 5),
        row.getBoolean(at + 6), row.getString(at + 7), row.getOffsetDateTime(at + 8), row.getString(at + 9),
        row.getString(at + 10));
  }
}
