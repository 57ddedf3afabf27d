package dev.millrace.api;

import dev.millrace.api.Call.Answer;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventId;
import dev.millrace.journal.EventReads;
import dev.millrace.journal.PublicEvent;
import dev.millrace.journal.Reads;
import dev.millrace.platform.TypeId;
import dev.millrace.webhook.AddressPolicy;
import dev.millrace.webhook.DeliveryLog;
import dev.millrace.webhook.Endpoint;
import dev.millrace.webhook.EndpointStore;
import dev.millrace.webhook.Replays;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** {@code /v1/webhook_endpoints}: where the caller wants to be told, its secrets, tests and replays. */
final class WebhookEndpoints {
  private static final String OBJECT = "webhook_endpoint";
  private static final Set<String> SETTINGS = Set.of("url", "description", "enabled_events", "headers",
      "api_version",
      "stripe_signature", "ordered", "max_in_flight", "rate");
  private static final Set<String> CHANGES = union(SETTINGS, "enabled");
  private static final Set<String> REPLAY = Set.of("after", "until", "created_gte", "created_lt", "types",
      "statuses");
  private static final Set<String> LIST = Set.of("limit", "starting_after");
  private static final int EVENTS_MAX = 50;
  private static final int HEADERS_MAX = 20;
  private static final int IN_FLIGHT_DEFAULT = 8;
  private static final int IN_FLIGHT_MAX = 100;
  private static final int RATE_MAX = 10_000;
  private static final int GRACE_S_DEFAULT = 86_400;
  private static final int GRACE_S_MAX = 604_800;
  private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]{0,59}");
  private static final Pattern HEADER_VALUE = Pattern.compile("[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?");
  /** Of HTTP, and ours. */
  private static final Set<String> RESERVED = Set.of("host", "connection", "content-length", "content-type",
      "content-encoding", "transfer-encoding", "te", "trailer", "upgrade", "expect", "keep-alive",
      "proxy-connection",
      "user-agent", "traceparent", "tracestate", "stripe-signature");
  private static final String NO_SUCH = "There is no such webhook endpoint in this mode. Check the id and the key.";

  private final BodyReader bodies;
  private final Once once;
  private final Reads reads;
  private final EventReads events;
  private final EventId ids;
  private final Events cursors;
  private final AddressPolicy addresses;
  private final int countMax;
  private final String writer;

  /** {@code countMax}: of one merchant in one mode; {@code writer} names the work counter. */
  WebhookEndpoints(BodyReader bodies, Once once, Reads reads, EventReads events, EventId ids, Events cursors,
      AddressPolicy addresses,
      int countMax, String writer) {
    this.bodies = bodies;
    this.once = once;
    this.reads = reads;
    this.events = events;
    this.ids = ids;
    this.cursors = cursors;
    this.addresses = addresses;
    this.countMax = countMax;
    this.writer = writer;
  }

  private static Set<String> union(Set<String> some, String more) {
    var all = new java.util.HashSet<>(some);
    all.add(more);
    return Set.copyOf(all);
  }

  private EndpointStore store() { return new EndpointStore(reads::query); }

  private static void noQuery(Call call) { new Query(call.context().queryParams(), Set.of()).check(); }

  private static <T> Future<T> refuse(Problem problem) { return Future.failedFuture(new Refusal(problem)); }

  /** The caller's endpoint of the path; throws when the id is none. */
  private static UUID id(Call call) {
    UUID id = TypeId.parse(TypeId.WEBHOOK_ENDPOINT, call.context().pathParam("id"));
    if (id == null) throw new Refusal(Problem.notFound(NO_SUCH));
    return id;
  }

  private static Future<Endpoint> owned(Call call, EndpointStore store) {
    return store.find(call.credential().merchant(), call.credential().livemode(), id(call))
        .compose(e -> e == null ? refuse(Problem.notFound(NO_SUCH)) : Future.succeededFuture(e));
  }

  /** {@code POST /v1/webhook_endpoints}: the answer holds the secret, once. */
  Future<Answer> create(Call call) {
    noQuery(call);
    String key = Once.key(call);
    return bodies.read(call.request()).compose(body -> {
      var f = Fields.of(body, SETTINGS);
      f.missing("url", "Send the https URL that is to be told.");
      f.missing("enabled_events", "Send [\"*\"] for all, or event types such as payment.settled.");
      var settings = settings(f, null);
      UUID id = TypeId.next();
      return once.run(call, key, f.canonical(), OBJECT, id,
          sql -> new EndpointStore(sql::run)
              .create(id, call.credential().merchant(), call.credential().livemode(), settings, countMax)
              .compose(made -> made == null
                  ? refuse(Problem.of(409, "invalid_request_error", "endpoint_limit_reached",
                      "There are " + countMax + " webhook endpoints already. Delete one first."))
                  : Future.succeededFuture(
                      new Answer(201, json(made).put("secret", made.secrets().current()).toBuffer(),
                          Map.of("Location",
                              "/v1/webhook_endpoints/" + TypeId.format(TypeId.WEBHOOK_ENDPOINT, id))))));
    });
  }

  /** {@code GET /v1/webhook_endpoints}: newest first. */
  Future<Answer> list(Call call) {
    Query q = new Query(call.context().queryParams(), LIST);
    int limit = q.limit();
    UUID after = q.id("starting_after", TypeId.WEBHOOK_ENDPOINT, "a webhook endpoint's id (whe_…)");
    q.check();
    return store().list(call.credential().merchant(), call.credential().livemode(), after, limit)
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
  Future<Answer> read(Call call) {
    noQuery(call);
    return owned(call, store()).map(e -> Answer.of(200, json(e).toBuffer()));
  }

  /** {@code PATCH /v1/webhook_endpoints/{id}}: changes what is named (RFC 7396, JSON Merge Patch). */
  Future<Answer> update(Call call) {
    noQuery(call);
    return bodies.read(call.request()).compose(body -> {
      var f = Fields.of(body, CHANGES);
      return owned(call, store()).compose(old -> {
        var settings = settings(f, old.settings());
        Boolean enabled = f.flag("enabled");
        f.check();
        return store().update(old, settings, enabled == null ? old.enabled() : enabled);
      });
    }).compose(e -> e == null
        ? refuse(Problem.notFound(NO_SUCH))
        : Future.succeededFuture(Answer.of(200, json(e).toBuffer())));
  }

  /** {@code DELETE /v1/webhook_endpoints/{id}}: its deliveries end. */
  Future<Answer> delete(Call call) {
    noQuery(call);
    UUID id = id(call);
    return store().delete(call.credential().merchant(), call.credential().livemode(), id)
        .compose(deleted -> deleted
            ? Future.succeededFuture(Answer.of(200, new JsonObject()
                .put("id", TypeId.format(TypeId.WEBHOOK_ENDPOINT, id)).put("object", OBJECT)
                .put("deleted", true)
                .toBuffer()))
            : refuse(Problem.notFound(NO_SUCH)));
  }

  /** {@code POST …/rotate_secret}: a new secret, shown once; the old one signs too for {@code grace_seconds}. */
  Future<Answer> rotate(Call call) {
    return act(call, Set.of("grace_seconds"), (f, endpoint, key) -> {
      Integer grace = f.integer("grace_seconds", 0, GRACE_S_MAX);
      f.check();
      return once.run(call, key, f.canonical(), OBJECT, endpoint.id(),
          sql -> new EndpointStore(sql::run).rotate(endpoint, grace == null ? GRACE_S_DEFAULT : grace)
              .compose(e -> e == null
                  ? refuse(Problem.notFound(NO_SUCH))
                  : Future.succeededFuture(
                      Answer.of(200, json(e).put("secret", e.secrets().current()).toBuffer()))));
    });
  }

  /** {@code POST …/test}: an event {@code webhook_endpoint.test}, which goes to this endpoint alone. */
  Future<Answer> test(Call call) {
    return act(call, Set.of(), (f, endpoint, key) -> once.run(call, key, f.canonical(), OBJECT, endpoint.id(),
        sql -> new EndpointStore(sql::run).test(endpoint, call.traceparent(), writer)
            .compose(place -> place == null
                ? refuse(disabled())
                : Future.succeededFuture(Answer.of(202, new JsonObject().put("id", ids.of(place))
                    .put("object", "event").put("type", "webhook_endpoint.test")
                    .put("webhook_endpoint", TypeId.format(TypeId.WEBHOOK_ENDPOINT, endpoint.id()))
                    .toBuffer())))));
  }

  /** {@code POST …/replay}: events of a range are delivered again, in the background. */
  Future<Answer> replay(Call call) {
    return act(call, REPLAY, (f, endpoint, key) -> {
      Cursor after = cursor(f, "after");
      Cursor until = cursor(f, "until");
      OffsetDateTime gte = time(f, "created_gte");
      OffsetDateTime lt = time(f, "created_lt");
      var patterns = f.list("types", EVENTS_MAX, Endpoint::pattern,
          "each an event type, payment.settled for example, or payment.*.");
      var statuses = f.list("statuses", DeliveryLog.STATUSES.size(), DeliveryLog.STATUSES::contains,
          "each of " + String.join(", ", DeliveryLog.STATUSES) + ".");
      f.check();
      if (!endpoint.enabled()) return refuse(disabled());
      UUID id = TypeId.next();
      return from(after, gte).compose(start -> events.horizon().compose(horizon -> {
        var order = new Replays.Replay(id, endpoint.id(), patterns == null ? null : Endpoint.types(patterns),
            statuses,
            gte, lt, start, until == null || until.after(horizon) ? horizon : until);
        return once.run(call, key, f.canonical(), "webhook_replay", id,
            sql -> new Replays(sql::run).order(order).map(v -> Answer.of(202, new JsonObject()
                .put("id", TypeId.format(TypeId.WEBHOOK_REPLAY, id)).put("object", "webhook_replay")
                .put("webhook_endpoint", TypeId.format(TypeId.WEBHOOK_ENDPOINT, endpoint.id()))
                .put("status", "accepted").toBuffer())));
      }));
    });
  }

  /** Where to begin: a cursor that is not too old, or where the journal stood at a time, or the oldest place there is. */
  private Future<Cursor> from(@Nullable Cursor after, @Nullable OffsetDateTime created) {
    return cursors.from(after).compose(start -> after != null || created == null
        ? Future.succeededFuture(start)
        : events.oldest(created).map(place -> place != null && place.after(start) ? place : start));
  }

  private @Nullable Cursor cursor(Fields f, String name) {
    String text = f.text(name, 40);
    if (text == null) return null;
    Cursor cursor = ids.parse(text);
    if (cursor == null) f.fault(name, "parameter_invalid", "must be an event's id (evt_…).");
    return cursor;
  }

  private static @Nullable OffsetDateTime time(Fields f, String name) {
    Long seconds = f.time(name);
    return seconds == null ? null : Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC);
  }

  static Problem disabled() {
    return Problem.of(409, "invalid_request_error", "endpoint_disabled",
        "The webhook endpoint is disabled. Enable it first: PATCH it with {\"enabled\": true}.");
  }

  private interface Act {
    Future<Answer> on(Fields fields, Endpoint endpoint, String key);
  }

  private Future<Answer> act(Call call, Set<String> fields, Act act) {
    noQuery(call);
    String key = Once.key(call);
    return bodies.readOptional(call.request()).compose(body -> {
      var f = Fields.of(body, fields);
      f.check();
      return owned(call, store()).compose(e -> act.on(f, e, key));
    });
  }

  /** What is named, checked; the rest as it was, or its default. */
  private Endpoint.Settings settings(Fields f, Endpoint.@Nullable Settings old) {
    URI url = url(f);
    String description = f.text("description", 500);
    var enabled = f.list("enabled_events", EVENTS_MAX, Endpoint::pattern,
        "each an event type (payment.settled), all of a kind (payment.*) or all (*).");
    var headers = f.map("headers", HEADERS_MAX, 500, WebhookEndpoints::headerName,
        "has a name that is no header's, or one that is reserved: letters, digits and hyphens, not webhook-… or those of HTTP itself.");
    if (headers != null) {
      headers.forEach((name, value) -> {
        if (!HEADER_VALUE.matcher(value).matches())
          f.fault("headers." + name, "parameter_invalid",
              "must be printable ASCII without spaces at its ends.");
      });
    }
    String version = f.text("api_version", 20);
    if (version != null && !PublicEvent.API_VERSIONS.contains(version))
      f.fault("api_version", "parameter_invalid",
          "must be one of " + String.join(", ", PublicEvent.API_VERSIONS) + ".");
    Boolean stripe = f.flag("stripe_signature");
    Boolean ordered = f.flag("ordered");
    Integer inFlight = f.integer("max_in_flight", 1, IN_FLIGHT_MAX);
    Integer rate = f.integer("rate", 1, RATE_MAX);
    f.check();
    if (old == null) {
      return new Endpoint.Settings(Objects.requireNonNull(url), description, Objects.requireNonNull(enabled),
          headers == null ? Map.of() : headers, version == null ? PublicEvent.CURRENT : version,
          Boolean.TRUE.equals(stripe), Boolean.TRUE.equals(ordered),
          inFlight == null ? IN_FLIGHT_DEFAULT : inFlight,
          rate);
    }
    return new Endpoint.Settings(url == null ? old.url() : url,
        f.cleared("description") ? null : description == null ? old.description() : description,
        enabled == null ? old.enabledEvents() : enabled,
        f.cleared("headers") ? Map.of() : headers == null ? old.headers() : headers,
        version == null ? old.apiVersion() : version, stripe == null ? old.stripeSignature() : stripe,
        ordered == null ? old.ordered() : ordered, inFlight == null ? old.maxInFlight() : inFlight,
        f.cleared("rate") ? null : rate == null ? old.rate() : rate);
  }

  private static boolean headerName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return HEADER.matcher(name).matches() && !RESERVED.contains(lower) && !lower.startsWith("webhook-");
  }

  private @Nullable URI url(Fields f) {
    String text = f.text("url", 2_000);
    if (text == null) return null;
    String fault = "must be an absolute https URL with a host, without user, password or fragment.";
    try {
      URI url = new URI(text);
      boolean https = "https".equals(url.getScheme());
      if (url.getHost() == null || url.getRawUserInfo() != null || url.getRawFragment() != null
          || !(https || "http".equals(url.getScheme())) || url.getPort() == 0 || url.getPort() > 65_535) {
        f.fault("url", "parameter_invalid", fault);
      } else if (!https && !addresses.privateAllowed()) {
        f.fault("url", "parameter_invalid", "must be https.");
      } else if (!literalPermitted(url.getHost())) {
        f.fault("url", "parameter_invalid",
            "has an address that is private, loopback, link-local or reserved. It must be on the public Internet.");
      } else {
        return url;
      }
    } catch (URISyntaxException e) {
      f.fault("url", "parameter_invalid", fault);
    }
    return null;
  }

  /** Names are judged when they are connected to, by what they resolve to then. */
  private boolean literalPermitted(String host) {
    if (!host.matches("[0-9.]+") && !host.startsWith("[")) return true;
    try {
      return addresses.permits(InetAddress.getByName(host));
    } catch (UnknownHostException e) {
      return false;
    }
  }

  private static JsonObject json(Endpoint e) {
    var s = e.settings();
    var headers = new JsonObject();
    s.headers().forEach(headers::put);
    var json = new JsonObject().put("id", TypeId.format(TypeId.WEBHOOK_ENDPOINT, e.id()))
        .put("object", OBJECT)
        .put("url", s.url().toString()).put("description", s.description())
        .put("enabled_events", new JsonArray(List.copyOf(s.enabledEvents()))).put("headers", headers)
        .put("api_version", s.apiVersion()).put("stripe_signature", s.stripeSignature())
        .put("ordered", s.ordered())
        .put("max_in_flight", s.maxInFlight()).put("rate", s.rate())
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
