package dev.millrace.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.param.PaymentIntentCancelParams;
import com.stripe.param.PaymentIntentCaptureParams;
import com.stripe.param.PaymentIntentCreateParams;
import com.stripe.param.PaymentIntentRetrieveParams;
import com.stripe.param.PaymentIntentSearchParams;
import com.stripe.param.RefundCreateParams;
import com.stripe.param.RefundListParams;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider;
import dev.millrace.provider.ScriptedServer;
import dev.millrace.provider.ScriptedServer.Request;
import dev.millrace.provider.adyen.AdyenProvider;
import dev.millrace.provider.stripe.StripeProvider;
import dev.millrace.testing.Loop;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/** Every request that a connector sends is one that the provider takes, by what it publishes. */
@EnabledIfSystemProperty(named = Contracts.PROPERTY, matches = ".+", disabledReason = Contracts.WHY)
final class RequestsConformanceTest {
  private static final String SEGMENT = "/[A-Za-z0-9_]+";

  /** What the orders are sent as, and asked about as; each is answered with {@code answer}. */
  private static List<Request> sent(Function<Loop, Function<String, Provider>> connector, List<Order> orders,
      String... answer) {
    try (var loop = new Loop(); var server = new ScriptedServer(loop.vertx())) {
      Provider provider = loop.on(() -> connector.apply(loop).apply(server.url()));
      for (Order order : orders) {
        server.answer(200, answer[0]);
        loop.result(() -> provider.execute(order));
        for (String inquiry : answer) server.answer(200, inquiry);
        loop.result(() -> provider.inquire(order));
      }
      Loop.result(loop.on(provider::close));
      return server.requests();
    }
  }

  @Test
  void adyen() {
    OpenApi checkout = Contracts.checkout();
    List<Request> requests = sent(loop -> url -> new AdyenProvider(loop.vertx(),
        new AdyenProvider.Settings("adyen", url + "/v71", "key", "Bookshop", 1, 2_000),
        InstantSource.system()),
        Orders.all("QFQTPCQ8HXSKGK82", "redirectResult=X6XtfGC3%21Y"), "{}");
    var paths = new TreeSet<String>();
    for (Request request : requests) {
      String path = request.uri().substring("/v71".length())
          .replaceFirst("^/payments/(?!details)[A-Z0-9]+/", "/payments/{paymentPspReference}/");
      paths.add(path);
      assertThat(checkout.errors(checkout.requestSchema(path, "post"), request.json())).as("%s", request)
          .isEmpty();
      assertThat(request.headers().get("idempotency-key")).as("Adyen keeps 64 characters").hasSizeBetween(1,
          64);
    }
    assertThat(paths).containsExactly("/cancels", "/payments", "/payments/details",
        "/payments/{paymentPspReference}/cancels", "/payments/{paymentPspReference}/captures",
        "/payments/{paymentPspReference}/refunds");
  }

  private static final Map<String, Class<?>> STRIPE = Map.of(
      "POST /v1/payment_intents", PaymentIntentCreateParams.class,
      "POST /v1/payment_intents" + SEGMENT + "/capture", PaymentIntentCaptureParams.class,
      "POST /v1/payment_intents" + SEGMENT + "/cancel", PaymentIntentCancelParams.class,
      "POST /v1/refunds", RefundCreateParams.class,
      "GET /v1/payment_intents/search", PaymentIntentSearchParams.class,
      "GET /v1/payment_intents" + SEGMENT, PaymentIntentRetrieveParams.class,
      "GET /v1/refunds", RefundListParams.class);

  private static Map<String, String> fields(Request request) {
    int query = request.uri().indexOf('?');
    var fields = new TreeMap<>(request.form());
    if (query >= 0)
      for (String pair : request.uri().substring(query + 1).split("&")) {
        String[] parts = URLDecoder.decode(pair, StandardCharsets.UTF_8).split("=", 2);
        fields.put(parts[0], parts[1]);
      }
    return fields;
  }

  @Test
  void stripe() {
    // A page of others' refunds, and there are more.
    String page = "{\"data\":[{\"id\":\"re_1\",\"object\":\"refund\",\"metadata\":{}}],\"has_more\":true}";
    List<Request> requests = sent(
        loop -> url -> new StripeProvider(loop.vertx(), "stripe", url, "sk_test_1", 1, 2_000),
        Orders.all("pi_1MoS6tLgUG5tbmjcQ62U6djv", "payment_intent=pi_1"), page,
        "{\"data\":[],\"has_more\":false}");
    var calls = new TreeSet<String>();
    var errors = new ArrayList<String>();
    for (Request request : requests) {
      String call = request.method() + " " + request.uri().split("\\?")[0];
      String published = STRIPE.keySet().stream().filter(call::matches)
          .max((a, b) -> Boolean.compare(a.endsWith("search"), b.endsWith("search"))).orElseThrow();
      calls.add(published);
      errors.addAll(StripeModels.formErrors(fields(request), STRIPE.get(published)));
    }
    assertThat(errors).isEmpty();
    assertThat(calls).isEqualTo(new TreeSet<>(STRIPE.keySet()));
  }
}
