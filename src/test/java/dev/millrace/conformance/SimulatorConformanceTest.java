package dev.millrace.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.model.Dispute;
import com.stripe.model.Event;
import com.stripe.model.PaymentIntent;
import com.stripe.model.Refund;
import com.stripe.model.StripeError;
import com.stripe.param.WebhookEndpointCreateParams;
import dev.millrace.conformance.RecordedSimulator.Call;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.simulator.book.Wire;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/** Every answer and every webhook of the simulator is one that the provider publishes. */
@EnabledIfSystemProperty(named = Contracts.PROPERTY, matches = ".+", disabledReason = Contracts.WHY)
final class SimulatorConformanceTest {
  private static final String CARD = "pm_card_visa";
  private static final String SLOW = "pm_card_authenticationRequired";

  @TempDir
  private Path directory;
  private Map<String, JsonObject> published = Map.of();

  private static String name(Outcome outcome) {
    return switch (outcome) {
      case Outcome.Charged c -> c.providerReference();
      case Outcome.Authorized a -> a.providerReference();
      case Outcome.ActionRequired a -> a.providerReference();
      default -> throw new AssertionError(outcome);
    };
  }

  private static String charged(RecordedSimulator at, String method) {
    return name(at.execute(Orders.charge(method, false)));
  }

  private static String held(RecordedSimulator at) { return name(at.execute(Orders.charge(CARD, true))); }

  /** Everything that can happen to a payment, once. */
  private static void live(RecordedSimulator at) {
    for (String method : List.of("pm_card_mastercard", "pm_card_amex", "pm_card_chargeDeclined",
        "pm_card_chargeDeclinedInsufficientFunds", "pm_card_chargeDeclinedExpiredCard",
        "pm_card_chargeDeclinedIncorrectCvc", "pm_sim_unavailable", "pm_nobody_knows", "pm_ach_success",
        "pm_sim_processing", "pm_sim_processing_fails", "pm_sim_late_charge", "pm_sim_second_try",
        "pm_sim_dispute_overturned"))
      at.execute(Orders.charge(method, false));
    Order.Charge known = Orders.charge(CARD, false);
    at.execute(known);
    at.inquire(known);
    at.execute(
        new Order.Charge(known.payment(), false, known.reference(), 7, "eur", CARD, "card", false, null,
            Orders.RETURN, known.traceparent()));
    operations(at);
    for (String outcome : List.of("succeed", "fail"))
      for (boolean manual : new boolean[]{false, true}) action(at, outcome, manual);
    at.execute(Orders.cancel(name(at.execute(Orders.charge(SLOW, false)))));
    Order.Charge expired = Orders.charge(CARD, true);
    at.execute(expired);
    at.control("POST", "/expire", new JsonObject().put("reference", expired.reference()).encode());
    for (String end : List.of("won", "lost")) {
      Order.Charge disputed = Orders.charge(CARD, false);
      at.execute(disputed);
      var body = new JsonObject().put("reference", disputed.reference());
      at.control("POST", "/disputes", body.encode());
      at.control("POST", "/disputes/close", body.put("outcome", end).encode());
    }
  }

  private static void operations(RecordedSimulator at) {
    String held = held(at);
    at.execute(Orders.capture(held, 9_000));
    var capture = Orders.capture(held, 1_500);
    at.execute(capture);
    at.inquire(capture);
    at.execute(Orders.capture(held, 100));
    String released = held(at);
    at.execute(Orders.cancel(released));
    at.execute(Orders.capture(released, 100));
    at.execute(Orders.cancel(released));
    String charged = charged(at, CARD);
    var refund = Orders.refund(charged, 500, "requested_by_customer");
    at.execute(refund);
    at.inquire(refund);
    at.execute(Orders.refund(charged, 9_000, null));
    for (String method : List.of("pm_card_pendingRefund", "pm_card_refundFail", "pm_sim_ops_refused",
        "pm_sim_refund_pending_fails"))
      at.execute(Orders.refund(charged(at, method), 500, "too small"));
    at.execute(Orders.capture(name(at.execute(Orders.charge("pm_sim_ops_refused", true))), 500));
  }

  /** What Adyen alone does, and what is done in its Customer Area. */
  private static void customerArea(RecordedSimulator at) {
    Order.Charge held = Orders.charge(CARD, true);
    at.execute(held);
    var body = new JsonObject().put("reference", held.reference()).put("amount", 100);
    at.control("POST", "/captures", body.encode());
    at.control("POST", "/captures", body.copy().put("success", false).encode());
    body.remove("amount");
    at.control("POST", "/captures/fail", body.encode());
    at.control("POST", "/expire", body.encode());
    Order.Charge charged = Orders.charge(CARD, false);
    String psp = name(at.execute(charged));
    at.execute(Orders.refund(psp, 500, null));
    body = new JsonObject().put("reference", charged.reference());
    at.control("POST", "/refunds/fail", body.copy().put("reversed", true).encode());
    at.control("POST", "/disputes", body.copy().put("amount", 5_000).encode());
    for (String outcome : List.of("won", "lost", "won", "lost"))
      at.control("POST", "/disputes/close", body.copy().put("outcome", outcome).encode());
    for (boolean manual : new boolean[]{false, true}) {
      String reversed = name(at.execute(Orders.charge(CARD, manual)));
      var answer = Http.send("POST", at.url() + "/adyen/v71/payments/" + reversed + "/reversals",
          Map.of("x-api-key", RecordedSimulator.KEY), "{\"merchantAccount\":\"Bookshop\"}");
      assertThat(answer.status()).as(answer.body()).isEqualTo(201);
    }
  }

  private static void action(RecordedSimulator at, String outcome, boolean manual) {
    Order.Charge order = Orders.charge(SLOW, manual);
    var required = (Outcome.ActionRequired) at.execute(order);
    at.execute(new Order.Complete(order, required.providerReference(), null));
    var answer = Http.send("POST", required.url(),
        Map.of("Content-Type", "application/x-www-form-urlencoded"),
        "outcome=" + outcome);
    at.execute(new Order.Complete(order, required.providerReference(),
        URI.create(answer.header("Location")).getRawQuery()));
  }

  /** What no connector sends. */
  private static void ask(RecordedSimulator at, String method, String path, String key, String body) {
    Http.send(method, at.url() + path, Map.of("x-api-key", key, "Authorization", "Bearer " + key,
        "idempotency-key", Orders.reference(), "Content-Type",
        body.startsWith("{") ? "application/json" : "application/x-www-form-urlencoded"), body);
  }

  private static Set<String> statuses(RecordedSimulator at, String prefix) {
    var statuses = new TreeSet<String>();
    for (Call call : at.calls())
      statuses.add(call.method() + " " + call.path().substring(prefix.length())
          .replaceFirst("/(pi|re|du)_\\w+|/(?!payments)[A-Z0-9]{16}", "/*") + " " + call.status());
    return statuses;
  }

  @Test
  void adyen() {
    OpenApi checkout = Contracts.checkout();
    OpenApi webhooks = Contracts.webhooks();
    try (var at = new RecordedSimulator(directory, Wire.ADYEN)) {
      live(at);
      customerArea(at);
      ask(at, "POST", "/adyen/v71/payments", "wrong", "{}");
      ask(at, "POST", "/adyen/v71/payments", RecordedSimulator.KEY, "{\"merchantAccount\":7}");
      ask(at, "POST", "/adyen/v71/payments", RecordedSimulator.KEY, "{");
      ask(at, "POST", "/adyen/v71/payments/details", RecordedSimulator.KEY,
          "{\"details\":{\"redirectResult\":\"x\"}}");
      ask(at, "POST", "/adyen/v71/payments/ABCDEFGHIJKLMNOP/captures", RecordedSimulator.KEY, "{}");
      assertThat(statuses(at, "/adyen/v71")).contains("POST /payments 200", "POST /payments 400",
          "POST /payments 401", "POST /payments 422", "POST /payments/details 200",
          "POST /payments/details 422",
          "POST /payments/*/captures 201", "POST /payments/*/captures 422", "POST /payments/*/cancels 201",
          "POST /payments/*/refunds 201");
      for (String code : List.of("AUTHORISATION", "CAPTURE", "CAPTURE_FAILED", "CANCELLATION", "REFUND",
          "REFUND_FAILED", "REFUNDED_REVERSED", "CANCEL_OR_REFUND", "EXPIRE", "NOTIFICATION_OF_CHARGEBACK",
          "CHARGEBACK", "DISPUTE_DEFENSE_PERIOD_ENDED", "CHARGEBACK_REVERSED", "SECOND_CHARGEBACK",
          "PREARBITRATION_WON", "PREARBITRATION_LOST"))
        at.awaitWebhook(code, webhook -> code.equals(item(webhook).getString("eventCode")));
      var errors = new TreeSet<String>();
      for (Call call : at.calls()) {
        String path = call.path().substring("/adyen/v71".length())
            .replaceFirst("^/payments/(?!details)[A-Z0-9]+/", "/payments/{paymentPspReference}/");
        checkout.errors(checkout.responseSchema(path, "post", call.status()), call.json())
            .forEach(error -> errors.add(path + " " + call.status() + " " + error + " in " + call.body()));
      }
      for (JsonObject webhook : at.webhooks()) {
        JsonObject item = item(webhook);
        String code = item.getString("eventCode");
        // Published in words: each member of a payment's metadata, under this name.
        JsonObject additional = item.getJsonObject("additionalData");
        Set.copyOf(additional.fieldNames()).stream().filter(n -> n.startsWith("metadata."))
            .forEach(additional::remove);
        webhooks.errors(webhooks.webhookSchema(code), webhook)
            .forEach(error -> errors.add(code + " " + error + " in " + webhook));
      }
      assertThat(errors).isEmpty();
    }
  }

  private static JsonObject item(JsonObject webhook) {
    return webhook.getJsonArray("notificationItems").getJsonObject(0)
        .getJsonObject("NotificationRequestItem");
  }

  @Test
  void stripe() {
    published = Contracts.stripeObjects();
    List<String> types = StripeModels.values(WebhookEndpointCreateParams.EnabledEvent.class);
    try (var at = new RecordedSimulator(directory, Wire.STRIPE)) {
      live(at);
      ask(at, "POST", "/v1/payment_intents", "wrong", "amount=1");
      ask(at, "POST", "/v1/payment_intents", RecordedSimulator.KEY, "amount=0&colour=blue");
      ask(at, "GET", "/v1/payment_intents/pi_1", RecordedSimulator.KEY, "");
      ask(at, "GET", "/v1/disputes?payment_intent=" + charged(at, CARD), RecordedSimulator.KEY, "");
      assertThat(statuses(at, "/v1")).contains("POST /payment_intents 200", "POST /payment_intents 400",
          "POST /payment_intents 401", "POST /payment_intents 402", "GET /payment_intents/* 200",
          "GET /payment_intents/* 404", "GET /payment_intents/search 200",
          "POST /payment_intents/*/capture 200",
          "POST /payment_intents/*/capture 400", "POST /payment_intents/*/cancel 200", "POST /refunds 200",
          "POST /refunds 400", "GET /refunds 200", "GET /disputes 200");
      for (String type : List.of("payment_intent.succeeded", "payment_intent.payment_failed",
          "payment_intent.canceled", "payment_intent.requires_action",
          "payment_intent.amount_capturable_updated", "refund.created", "refund.updated", "refund.failed",
          "payment_intent.processing", "charge.dispute.created", "charge.dispute.funds_withdrawn",
          "charge.dispute.closed", "charge.dispute.funds_reinstated"))
        at.awaitWebhook(type, webhook -> type.equals(webhook.getString("type")));
      var errors = new TreeSet<String>();
      for (Call call : at.calls()) errors.addAll(answer(call));
      for (JsonObject event : at.webhooks()) {
        if (!types.contains(event.getString("type"))) errors.add("no type " + event.getString("type"));
        JsonObject object = event.getJsonObject("data").getJsonObject("object");
        errors.addAll(StripeModels.errors(event.copy().putNull("data"), Event.class));
        errors.addAll(object(object));
      }
      assertThat(errors).isEmpty();
    }
  }

  private List<String> answer(Call call) {
    JsonObject json = call.json();
    if (json.containsKey("error"))
      return StripeModels.errors(json.getJsonObject("error"), StripeError.class);
    if (!json.containsKey("data")) return object(json);
    var errors = new ArrayList<String>();
    JsonArray list = json.getJsonArray("data");
    for (int i = 0; i < list.size(); i++) errors.addAll(object(list.getJsonObject(i)));
    return errors;
  }

  private List<String> object(JsonObject object) {
    String name = object.getString("object");
    Class<?> model = switch (name) {
      case "payment_intent" -> PaymentIntent.class;
      case "refund" -> Refund.class;
      case "dispute" -> Dispute.class;
      default -> throw new AssertionError(name);
    };
    var errors = new ArrayList<>(StripeModels.errors(object, model));
    errors.addAll(missing(name, object));
    if (object.getValue("latest_charge") instanceof JsonObject charge)
      errors.addAll(missing("charge", charge));
    return errors;
  }

  /** What Stripe's own example of the object has, and this one has not. */
  private List<String> missing(String name, JsonObject object) {
    return published.get(name).fieldNames().stream()
        .filter(field -> !object.containsKey(field) && !OPTIONAL.contains(name + "." + field))
        .map(field -> name + "." + field + " is missing").toList();
  }

  /**
   * Those that an object has only where they apply (payments that Stripe manages, lists that were asked for),
   * and those of intents that are younger than books of the simulator, which promise the same bytes for ever.
   */
  private static final Set<String> OPTIONAL = Set.of("payment_intent.managed_payments", "charge.refunds",
      "payment_intent.customer_account", "payment_intent.excluded_payment_method_types",
      "payment_intent.payment_method_configuration_details");
}
