package dev.millrace.journal;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.millrace.payment.EventType;
import dev.millrace.payment.Status;
import dev.millrace.platform.Trace;
import dev.millrace.platform.TypeId;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/**
 * The event object of the API: the same for {@code GET /v1/events}, the event stream and webhooks, and a
 * function of the journal alone, so that every reading of an event gives the same bytes.
 *
 * <pre>
 * {"id": "evt_…", "object": "event", "api_version": "2026-11-21", "type": "payment.confirmed",
 *  "created": unix seconds, "timestamp": ISO 8601 with milliseconds, "livemode": false, "trace_id": "…",
 *  "subject": "pay_…", "version": 3, "previous_version": 2 (null for the first),
 *  "data": {"object": {"id": "pay_…", "object": "payment", "status": "confirmed", "amount": 1999, …},
 *           "details": {the event's own fields}}}
 * </pre>
 */
public final class PublicEvent {
  /** The form that is described above. A later form gets a version of its own, and both are written. */
  public static final String CURRENT = "2026-11-21";
  /** What an endpoint may be pinned to. */
  public static final List<String> API_VERSIONS = List.of(CURRENT);

  /** Three digits also where {@link Instant#toString} writes none. */
  private static final DateTimeFormatter MILLISECONDS = new DateTimeFormatterBuilder().appendInstant(3)
      .toFormatter();

  private static final String NAMED = "\"status\":\"";

  private PublicEvent() {}

  /** The id of what an event is about: {@code pay_…}, {@code stl_…} or {@code whe_…}. */
  public static String subjectId(EventType type, UUID subject) {
    return TypeId.format(switch (type.subject()) {
      case PAYMENT -> TypeId.PAYMENT;
      case DISPUTE -> TypeId.DISPUTE;
      case SETTLEMENT -> TypeId.SETTLEMENT;
      case WEBHOOK_ENDPOINT -> TypeId.WEBHOOK_ENDPOINT;
    }, subject);
  }

  /** The event as JSON. {@code apiVersion} is one of {@link #API_VERSIONS}. */
  public static String json(EventRow e, EventId ids, String apiVersion) {
    EventType type = Objects.requireNonNull(EventType.ofWire(e.type()), e.type());
    String subject = subjectId(type, e.subject());
    Instant recorded = e.recorded().toInstant();
    var out = new StringBuilder(700 + e.data().length() + (e.asked() == null ? 0 : e.asked().length()));
    out.append("{\"id\":\"").append(ids.of(e.place())).append("\",\"object\":\"event\",\"api_version\":\"")
        .append(apiVersion).append("\",\"type\":\"").append(e.type()).append("\",\"created\":")
        .append(recorded.getEpochSecond()).append(",\"timestamp\":\"")
        .append(MILLISECONDS.format(recorded)).append("\",\"livemode\":").append(e.livemode())
        .append(",\"trace_id\":\"")
        .append(JsonStringEncoder.getInstance().quoteAsString(Trace.id(e.traceparent())))
        .append("\",\"subject\":\"").append(subject).append("\",\"version\":").append(e.version())
        .append(",\"previous_version\":");
    if (e.version() > 1) out.append(e.version() - 1);
    else out.append("null");
    out.append(",\"data\":{\"object\":{\"id\":\"").append(subject).append("\",\"object\":\"")
        .append(objectName(type)).append('"');
    String first = e.asked();
    if (type.subject() == EventType.Subject.PAYMENT)
      out.append(",\"status\":\"").append(status(type, e.data()).wire()).append('"');
    members(out, first == null ? e.data() : first);
    out.append('}');
    if (first != null) out.append(",\"details\":").append(e.data());
    return out.append("}}").toString();
  }

  private static String objectName(EventType type) {
    return switch (type.subject()) {
      case PAYMENT -> "payment";
      case DISPUTE -> "dispute";
      case SETTLEMENT -> "settlement";
      case WEBHOOK_ENDPOINT -> "webhook_endpoint";
    };
  }

  /** Appends the members of a JSON object to one that has some already. */
  private static void members(StringBuilder out, String object) {
    String inner = object.strip();
    inner = inner.substring(1, inner.length() - 1).strip();
    if (!inner.isEmpty()) out.append(',').append(inner);
  }

  /** Where the payment stands after the event, which was written by EventJson, without white space. */
  private static Status status(EventType type, String data) {
    if (type.subject() != EventType.Subject.PAYMENT)
      throw new IllegalArgumentException(type.wire() + " is not about a payment");
    Status always = type.target();
    if (always != null) return always;
    if (type == EventType.SCREENED)
      return data.contains("\"decision\":\"review\"") ? Status.IN_REVIEW : Status.INITIATED;
    if (!data.contains(NAMED)) {
      if (type == EventType.SETTLED) return Status.SETTLED;
      if (type == EventType.CHARGED_BACK) return Status.CHARGED_BACK;
    }
    return named(data);
  }

  /** The status that an event names which may lead to more than one. A quote inside a text is escaped. */
  private static Status named(String data) {
    int start = data.lastIndexOf(NAMED) + NAMED.length();
    String wire = data.substring(start, data.indexOf('"', start));
    return Objects.requireNonNull(Status.ofWire(wire), wire);
  }
}
