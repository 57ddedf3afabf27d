package dev.millrace.journal;

import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;
import java.util.UUID;

/**
 * One row of the journal.
 *
 * @param xid the transaction that wrote it, as text (an unsigned 64-bit number)
 * @param data the event's own fields, JSON
 */
public record JournalRow(String xid, long position, UUID subject, int version, String type, UUID merchant,
    boolean livemode, String actor, String traceparent, OffsetDateTime recorded, String data) {

  static final String COLUMNS = "xid::text, position, subject, version, type, merchant, livemode, actor, traceparent, recorded, data::text";

  static JournalRow of(Row row) {
    return new JournalRow(row.getString(0), row.getLong(1), row.getUUID(2), row.getInteger(3),
        row.getString(4),
        row.getUUID(5), row.getBoolean(6), row.getString(7), row.getString(8), row.getOffsetDateTime(9),
        row.getString(10));
  }

  Cursor place() { return new Cursor(Long.parseUnsignedLong(xid), position); }
}
