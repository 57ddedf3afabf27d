package dev.millrace.ops;

import dev.millrace.platform.CardNumbers;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.RouteMethods;
import dev.millrace.platform.Unavailable;
import io.vertx.core.Future;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One call of an operator: its JSON body, the fields that acts have in common, and its answer, also when it
 * is refused. A field that is missing or wrong is refused with 400, in words that say how it must be.
 */
final class OperatorCall {
  private static final Logger LOG = LoggerFactory.getLogger(OperatorCall.class);

  private OperatorCall() {}

  /** Answers what {@code act} makes of the JSON body. */
  static void act(RoutingContext c, Function<JsonObject, Future<JsonObject>> act) {
    JsonObject body;
    try {
      body = c.body().length() <= 0 ? new JsonObject() : c.body().asJsonObject();
      run(c, act.apply(body == null ? new JsonObject() : body));
    } catch (DecodeException | ClassCastException e) {
      answer(c, 400, new JsonObject().put("error", "the body must be a JSON object"));
    } catch (OperatorRefusal e) {
      answer(c, e.status(), new JsonObject().put("error", e.getMessage()));
    }
  }

  static String operator(JsonObject body) { return text(body, "operator"); }

  static String text(JsonObject body, String field) {
    return text(body, field, 200);
  }

  /** What Postgres, and JSON, cannot hold, is no text: NUL, and half a character. */
  static String text(JsonObject body, String field, int charsMax) {
    if (body.getValue(field) instanceof String s && CardNumbers.in(s)) throw cardNumber(field);
    if (body.getValue(field) instanceof String s && !s.isBlank() && s.length() <= charsMax
        && s.indexOf('\0') < 0 && StandardCharsets.UTF_8.newEncoder().canEncode(s))
      return s;
    throw new OperatorRefusal(400,
        "`" + field + "` must be a text of 1 to " + charsMax + " characters in the JSON body");
  }

  private static OperatorRefusal cardNumber(String field) {
    return new OperatorRefusal(400, "`" + field
        + "` holds what looks like a card number. Card numbers are not stored: take it out");
  }

  /** Refuses a body with fields of other names than these. */
  static void only(JsonObject body, String... fields) {
    for (String name : body.fieldNames())
      if (!List.of(fields).contains(name))
        throw new OperatorRefusal(400,
            "there is no field `" + CardNumbers.hidden(name) + "`; there are " + String.join(", ", fields));
  }

  static boolean flag(JsonObject body, String field) {
    Object value = body.getValue(field);
    if (value == null) return false;
    if (value instanceof Boolean b) return b;
    throw new OperatorRefusal(400, "`" + field + "` must be true or false");
  }

  static @Nullable Integer rate(JsonObject body) {
    Object value = body.getValue("rate");
    if (value == null) return null;
    if (value instanceof Integer i && i > 0) return i;
    throw new OperatorRefusal(400, "`rate` must be a positive integer: requests a second");
  }

  /** Answers 200 with the result, or what the failure says. */
  static void run(RoutingContext c, Future<JsonObject> result) {
    result.onSuccess(json -> answer(c, 200, json)).onFailure(failure -> {
      switch (failure) {
        case OperatorRefusal r -> answer(c, r.status(), new JsonObject().put("error", r.getMessage()));
        case Unavailable u -> answer(c, 503, new JsonObject().put("error", u.getMessage()));
        default -> {
          LOG.error("ops_call_failed path={}", c.normalizedPath(), failure);
          answer(c, 500, new JsonObject().put("error", "failed; see the log"));
        }
      }
    });
  }

  static void answer(RoutingContext c, int status, JsonObject json) {
    c.response().setStatusCode(status).putHeader("Content-Type", "application/json");
    RouteMethods.end(c.request(), json.toBuffer())
        .onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
  }
}
