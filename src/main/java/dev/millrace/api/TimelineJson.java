package dev.millrace.api;

import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventId;
import dev.millrace.journal.PaymentRow;
import dev.millrace.journal.Timeline.Moment;
import dev.millrace.payment.EventType;
import dev.millrace.payment.Operation.Kind;
import dev.millrace.platform.HttpUrl;
import dev.millrace.platform.Trace;
import dev.millrace.platform.TypeId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One payment, explained: what stands in the tables, with the identifiers that the API has for them. It may
 * be shown to people who must not act for the payer, so of the address to which the payer was sent it shows
 * the host alone: the rest is what lets a browser in.
 */
final class TimelineJson {
  private TimelineJson() {}

  static JsonObject of(PaymentRow payment, List<Moment> moments, EventId ids) {
    var data = new JsonArray();
    for (var m : moments) {
      JsonObject detail = m.data();
      switch (m.kind()) {
        case "event" -> event(m.name(), detail);
        case "attempt" -> attempt(detail);
        case "operation" -> operation(detail);
        case "delivery" -> delivery(detail, ids);
        case "posting" -> name(detail, "settlement", TypeId.SETTLEMENT);
        default -> {
        }
      }
      data.add(new JsonObject().put("object", m.kind()).put("name", m.name())
          .put("at", m.at().toInstant().toString()).put("version", m.version()).put("data", detail));
    }
    return new JsonObject().put("object", "timeline")
        .put("payment", TypeId.format(TypeId.PAYMENT, payment.id()))
        .put("trace_id", Trace.id(payment.traceparent())).put("status", payment.status().wire())
        .put("data", data);
  }

  private static void event(String type, JsonObject detail) {
    if (type.equals(EventType.REQUIRES_ACTION.wire())) detail.put("url", origin(detail.getString("url")));
  }

  /** Scheme, host and port of an address. */
  static String origin(String url) {
    return HttpUrl.read(url) instanceof HttpUrl read ? read.origin() : "(hidden)";
  }

  private static void attempt(JsonObject detail) {
    name(detail, "reference", TypeId.ATTEMPT);
    if (detail.getString("operation") != null) name(detail, "operation", prefix(detail.getString("kind")));
  }

  private static String prefix(String kind) {
    return OperationJson.prefix(Kind.valueOf(kind.toUpperCase(Locale.ROOT)));
  }

  private static void operation(JsonObject detail) {
    name(detail, "id", prefix(detail.getString("kind")));
    name(detail, "attempt", TypeId.ATTEMPT);
    Object code = detail.remove("failure_code");
    Object message = detail.remove("failure_message");
    detail.put("failure", code == null ? null : new JsonObject().put("code", code).put("message", message));
  }

  private static void delivery(JsonObject detail, EventId ids) {
    name(detail, "id", TypeId.WEBHOOK_DELIVERY);
    name(detail, "webhook_endpoint", TypeId.WEBHOOK_ENDPOINT);
    long xid = Long.parseUnsignedLong(String.valueOf(detail.remove("xid")));
    long position = ((Number) detail.remove("position")).longValue();
    detail.put("event", ids.of(new Cursor(xid, position)));
  }

  private static void name(JsonObject detail, String field, String prefix) {
    @Nullable
    String uuid = detail.getString(field);
    if (uuid != null) detail.put(field, TypeId.format(prefix, UUID.fromString(uuid)));
  }
}
