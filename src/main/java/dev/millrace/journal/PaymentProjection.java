package dev.millrace.journal;

import dev.millrace.payment.EventType;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.Initiated;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one payment as its journal makes them: what {@link AcceptWriter} and {@link AppendStatement}
 * leave in the tables {@code payment} and {@code operation}, out of the same changes, without a database.
 * Every event is checked as it comes: it must be the next one, and one that the payment can take.
 */
public final class PaymentProjection {
  /** A row of the table {@code operation}. */
  public record OperationLine(UUID id, String kind, String status, long amount, @Nullable String reason,
      @Nullable UUID attempt, @Nullable String providerReference, @Nullable String failureCode,
      @Nullable String failureMessage, OffsetDateTime created, OffsetDateTime updated) {}

  private static final Set<Status> FAILED = EnumSet.of(Status.BLOCKED, Status.DECLINED, Status.EXPIRED,
      Status.RETURNED);
  private static final Set<Status> GONE = EnumSet.of(Status.REFUNDED, Status.DISPUTED, Status.CHARGED_BACK,
      Status.RETURNED);

  /** A row of the table {@code dispute}. */
  public record DisputeLine(UUID id, String provider, String providerReference, String status, long amount,
      String currency, @Nullable String reason, @Nullable OffsetDateTime evidenceDue, int version,
      OffsetDateTime created, OffsetDateTime updated) {}

  private record Decision(DisputeChange change, OffsetDateTime created, OffsetDateTime updated) {}

  private record Step(OperationChange change, OffsetDateTime created, OffsetDateTime updated) {}

  private final JournalRow first;
  private final Initiated asked;
  private final PaymentChange change = new PaymentChange();
  private final Map<UUID, Step> operations = new LinkedHashMap<>();
  private final Map<UUID, Decision> disputes = new LinkedHashMap<>();
  private Payment payment;
  private OffsetDateTime updated;
  private @Nullable UUID settlement;

  /**
   * A payment by its first event.
   *
   * @throws IllegalStateException when it is not one
   */
  public PaymentProjection(JournalRow first) {
    if (first.version() != 1 || !(event(first) instanceof Initiated initiated))
      throw new IllegalStateException(
          "begins with version " + first.version() + ", " + first.type() + ", instead of payment.initiated");
    this.first = first;
    this.asked = initiated;
    this.payment = Payment.of(initiated);
    this.updated = first.recorded();
  }

  private static PaymentEvent event(JournalRow row) {
    return EventJson.read(Objects.requireNonNull(EventType.ofWire(row.type()), row.type()), row.data());
  }

  /**
   * Takes in the next event and answers it.
   *
   * @throws IllegalStateException when the payment cannot take it; nothing has changed then
   */
  public PaymentEvent add(JournalRow row) {
    if (row.version() != payment.version() + 1)
      throw new IllegalStateException("version " + row.version() + " follows version " + payment.version());
    if (!row.merchant().equals(first.merchant()) || row.livemode() != first.livemode())
      throw new IllegalStateException("version " + row.version() + " is another merchant's or mode's");
    PaymentEvent event = event(row);
    payment = payment.after(event);
    change.add(event);
    updated = row.recorded();
    OperationChange operation = OperationChange.of(event);
    if (operation != null)
      operations.merge(operation.id(), new Step(operation, row.recorded(), row.recorded()),
          (before, next) -> new Step(before.change.then(next.change), before.created, next.updated));
    DisputeChange dispute = DisputeChange.of(first.subject(), event);
    if (dispute != null)
      disputes.merge(dispute.id(), new Decision(dispute, row.recorded(), row.recorded()),
          (before, next) -> new Decision(before.change.then(next.change), before.created, next.updated));
    if (event instanceof PaymentEvent.Settled settled && settlement == null)
      settlement = TypeId.parse(TypeId.SETTLEMENT, settled.settlement());
    return event;
  }

  public UUID id() { return first.subject(); }

  /** How many events it has taken in. */
  public int version() { return payment.version(); }

  /** The row of the table {@code payment}. */
  public PaymentRow row() {
    Status status = payment.status();
    boolean waits = status == Status.REQUIRES_ACTION;
    boolean failed = FAILED.contains(status);
    return new PaymentRow(first.subject(), first.merchant(), first.livemode(), payment.version(), status,
        updated, change.provider, change.providerReference, change.amountAuthorized, change.amountCharged,
        change.amountCaptured, change.amountRefunded,
        waits || held(status) ? time(change.expires) : null, waits ? change.actionUrl : null,
        failed ? change.failureCode : null, failed ? change.failureMessage : null, settlement, asked,
        first.traceparent());
  }

  /** Held and not captured, or captured and held again as all captures came to nothing. */
  private boolean held(Status status) {
    return status == Status.AUTHORIZED || (GONE.contains(status) && change.amountCaptured != null
        && change.amountCaptured == 0);
  }

  private static @Nullable OffsetDateTime time(@Nullable Long seconds) {
    return seconds == null ? null : Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC);
  }

  /** Its rows of the table {@code dispute}, oldest first. */
  public Collection<DisputeLine> disputes() {
    return disputes.values().stream()
        .map(d -> new DisputeLine(d.change.id(), d.change.provider(), d.change.providerReference(),
            d.change.status(), d.change.amount(), d.change.currency(), d.change.reason(),
            time(d.change.evidenceDue()), d.change.events().size(), d.created, d.updated))
        .toList();
  }

  /** Its rows of the table {@code operation}, oldest first. */
  public Collection<OperationLine> operations() {
    return operations.values().stream()
        .map(s -> new OperationLine(s.change.id(), s.change.kind().wire(), s.change.state().wire(),
            s.change.amount(), s.change.reason(), s.change.attempt(), s.change.providerReference(),
            s.change.failureCode(), s.change.failureMessage(), s.created, s.updated))
        .toList();
  }
}
