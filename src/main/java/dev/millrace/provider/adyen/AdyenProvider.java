package dev.millrace.provider.adyen;

import dev.millrace.platform.HttpUrl;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.HttpWire;
import dev.millrace.provider.Method;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Carries orders out over Adyen's Checkout API, version 71; our reference is the {@code idempotency-key} of
 * every POST and the {@code reference} of what it makes. Captures, cancellations and refunds are only
 * received; what became of them comes by notification.
 *
 * <p>Adyen has no call that finds a payment by our reference. An inquiry is the same request once more under
 * the same key, which Adyen answers with the first one's answer and without carrying it out again: a request
 * that never arrived is carried out then, so there is no absence. Keys are promised to be known for at least
 * seven days and by the same region only; a day before that an inquiry stops asking and says that it does not
 * know.
 *
 * <p>A token {@code tok_<storedPaymentMethodId>_<shopperReference>} is sent as these two, which Adyen wants
 * together; any other is sent as it is.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Checkout/71/overview">Adyen, Checkout API 71</a>
 * @see <a href="https://docs.adyen.com/development-resources/api-idempotency">Adyen, API idempotency</a>
 * @see <a href="https://docs.adyen.com/online-payments/tokenization/make-token-payments">Adyen, token
 *   payments</a>
 */
public final class AdyenProvider implements Provider {
  /**
   * Of one account.
   *
   * @param url ends with the version
   * @param concurrency connections
   * @param timeoutMs for a whole call
   */
  public record Settings(String name, String url, String key, String merchantAccount, int concurrency,
      long timeoutMs) {}

  /** Adyen's promise of seven days, less one. */
  static final Duration KEYS_LIVE = Duration.ofDays(6);
  private static final Pattern TOKEN = Pattern.compile("tok_([A-Za-z0-9]+)_(\\w+)");
  private static final Pattern REDIRECT_RESULT = Pattern.compile("(?:^|[?&])redirectResult=([^&]*)");

  private final HttpWire wire;
  private final Settings settings;
  private final InstantSource clock;
  private final boolean live;

  public AdyenProvider(Vertx vertx, Settings settings, InstantSource clock) {
    this.settings = settings;
    this.clock = clock;
    // https://<prefix>-checkout-live.adyenpayments.com/checkout/v71, https://checkout-test.adyen.com/v71
    this.live = HttpUrl.read(settings.url()) instanceof HttpUrl url && url.host().contains("live");
    this.wire = new HttpWire(vertx, settings.url(),
        Map.of("x-api-key", settings.key(), "Content-Type", "application/json"), settings.concurrency(),
        settings.timeoutMs());
  }

  @Override
  public String name() { return settings.name(); }

  @Override
  public String rail() { return "card"; }

  @Override
  public Future<Outcome> execute(Order order) {
    if (order.livemode() != live) return Future.succeededFuture(otherMode());
    return switch (order) {
      case Order.Charge c -> charge(c);
      case Order.Complete c -> complete(c);
      case Order.Capture c -> modify(c, c.providerReference(), "captures", c.amount(), c.currency());
      case Order.Cancel c -> cancel(c);
      case Order.Refund r -> modify(r, r.providerReference(), "refunds", r.amount(), r.currency());
    };
  }

  private Outcome otherMode() {
    return new Outcome.Declined(null, "provider_mode_mismatch", null,
        "This gateway's provider account is for "
            + (live ? "live" : "test") + " mode: the order was not sent.");
  }

  private Future<Outcome> charge(Order.Charge c) {
    JsonObject amount = AdyenAmount.write(c.amount(), c.currency());
    if (amount == null)
      return Future.succeededFuture(AdyenAmount.UNITS.notSent(c.amount(), c.currency()));
    var method = new JsonObject().put("type", c.methodType().equals(Method.ACH) ? "ach" : "scheme");
    // For whoever looks at Adyen's pages. A repeated order has the bytes of the first one, so this stays.
    var json = body(c.reference()).put("amount", amount).put("paymentMethod", method)
        .put("returnUrl", c.returnUrl()).put("shopperInteraction", "ContAuth")
        .put("recurringProcessingModel", "CardOnFile")
        .put("metadata",
            new JsonObject().put("millrace_capture", c.manualCapture() ? "manual" : "automatic"));
    Matcher token = TOKEN.matcher(c.paymentMethod());
    if (token.matches()) json.put("shopperReference", token.group(2));
    method.put("storedPaymentMethodId", token.matches() ? token.group(1) : c.paymentMethod());
    // Said aloud in both cases: how the merchant account is set up must not decide it.
    if (c.manualCapture()) json.put("additionalData", new JsonObject().put("manualCapture", "true"));
    else json.put("captureDelayHours", 0);
    return wire.post("/payments", headers(c, c.reference()), json.toBuffer(),
        answer -> AdyenOutcomes.ofPayment(answer, c));
  }

  private Future<Outcome> complete(Order.Complete c) {
    String result = redirectResult(c.result());
    if (result == null) return Future.succeededFuture(AdyenOutcomes.stillOut(c));
    var json = new JsonObject().put("details", new JsonObject().put("redirectResult", result));
    // Another request than the charge, and one for each result that a payer brings back.
    return wire.post("/payments/details", headers(c, c.reference() + "-" + digest(result)), json.toBuffer(),
        answer -> AdyenOutcomes.ofDetails(answer, c));
  }

  /** Of what the browser brought back, be it the query or the result alone. */
  private static @Nullable String redirectResult(@Nullable String brought) {
    if (brought == null || brought.isBlank()) return null;
    Matcher query = REDIRECT_RESULT.matcher(brought);
    if (!query.find()) return brought;
    try {
      return URLDecoder.decode(query.group(1), StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return null; // No browser encodes so: it brought nothing.
    }
  }

  private static String digest(String text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private Future<Outcome> modify(Order order, String payment, String what, long amount, String currency) {
    JsonObject adyens = AdyenAmount.write(amount, currency);
    if (adyens == null) return Future.succeededFuture(AdyenAmount.UNITS.notSent(amount, currency));
    return post(order, "/payments/" + URLEncoder.encode(payment, StandardCharsets.UTF_8) + "/" + what,
        body(order.reference()).put("amount", adyens));
  }

  /** A payment whose payer has not come back may bear our reference alone. */
  private Future<Outcome> cancel(Order.Cancel c) {
    return AdyenItem.ours(c.providerReference())
        ? post(c, "/cancels", body(c.reference()).put("paymentReference", c.providerReference()))
        : post(c, "/payments/" + URLEncoder.encode(c.providerReference(), StandardCharsets.UTF_8)
            + "/cancels", body(c.reference()));
  }

  private Future<Outcome> post(Order order, String path, JsonObject json) {
    return wire.post(path, headers(order, order.reference()), json.toBuffer(), AdyenOutcomes::ofModification);
  }

  private JsonObject body(String reference) {
    return new JsonObject().put("merchantAccount", settings.merchantAccount()).put("reference", reference);
  }

  private static Map<String, String> headers(Order order, String key) {
    return Map.of("idempotency-key", key, "traceparent", order.traceparent());
  }

  @Override
  public Future<Outcome> inquire(Order order) {
    if (order.livemode() != live)
      return Future.succeededFuture(new Outcome.Unknown("the provider account is for the other mode"));
    UUID reference = TypeId.parse(TypeId.ATTEMPT, order.reference());
    if (reference == null || clock.millis() - TypeId.millis(reference) > KEYS_LIVE.toMillis())
      return Future.succeededFuture(new Outcome.Unknown("too old to be asked for: only Adyen's Customer Area"
          + " can tell what became of " + order.reference()));
    return execute(order);
  }

  @Override
  public boolean inquiresByOrdering() { return true; }

  @Override
  public Future<Void> close() { return wire.close(); }
}
