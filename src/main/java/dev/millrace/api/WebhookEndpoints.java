package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventId;
import dev.millrace.journal.EventReads;
import dev.millrace.platform.Database;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import dev.millrace.webhook.AddressPolicy;
import dev.millrace.webhook.DeliveryLog;
import dev.millrace.webhook.Endpoint;
import dev.millrace.webhook.EndpointStore;
import dev.millrace.webhook.ReplayOrders;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** {@code /v1/webhook_endpoints}: where the caller wants to be told, its secrets, tests and replays. */
final class WebhookEndpoints {
  private static final String OBJECT = "webhook_endpoint";
  private static final Set<String> CHANGES = union(EndpointSettings.FIELDS, "enabled");
  private static final Set<String> REPLAY = Set.of("after", "until", "created_gte", "created_lt", "types",
      "statuses");
  private static final Set<String> LIST = Set.of("limit", "starting_after");
  private static final int GRACE_S_DEFAULT = 86_400;
  private static final int GRACE_S_MAX = 604_800;
  private static final String NO_SUCH = "There is no such webhook endpoint in this mode. Check the id and the key.";

  private final BodyReader bodies;
  private final IdempotentTransaction once;
  private final Database database;
  private final EventId ids;
  private final Events cursors;
  private final EndpointSettings settings;
  private final int countMax;
  private final String writer;

  /** {@code countMax}: of one merchant in one mode; {@code writer} names the work counter. */
  WebhookEndpoints(BodyReader bodies, IdempotentTransaction once, Database database, EventId ids,
      Events cursors,
      AddressPolicy addresses,
      int countMax, String writer) {
    this.bodies = bodies;
    this.once = once;
    this.database = database;
    this.ids = ids;
    this.cursors = cursors;
    this.settings = new EndpointSettings(addresses);
    this.countMax = countMax;
    this.writer = writer;
  }

  private static Set<String> union(Set<String> some, String more) {
    var all = new java.util.HashSet<>(some);
    all.add(more);
    return Set.copyOf(all);
  }

  private EndpointStore store() { return new EndpointStore(database); }

  private static void noQuery(ApiCall call) { new Query(call.context().queryParams(), Set.of()).check(); }

  private static <T> Future<T> refuse(Problem problem) {
    return Future.failedFuture(new ProblemException(problem));
  }

  /** The caller's endpoint of the path; throws when the id is none. */
  private static UUID id(ApiCall call) {
    UUID id = TypeId.parse(TypeId.WEBHOOK_ENDPOINT, call.context().pathParam("id"));
    if (id == null) throw new ProblemException(Problem.notFound(NO_SUCH));
    return id;
  }

  private static Future<Endpoint> owned(ApiCall call, UUID id, EndpointStore store) {
    return store.find(call.credential().merchant(), call.credential().livemode(), id)
        .compose(e -> e == null ? refuse(Problem.notFound(NO_SUCH)) : Future.succeededFuture(e));
  }

  /** {@code POST /v1/webhook_endpoints}: the answer holds the secret, once. */
  Future<Answer> create(ApiCall call) {
    noQuery(call);
    String key = IdempotentTransaction.key(call);
    return bodies.read(call.request()).compose(body -> {
      var f = BodyFields.of(body, EndpointSettings.FIELDS);
      f.missing("url", "Send the https URL that is to be told.");
      f.missing("enabled_events", "Send [\"*\"] for all, or event types such as payment.settled.");
      var named = settings.read(f);
      f.check();
      var made = named.made();
      UUID id = TypeId.next();
      return once.run(call, key, EndpointSettings.json(made).encode(), OBJECT, id,
          sql -> new EndpointStore(sql)
              .create(id, call.credential().merchant(), call.credential().livemode(), made, countMax)
              .compose(e -> e == null
                  ? refuse(Problem.of(409, "invalid_request_error", "endpoint_limit_reached",
                      "There are " + countMax + " webhook endpoints already. Delete one first."))
                  : Future.succeededFuture(
                      new Answer(201, json(e).put("secret", e.secrets().current()).toBuffer(),
                          Map.of("Location",
                              "/v1/webhook_endpoints/" + TypeId.format(TypeId.WEBHOOK_ENDPOINT, id))))));
    });
  }

  /** {@code GET /v1/webhook_endpoints}: newest first. */
  Future<Answer> list(ApiCall call) {
    Query q = new Query(call.context().queryParams(), LIST);
    int limit = q.limit();
    UUID after = q.id("starting_after", TypeId.WEBHOOK_ENDPOINT, "a webhook endpoint's id (whe_…)");
    q.check();
    var who = call.credential();
    return (after == null
        ? Future.<Void>succeededFuture()
        : Query.place("starting_after", store().found(who.merchant(), who.livemode(), after),
            "webhook endpoint"))
        .compose(v -> store().list(who.merchant(), who.livemode(), after, limit))
        .map(found -> {
          boolean more = found.size() > limit;
          var page = more ? found.subList(0, limit) : found;
          var data = new JsonArray();
          page.forEach(e -> data.add(json(e)));
          return Answer.of(200, Page.json(data, more,
              more ? TypeId.format(TypeId.WEBHOOK_ENDPOINT, page.getLast().id()) : null));
        });
  }

  /** {@code GET /v1/webhook_endpoints/{id}}. */
  Future<Answer> read(ApiCall call) {
    noQuery(call);
    return owned(call, id(call), store()).map(e -> Answer.of(200, json(e).toBuffer()));
  }

  /** {@code PATCH /v1/webhook_endpoints/{id}}: changes what is named (RFC 7396, JSON Merge Patch). */
  Future<Answer> update(ApiCall call) {
    noQuery(call);
    UUID id = id(call);
    return bodies.read(call.request()).compose(body -> {
      var f = BodyFields.of(body, CHANGES);
      var named = settings.read(f);
      Boolean enabled = f.flag("enabled");
      f.check();
      // Read and written in one transaction: two changes at once must not undo each other.
      return database.transaction(sql -> {
        var store = new EndpointStore(sql);
        return store.lock(call.credential().merchant(), call.credential().livemode(), id)
            .compose(old -> old == null
                ? Future.succeededFuture()
                : store.update(old, named.changing(old.settings()),
                    enabled == null ? old.enabled() : enabled));
      });
    }).compose(e -> e == null
        ? refuse(Problem.notFound(NO_SUCH))
        : Future.succeededFuture(Answer.of(200, json(e).toBuffer())));
  }

  /** {@code DELETE /v1/webhook_endpoints/{id}}: its deliveries end. */
  Future<Answer> delete(ApiCall call) {
    noQuery(call);
    UUID id = id(call);
    return database.transaction(sql -> new EndpointStore(sql)
        .delete(call.credential().merchant(), call.credential().livemode(), id))
        .compose(deleted -> deleted
            ? Future.succeededFuture(Answer.of(200, new JsonObject()
                .put("id", TypeId.format(TypeId.WEBHOOK_ENDPOINT, id)).put("object", OBJECT)
                .put("deleted", true)
                .toBuffer()))
            : refuse(Problem.notFound(NO_SUCH)));
  }

  /**
   * {@code POST …/rotate_secret}: a new secret, shown once; the old one signs too for {@code grace_seconds}.
   */
  Future<Answer> rotate(ApiCall call) {
    return act(call, Set.of("grace_seconds"), f -> {
      Integer asked = f.integer("grace_seconds", 0, GRACE_S_MAX);
      f.check();
      int grace = asked == null ? GRACE_S_DEFAULT : asked;
      return new Act(OBJECT, id(call), "grace_seconds=" + grace,
          (endpoint, sql) -> new EndpointStore(sql).rotate(endpoint, grace).compose(e -> e == null
              ? refuse(Problem.notFound(NO_SUCH))
              : Future.succeededFuture(
                  Answer.of(200, json(e).put("secret", e.secrets().current()).toBuffer()))));
    });
  }

  /** {@code POST …/test}: an event {@code webhook_endpoint.test}, which goes to this endpoint alone. */
  Future<Answer> test(ApiCall call) {
    return act(call, Set.of(), f -> {
      f.check();
      return new Act(OBJECT, id(call), f.canonical(),
          (endpoint, sql) -> new EndpointStore(sql).test(endpoint, call.traceparent(), writer)
              .compose(place -> place == null
                  ? refuse(disabled())
                  : Future.succeededFuture(Answer.of(202, new JsonObject().put("id", ids.of(place))
                      .put("object", "event").put("type", "webhook_endpoint.test")
                      .put("webhook_endpoint", TypeId.format(TypeId.WEBHOOK_ENDPOINT, endpoint.id()))
                      .toBuffer()))));
    });
  }

  /** {@code POST …/replay}: events of a range are delivered again, in the background. */
  Future<Answer> replay(ApiCall call) {
    return act(call, REPLAY, f -> {
      Cursor after = cursor(f, "after");
      Cursor until = cursor(f, "until");
      OffsetDateTime gte = time(f, "created_gte");
      OffsetDateTime lt = time(f, "created_lt");
      var patterns = f.list("types", EndpointSettings.EVENTS_MAX, Endpoint::pattern,
          "each an event type, payment.settled for example, or payment.*.");
      var statuses = f.list("statuses", DeliveryLog.STATUSES.size(), DeliveryLog.STATUSES::contains,
          "each of " + String.join(", ", DeliveryLog.STATUSES) + ".");
      f.check();
      UUID id = TypeId.next();
      return new Act("webhook_replay", id, f.canonical(), (endpoint, sql) -> {
        if (!endpoint.enabled()) return refuse(disabled());
        var journal = new EventReads(sql);
        return from(journal, after, gte)
            .compose(start -> journal.horizon().compose(horizon -> new ReplayOrders(
                sql)
                .order(
                    new ReplayOrders.Replay(id, endpoint.id(),
                        patterns == null ? null : Endpoint.expanded(patterns),
                        statuses, gte, lt, start, until == null || until.after(horizon) ? horizon : until))))
            .map(v -> Answer.of(202, new JsonObject().put("id", TypeId.format(TypeId.WEBHOOK_REPLAY, id))
                .put("object", "webhook_replay")
                .put("webhook_endpoint", TypeId.format(TypeId.WEBHOOK_ENDPOINT, endpoint.id()))
                .put("status", "accepted").toBuffer()));
      });
    });
  }

  /**
   * Where to begin: a cursor that is not too old, or where the journal stood at a time, or the oldest place
   * there is.
   */
  private Future<Cursor> from(EventReads journal, @Nullable Cursor after, @Nullable OffsetDateTime created) {
    return cursors.from(journal, after).compose(start -> after != null || created == null
        ? Future.succeededFuture(start)
        : journal.oldest(created).map(place -> place != null && place.after(start) ? place : start));
  }

  private @Nullable Cursor cursor(BodyFields f, String name) {
    String text = f.text(name, 40);
    if (text == null) return null;
    Cursor cursor = ids.parse(text);
    if (cursor == null) f.fault(name, "parameter_invalid", "must be an event's id (evt_…).");
    return cursor;
  }

  private static @Nullable OffsetDateTime time(BodyFields f, String name) {
    Long seconds = f.time(name);
    return seconds == null ? null : Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC);
  }

  static Problem disabled() {
    return Problem.of(409, "invalid_request_error", "endpoint_disabled",
        "The webhook endpoint is disabled. Enable it first: PATCH it with {\"enabled\": true}.");
  }

  /**
   * What is to be done with an endpoint, once; {@code object} and {@code resource} are what it makes or is
   * about.
   */
  private record Act(String object, UUID resource, String canonical, Step step) {}

  private interface Step {
    Future<Answer> on(Endpoint endpoint, Sql sql);
  }

  /**
   * The endpoint is looked at where its key is, so that a repetition is answered as before whatever became of
   * it.
   */
  private Future<Answer> act(ApiCall call, Set<String> known, Function<BodyFields, Act> read) {
    noQuery(call);
    String key = IdempotentTransaction.key(call);
    UUID id = id(call);
    return bodies.readOptional(call.request()).compose(body -> {
      Act act = read.apply(BodyFields.of(body, known));
      return once.run(call, key, act.canonical, act.object, act.resource,
          sql -> owned(call, id, new EndpointStore(sql)).compose(e -> act.step.on(e, sql)));
    });
  }

  private static JsonObject json(Endpoint e) {
    var json = new JsonObject().put("id", TypeId.format(TypeId.WEBHOOK_ENDPOINT, e.id()))
        .put("object", OBJECT).mergeIn(EndpointSettings.json(e.settings()))
        .put("status", e.enabled() ? "enabled" : "disabled").put("disabled_reason", e.disabledReason())
        .put("failing_since", seconds(e.failingSince())).put("livemode", e.livemode())
        .put("created", e.created().toEpochSecond());
    var old = e.secrets().oldUntil();
    return json.put("old_secret_expires",
        old == null || old.toInstant().isBefore(Instant.now()) ? null : old.toEpochSecond());
  }

  private static @Nullable Long seconds(@Nullable OffsetDateTime time) {
    return time == null ? null : time.toEpochSecond();
  }

  /** The form of every list. */
  static final class Page {
    private Page() {}

    static Buffer json(JsonArray data, boolean more, @Nullable String next) {
      return new JsonObject().put("object", "list").put("data", data).put("has_more", more).put("next", next)
          .toBuffer();
    }
  }
}
