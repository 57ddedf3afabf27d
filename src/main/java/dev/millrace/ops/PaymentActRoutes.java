package dev.millrace.ops;

import static dev.millrace.ops.OperatorCall.act;
import static dev.millrace.ops.OperatorCall.operator;

import dev.millrace.platform.CardNumbers;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.TypeId;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code /ops/payments/{id}}: what a person can mend of one payment. A field that is not known, or a value
 * that is wrong, is refused.
 */
final class PaymentActRoutes {
  private static final Pattern KEY = Pattern.compile("[A-Za-z0-9._:-]{1,100}");
  private static final Pattern PROVIDER = Pattern.compile("[a-z0-9_-]{1,100}");
  private static final List<String> TARGETS = List.of("merchant", "fees", "provider");

  private final PaymentActs acts;

  PaymentActRoutes(PaymentActs acts) { this.acts = acts; }

  void mount(Router router) {
    router.get("/ops/payments/:id/suspense").handler(c -> act(c, body -> acts.suspense(payment(c))));
    router.post("/ops/payments/:id/corrections")
        .handler(c -> act(c, body -> acts.correct(payment(c), correction(body))));
    router.post("/ops/payments/:id/late-charges/:rev/return").handler(c -> act(c, body -> {
      OperatorCall.only(body, "operator", "reason");
      return acts.returnLateCharge(payment(c), lateCharge(c.pathParam("rev")), operator(body), reason(body));
    }));
    router.post("/ops/payments/:id/read-again").handler(c -> act(c, body -> {
      OperatorCall.only(body, "operator", "reason", "key");
      return acts.readAgain(payment(c), key(body), operator(body), reason(body));
    }));
  }

  private static UUID payment(RoutingContext c) {
    UUID payment = TypeId.parse(TypeId.PAYMENT, c.pathParam("id"));
    if (payment == null) throw new OperatorRefusal(404, "no such payment: an id looks like pay_…");
    return payment;
  }

  private static String lateCharge(String id) {
    if (TypeId.parse(TypeId.REVERSAL, id) == null)
      throw new OperatorRefusal(404, "no such late charge: an id looks like rev_…");
    return id;
  }

  private static String reason(JsonObject body) {
    return OperatorCall.text(body, "reason", DeadLetterRoutes.REASON_CHARS_MAX);
  }

  /** What the same act is known by when it is sent again. */
  private static String key(JsonObject body) {
    if (body.getValue("key") instanceof String s && KEY.matcher(s).matches())
      return OperatorCall.text(body, "key");
    throw new OperatorRefusal(400,
        "`key` must be 1 to 100 letters, digits, and `.`, `_`, `:` and `-` in the JSON"
            + " body: your name of this act, the same when you send it again");
  }

  private static Corrections.Order correction(JsonObject body) {
    OperatorCall.only(body, "operator", "reason", "key", "amount", "to", "late_charge", "provider");
    return new Corrections.Order(key(body), operator(body), reason(body), amount(body), target(body),
        optionalLateCharge(body), optionalProvider(body));
  }

  private static String shown(@Nullable Object value) {
    return CardNumbers.hidden(String.valueOf(value));
  }

  private static long amount(JsonObject body) {
    Object amount = body.getValue("amount");
    if ((amount instanceof Integer || amount instanceof Long) && ((Number) amount).longValue() > 0)
      return ((Number) amount).longValue();
    throw new OperatorRefusal(400,
        "`amount` must be a positive integer in the currency's minor unit, not " + shown(amount));
  }

  private static String target(JsonObject body) {
    if (body.getValue("to") instanceof String s && TARGETS.contains(s)) return s;
    throw new OperatorRefusal(400,
        "`to` must be one of " + String.join(", ", TARGETS) + ", not " + shown(body.getValue("to")));
  }

  private static @Nullable String optionalLateCharge(JsonObject body) {
    Object value = body.getValue("late_charge");
    if (value == null || (value instanceof String s && TypeId.parse(TypeId.REVERSAL, s) != null))
      return (String) value;
    throw new OperatorRefusal(400,
        "`late_charge` must be the id of a late charge (rev_…), or left out, not " + shown(value));
  }

  private static @Nullable String optionalProvider(JsonObject body) {
    Object value = body.getValue("provider");
    if (value == null || (value instanceof String s && PROVIDER.matcher(s).matches())) return (String) value;
    throw new OperatorRefusal(400,
        "`provider` must be the name of an account at a provider, or left out, not " + shown(value));
  }
}
