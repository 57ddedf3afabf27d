package dev.millrace.ops;

import static dev.millrace.ops.OperatorCall.act;
import static dev.millrace.ops.OperatorCall.operator;

import dev.millrace.identity.Scopes;
import dev.millrace.platform.Networks;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.TypeId;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * {@code /ops/merchants} and {@code /ops/keys}: merchants and their keys. A field that is not known, or a
 * value that is wrong, is refused.
 */
final class KeyRoutes {
  private static final int NETWORKS_MAX = 100;
  private static final long YEAR_SECONDS = 366L * 86_400;
  private static final long OVERLAP_SECONDS = 86_400;

  private final KeyActs acts;

  KeyRoutes(KeyActs acts) { this.acts = acts; }

  void mount(Router router) {
    router.post("/ops/merchants").handler(c -> act(c, body -> {
      OperatorCall.only(body, "name", "livemode", "rate", "key_name", "networks", "expires_in", "scopes",
          "operator");
      return acts.createMerchant(OperatorCall.text(body, "name"), wanted(body), operator(body));
    }));
    router.post("/ops/merchants/:id/keys").handler(c -> act(c, body -> {
      OperatorCall.only(body, "livemode", "rate", "key_name", "networks", "expires_in", "scopes", "operator");
      return acts.createKey(merchant(c), wanted(body), operator(body));
    }));
    router.get("/ops/merchants/:id/keys").handler(c -> act(c, body -> acts.keys(merchant(c))));
    router.post("/ops/keys/revoke").handler(c -> act(c, body -> {
      OperatorCall.only(body, "key", "operator");
      return acts.revoke(OperatorCall.text(body, "key"), operator(body));
    }));
    router.post("/ops/keys/:id/revoke").handler(c -> act(c, body -> {
      OperatorCall.only(body, "operator");
      return acts.revoke(key(c), operator(body));
    }));
    router.post("/ops/keys/:id/roll").handler(c -> act(c, body -> {
      OperatorCall.only(body, "overlap", "operator");
      Long overlap = seconds(body, "overlap", 0);
      return acts.roll(key(c), Duration.ofSeconds(overlap == null ? OVERLAP_SECONDS : overlap),
          operator(body));
    }));
  }

  private static UUID merchant(RoutingContext c) {
    UUID id = TypeId.parse(TypeId.MERCHANT, c.pathParam("id"));
    if (id == null) throw new OperatorRefusal(404, "no such merchant: an id looks like mer_…");
    return id;
  }

  private static UUID key(RoutingContext c) {
    UUID id = TypeId.parse(TypeId.KEY, c.pathParam("id"));
    if (id == null) throw new OperatorRefusal(404, "no such key: an id looks like key_…");
    return id;
  }

  private static KeyActs.Wanted wanted(JsonObject body) {
    Long lasts = seconds(body, "expires_in", 1);
    return new KeyActs.Wanted(OperatorCall.flag(body, "livemode"),
        body.getValue("key_name") == null ? "" : OperatorCall.text(body, "key_name"),
        OperatorCall.rate(body), networks(body), lasts == null ? null : Duration.ofSeconds(lasts),
        scopes(body));
  }

  private static @Nullable Scopes scopes(JsonObject body) {
    Object value = body.getValue("scopes");
    if (value == null) return null;
    try {
      if (value instanceof JsonObject scopes) return Scopes.of(scopes);
    } catch (IllegalArgumentException e) {
      throw new OperatorRefusal(400, "`scopes`: " + e.getMessage());
    }
    throw new OperatorRefusal(400, "`scopes` must be an object, {\"payments\": \"read\"} for example");
  }

  private static @Nullable Long seconds(JsonObject body, String field, long least) {
    Object value = body.getValue(field);
    if (value == null) return null;
    if ((value instanceof Integer || value instanceof Long) && ((Number) value).longValue() >= least
        && ((Number) value).longValue() <= YEAR_SECONDS)
      return ((Number) value).longValue();
    throw new OperatorRefusal(400,
        "`" + field + "` must be a whole number of seconds from " + least + " to " + YEAR_SECONDS);
  }

  private static List<String> networks(JsonObject body) {
    Object value = body.getValue("networks");
    if (value == null) return List.of();
    if (!(value instanceof JsonArray array) || array.size() > NETWORKS_MAX) throw notNetworks(value);
    var networks = new ArrayList<String>();
    for (Object one : array) {
      if (!(one instanceof String network)) throw notNetworks(one);
      networks.add(network);
    }
    try {
      Networks.of(networks);
    } catch (IllegalArgumentException e) {
      throw notNetworks(e.getMessage());
    }
    return networks;
  }

  private static OperatorRefusal notNetworks(@Nullable Object value) {
    String shown = String.valueOf(value);
    return new OperatorRefusal(400, "`networks` must be at most " + NETWORKS_MAX
        + " addresses or networks, [\"192.0.2.7\", \"10.0.0.0/8\"] for example, and not `"
        + (shown.length() > 60 ? shown.substring(0, 60) + "…" : shown) + "`");
  }
}
