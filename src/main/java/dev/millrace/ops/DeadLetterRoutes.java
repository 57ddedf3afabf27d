package dev.millrace.ops;

import dev.millrace.deadletter.DeadLetterActs.Order;
import dev.millrace.deadletter.DeadLetterActs;
import dev.millrace.deadletter.DeadLetterFilter;
import dev.millrace.platform.CardNumbers;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * {@code /ops/dead-letters}: search, inspect, replay, discard, close, and give back a charge that one tells
 * of. A name or a value that is not known is refused.
 */
final class DeadLetterRoutes {
  private static final int PAGE_MAX = 100;
  private static final int RATE = 10;
  private static final int RATE_MAX = 100;
  static final int REASON_CHARS_MAX = 500;

  private final DeadLetterActs acts;
  private final UnmatchedCharges charges;

  DeadLetterRoutes(DeadLetterActs acts, UnmatchedCharges charges) {
    this.acts = acts;
    this.charges = charges;
  }

  void mount(Router router) {
    router.get("/ops/dead-letters").handler(c -> OperatorCall.act(c, body -> list(c)));
    router.get("/ops/dead-letters/:id").handler(c -> OperatorCall.act(c, body -> acts.inspect(id(c))));
    router.post("/ops/dead-letters/replay").handler(c -> OperatorCall.act(c, this::replay));
    router.post("/ops/dead-letters/discard").handler(c -> OperatorCall.act(c, this::discard));
    router.post("/ops/dead-letters/:id/replay")
        .handler(c -> OperatorCall.act(c, body -> one(c, body, false, acts::replay)));
    router.post("/ops/dead-letters/:id/discard")
        .handler(c -> OperatorCall.act(c, body -> one(c, body, true, acts::discard)));
    router.post("/ops/dead-letters/:id/close").handler(c -> OperatorCall.act(c, body -> {
      OperatorCall.only(body, "operator", "done");
      return acts.close(id(c), OperatorCall.operator(body),
          OperatorCall.text(body, "done", REASON_CHARS_MAX));
    }));
    router.post("/ops/dead-letters/:id/give-back").handler(c -> OperatorCall.act(c, body -> {
      OperatorCall.only(body, "operator", "reason", "merchant", "livemode", "held");
      return charges.giveBack(id(c), new UnmatchedCharges.Order(OperatorCall.operator(body),
          OperatorCall.text(body, "reason", REASON_CHARS_MAX), merchant(body), livemode(body), held(body)));
    }));
  }

  private static UUID merchant(JsonObject body) {
    UUID merchant = body.getValue("merchant") instanceof String s ? TypeId.parse(TypeId.MERCHANT, s) : null;
    if (merchant != null) return merchant;
    throw new OperatorRefusal(400,
        "`merchant` must be the id (mer_…) of the merchant for whose payment it was charged");
  }

  private static @Nullable Boolean held(JsonObject body) {
    Object held = body.getValue("held");
    if (held == null || held instanceof Boolean) return (Boolean) held;
    throw new OperatorRefusal(400,
        "`held` must be true or false, or left out: whether the amount is only held");
  }

  /** Said each time: nothing tells by itself whether it is real money. */
  private static boolean livemode(JsonObject body) {
    if (body.getValue("livemode") instanceof Boolean b) return b;
    throw new OperatorRefusal(400, "`livemode` must be true or false: whether it was charged in live mode");
  }

  private static long id(RoutingContext c) {
    return DeadLetterFilter.id("id", Objects.requireNonNull(c.pathParam("id")));
  }

  private Future<JsonObject> list(RoutingContext c) {
    var given = new HashMap<String, String>();
    for (var parameter : c.queryParams())
      if (given.put(parameter.getKey(), parameter.getValue()) != null)
        throw new OperatorRefusal(400,
            "`" + CardNumbers.hidden(parameter.getKey()) + "` is given twice: give it once");
    known(given.keySet(), "parameter", "after", "limit");
    String after = given.get("after");
    return acts.list(DeadLetterFilter.of(given, DeadLetterFilter.STATUSES),
        after == null ? null : DeadLetterFilter.id("after", after),
        DeadLetterFilter.number(given, "limit", PAGE_MAX, PAGE_MAX));
  }

  /** Refuses names that are neither a filter's nor these. */
  private static void known(Set<String> names, String what, String... more) {
    var permitted = new TreeSet<>(DeadLetterFilter.FIELDS);
    permitted.addAll(List.of(more));
    for (String name : names)
      if (!permitted.contains(name))
        throw new OperatorRefusal(400,
            "there is no " + what + " `" + CardNumbers.hidden(name) + "`; there are "
                + String.join(", ", permitted));
  }

  /** The values of a body as texts. */
  private static Map<String, String> texts(JsonObject body) {
    var texts = new HashMap<String, String>();
    for (var field : body) {
      if (!(field.getValue() instanceof String || field.getValue() instanceof Number))
        throw new OperatorRefusal(400,
            "`" + CardNumbers.hidden(field.getKey()) + "` must be a text or a number");
      texts.put(field.getKey(), String.valueOf(field.getValue()));
    }
    return texts;
  }

  private static Order order(JsonObject body, boolean reasoned) {
    String operator = OperatorCall.operator(body);
    Object reason = body.getValue("reason");
    if (reason == null && !reasoned) return new Order(operator, null, new JsonObject());
    return new Order(operator, OperatorCall.text(body, "reason", REASON_CHARS_MAX), new JsonObject());
  }

  private static Future<JsonObject> one(RoutingContext c, JsonObject body, boolean reasoned,
      BiFunction<Long, Order, Future<JsonObject>> act) {
    OperatorCall.only(body, "operator", "reason");
    return act.apply(id(c), order(body, reasoned));
  }

  private Future<JsonObject> replay(JsonObject body) {
    var given = texts(body);
    int rate = DeadLetterFilter.number(given, "rate", RATE_MAX, RATE);
    var order = order(body, false);
    return acts.replay(filter(given, List.of("open", "discarded"), "rate"), limit(given), rate,
        new Order(order.operator(), order.reason(), asked(body).put("rate", rate)));
  }

  private Future<JsonObject> discard(JsonObject body) {
    var given = texts(body);
    var order = order(body, true);
    return acts.discard(filter(given, List.of("open", "replaying"), "reason"), limit(given),
        new Order(order.operator(), order.reason(), asked(body)));
  }

  private static int limit(Map<String, String> given) {
    return DeadLetterFilter.number(given, "limit", DeadLetterActs.LETTERS_MAX, DeadLetterActs.LETTERS_MAX);
  }

  /** Without a status those that are open are meant. That all of them are must be said. */
  private static DeadLetterFilter filter(Map<String, String> given, List<String> statuses, String more) {
    known(given.keySet(), "field", "operator", "reason", "limit", more);
    if (given.keySet().stream().noneMatch(DeadLetterFilter.FIELDS::contains))
      throw new OperatorRefusal(400,
          "which dead letters? Give at least one of "
              + String.join(", ", new TreeSet<>(DeadLetterFilter.FIELDS))
              + "; `\"status\": \"open\"` means all that are open");
    given.putIfAbsent("status", "open");
    return DeadLetterFilter.of(given, statuses);
  }

  /** The filter as it was given, for the audit. */
  private static JsonObject asked(JsonObject body) {
    var filter = new JsonObject();
    for (var field : body)
      if (DeadLetterFilter.FIELDS.contains(field.getKey())) filter.put(field.getKey(), field.getValue());
    return new JsonObject().put("filter", filter);
  }
}
