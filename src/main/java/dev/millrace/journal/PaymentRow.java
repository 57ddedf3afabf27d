package dev.millrace.journal;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import io.vertx.sqlclient.Row;
import java.time.OffsetDateTime;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A payment as it stands, with what was asked for. Amounts are minor units, null while there is none.
 *
 * @param expires when an authorization, or the time for the payer's action, runs out
 * @param actionUrl where the payer has to go
 */
public record PaymentRow(UUID id, UUID merchant, boolean livemode, int version, Status status,
    @Nullable OffsetDateTime updated, @Nullable String provider, @Nullable String providerReference,
    @Nullable Long amountAuthorized, @Nullable Long amountCharged, @Nullable Long amountCaptured,
    @Nullable Long amountRefunded, @Nullable OffsetDateTime expires, @Nullable String actionUrl,
    @Nullable String failureCode, @Nullable String failureMessage, @Nullable UUID settlement,
    PaymentEvent.Initiated asked, String traceparent) {

  static final String SELECT = """
    SELECT p.id, p.merchant, p.livemode, p.version, p.status, p.updated, p.provider, p.provider_reference,
           p.amount_authorized, p.amount_charged, p.amount_captured, p.amount_refunded, p.expires, p.action_url,
           p.failure_code, p.failure_message, p.settlement, j.data::text, j.traceparent
      FROM payment p JOIN journal j ON j.subject = p.id AND j.version = 1
    """;

  static PaymentRow of(Row row) {
    return new PaymentRow(row.getUUID(0), row.getUUID(1), row.getBoolean(2), row.getInteger(3),
        Objects.requireNonNull(Status.ofWire(row.getString(4)), "payment.status"), row.getOffsetDateTime(5),
        row.getString(6), row.getString(7), row.getLong(8), row.getLong(9), row.getLong(10), row.getLong(11),
        row.getOffsetDateTime(12), row.getString(13), row.getString(14), row.getString(15), row.getUUID(16),
        EventJson.initiated(row.getString(17)), row.getString(18));
  }

  /** A payment that has just been accepted. */
  public static PaymentRow accepted(UUID id, UUID merchant, boolean livemode, PaymentEvent.Initiated asked,
      String traceparent) {
    return new PaymentRow(id, merchant, livemode, 1, Status.INITIATED, null, null, null, null, null, null,
        null, null, null, null, null, null, asked, traceparent);
  }
}
