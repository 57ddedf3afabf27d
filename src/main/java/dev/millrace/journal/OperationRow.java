package dev.millrace.journal;

import dev.millrace.payment.Operation.Kind;
import dev.millrace.payment.Operation.State;
import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A capture, cancellation or refund as it stands.
 *
 * @param amount minor units; 0 for a cancellation
 * @param currency the payment's
 */
public record OperationRow(UUID id, UUID payment, Kind kind, State state, long amount, String currency,
    @Nullable String reason, @Nullable String providerReference, @Nullable String failureCode,
    @Nullable String failureMessage, OffsetDateTime created, OffsetDateTime updated) {

  static final String SELECT = """
    SELECT o.id, o.payment_id, o.kind, o.status, o.amount, p.currency, o.reason, o.provider_reference, o.failure_code,
           o.failure_message, o.created, o.updated
      FROM operation o JOIN payment p ON p.id = o.payment_id
    """;

  static OperationRow of(Row row) {
    return new OperationRow(row.getUUID(0), row.getUUID(1),
        Kind.valueOf(row.getString(2).toUpperCase(Locale.ROOT)),
        State.valueOf(row.getString(3).toUpperCase(Locale.ROOT)), row.getLong(4), row.getString(5),
        row.getString(6), row.getString(7), row.getString(8), row.getString(9), row.getOffsetDateTime(10),
        row.getOffsetDateTime(11));
  }
}
