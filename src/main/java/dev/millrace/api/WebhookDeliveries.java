package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventId;
import dev.millrace.journal.PublicEvent;
import dev.millrace.payment.EventType;
import dev.millrace.platform.Database;
import dev.millrace.platform.TypeId;
import dev.millrace.webhook.DeliveryLog;
import dev.millrace.webhook.DeliveryLog.Entry;
import dev.millrace.webhook.Endpoint;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;

/**
 * {@code /v1/webhook_deliveries}: what was sent to the caller's endpoints, each attempt, and another one on
 * demand.
 */
final class WebhookDeliveries {
  private static final Set<String> LIST = Set.of("limit", "starting_after", "webhook_endpoint", "status",
      "type",
      "event");
  private static final String NO_SUCH = "There is no such webhook delivery in this mode. Check the id and the key.";

  private final BodyReader bodies;
  private final IdempotentTransaction once;
  private final Database database;
  private final EventId ids;

  WebhookDeliveries(BodyReader bodies, IdempotentTransaction once, Database database, EventId ids) {
    this.bodies = bodies;
    this.once = once;
    this.database = database;
    this.ids = ids;
  }

  private DeliveryLog log() { return new DeliveryLog(database); }

  /** {@code GET /v1/webhook_deliveries}: newest events first. */
  Future<Answer> list(ApiCall call) {
    Query q = new Query(call.context().queryParams(), LIST);
    String event = q.choice("event", e -> ids.parse(e) != null, "must be an event's id (evt_…).");
    var filter = new DeliveryLog.Filter(
        q.id("webhook_endpoint", TypeId.WEBHOOK_ENDPOINT, "a webhook endpoint's id (whe_…)"),
        q.choice("status", DeliveryLog.STATUSES::contains,
            "must be one of " + String.join(", ", DeliveryLog.STATUSES) + "."),
        q.choice("type", t -> !t.contains("*") && Endpoint.pattern(t),
            "must be an event type, payment.settled for example."),
        event == null ? null : ids.parse(event),
        q.id("starting_after", TypeId.WEBHOOK_DELIVERY,
            "a delivery's id (whd_…), the last one of the page before"),
        q.limit());
    q.check();
    var who = call.credential();
    return (filter.after() == null
        ? Future.<Void>succeededFuture()
        : Query.place("starting_after", log().found(who.merchant(), who.livemode(), filter.after()),
            "webhook delivery"))
        .compose(v -> log().list(who.merchant(), who.livemode(), filter)).map(found -> {
          boolean more = found.size() > filter.limit();
          var page = more ? found.subList(0, filter.limit()) : found;
          var data = new JsonArray();
          page.forEach(e -> data.add(json(e)));
          return Answer.of(200, WebhookEndpoints.Page.json(data, more,
              more ? TypeId.format(TypeId.WEBHOOK_DELIVERY, page.getLast().id()) : null));
        });
  }

  private static UUID id(ApiCall call) {
    UUID id = TypeId.parse(TypeId.WEBHOOK_DELIVERY, call.context().pathParam("id"));
    if (id == null) throw new ProblemException(Problem.notFound(NO_SUCH));
    return id;
  }

  private static Future<Entry> owned(ApiCall call, UUID id, DeliveryLog log) {
    return log.find(call.credential().merchant(), call.credential().livemode(), id)
        .compose(e -> e == null
            ? Future.failedFuture(new ProblemException(Problem.notFound(NO_SUCH)))
            : Future.succeededFuture(e));
  }

  /** {@code GET /v1/webhook_deliveries/{id}}: with its attempts. */
  Future<Answer> read(ApiCall call) {
    new Query(call.context().queryParams(), Set.of()).check();
    return owned(call, id(call), log()).compose(e -> log().attempts(e.id()).map(attempts -> {
      var list = new JsonArray();
      for (var a : attempts) {
        list.add(new JsonObject().put("number", a.number()).put("at", a.at().toInstant().toString())
            .put("status", a.status()).put("error", a.error()).put("latency_ms", a.latencyMs())
            .put("response",
                a.response() == null
                    ? null
                    : new String(a.response().getBytes(), StandardCharsets.UTF_8).replace('\0', '?')));
      }
      return Answer.of(200, json(e).put("attempts_log", list).toBuffer());
    }));
  }

  /** {@code POST /v1/webhook_deliveries/{id}/retry}: due at once. */
  Future<Answer> retry(ApiCall call) {
    new Query(call.context().queryParams(), Set.of()).check();
    String key = IdempotentTransaction.key(call);
    UUID id = id(call);
    return bodies.readOptional(call.request()).compose(body -> {
      var f = BodyFields.of(body, Set.of());
      f.check();
      return once.run(call, key, f.canonical(), "webhook_delivery", id, sql -> {
        var log = new DeliveryLog(sql);
        return owned(call, id, log).compose(log::retry).compose(retried -> retried == null
            ? Future.failedFuture(new ProblemException(WebhookEndpoints.disabled()))
            : Future.succeededFuture(Answer.of(202, json(retried).toBuffer())));
      });
    });
  }

  private JsonObject json(Entry e) {
    EventType type = Objects.requireNonNull(EventType.ofWire(e.type()), e.type());
    Cursor event = e.event();
    return new JsonObject().put("id", TypeId.format(TypeId.WEBHOOK_DELIVERY, e.id()))
        .put("object", "webhook_delivery")
        .put("webhook_endpoint", TypeId.format(TypeId.WEBHOOK_ENDPOINT, e.endpoint()))
        .put("event", ids.of(event))
        .put("type", e.type()).put("subject", PublicEvent.subjectId(type, e.subject()))
        .put("api_version", e.apiVersion()).put("status", e.status()).put("attempts", e.attempts())
        .put("next_attempt", e.status().equals("pending") ? e.nextAt().toEpochSecond() : null)
        .put("last_status", e.lastStatus()).put("last_error", e.lastError())
        .put("created", e.created().toEpochSecond())
        .put("finished", e.finished() == null ? null : e.finished().toEpochSecond());
  }
}
