package dev.millrace.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.model.PaymentIntent;
import com.stripe.param.PaymentIntentCreateParams;
import com.stripe.param.RefundCreateParams;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** That the judge finds what is wrong. */
final class JudgeConformanceTest {
  private static JsonObject request() {
    return new JsonObject().put("merchantAccount", "Bookshop").put("reference", "r")
        .put("returnUrl", "https://r")
        .put("amount", new JsonObject().put("currency", "EUR").put("value", 1))
        .put("paymentMethod", new JsonObject().put("type", "scheme").put("storedPaymentMethodId", "m"));
  }

  @Test
  @EnabledIfSystemProperty(named = Contracts.PROPERTY, matches = ".+", disabledReason = Contracts.WHY)
  void adyen_everyFaultIsFound() {
    OpenApi checkout = Contracts.checkout();
    JsonObject schema = checkout.requestSchema("/payments", "post");
    assertThat(checkout.errors(schema, request())).isEmpty();
    Map<String, Consumer<JsonObject>> faults = Map.of("missing", r -> r.remove("amount"),
        "unknown", r -> r.put("colour", "blue"), "of another type", r -> r.put("reference", 7),
        "nested", r -> r.getJsonObject("amount").put("value", "1"),
        "none of the values", r -> r.put("shopperInteraction", "Telepathy"),
        "no method", r -> r.getJsonObject("paymentMethod").put("type", "shells"));
    faults.forEach((fault, make) -> {
      JsonObject request = request();
      make.accept(request);
      assertThat(checkout.errors(schema, request)).as(fault).isNotEmpty();
    });
  }

  @Test
  void stripe_everyFaultIsFound() {
    assertThat(StripeModels.formErrors(Map.of("amount", "1", "currency", "usd", "confirm", "true",
        "capture_method", "manual", "payment_method_types[]", "card", "metadata[a]", "b", "expand[]", "x"),
        PaymentIntentCreateParams.class)).isEmpty();
    Map.of("colour", "blue", "amount", "1.5", "confirm", "yes", "capture_method", "later", "expand[0][x]",
        "y",
        "metadata[a][b]", "c").forEach(
            (name, value) -> assertThat(
                StripeModels.formErrors(Map.of(name, value), PaymentIntentCreateParams.class)).as(name)
                .hasSize(1));
    assertThat(StripeModels.formErrors(Map.of("reason", "too_small"), RefundCreateParams.class)).hasSize(1);
    assertThat(StripeModels.errors(new JsonObject("""
      {"id":"pi_1","amount":1,"livemode":false,"metadata":{"a":"b"},"latest_charge":"ch_1","customer":null,
       "payment_method_types":["card"],"next_action":{"type":"x","redirect_to_url":{"url":"u"}}}"""),
        PaymentIntent.class)).isEmpty();
    for (String fault : new String[]{"{\"colour\":1}", "{\"amount\":\"1\"}", "{\"livemode\":\"no\"}",
        "{\"metadata\":{\"a\":1}}", "{\"latest_charge\":1}", "{\"latest_charge\":{\"colour\":1}}",
        "{\"payment_method_types\":[1]}", "{\"next_action\":{\"redirect_to_url\":{\"colour\":1}}}"})
      assertThat(StripeModels.errors(new JsonObject(fault), PaymentIntent.class)).as(fault).hasSize(1);
  }
}
