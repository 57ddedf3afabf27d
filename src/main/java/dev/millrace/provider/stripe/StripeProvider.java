package dev.millrace.provider.stripe;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.ConnectException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Charges and inquires over Stripe's wire protocol: one confirmed PaymentIntent a charge, our reference both as
 * {@code Idempotency-Key} and as {@code metadata[millrace_reference]}. An inquiry is a search by that metadata, because
 * the id of an intent whose answer was lost is not known; Stripe's search may lag a minute behind.
 *
 * @see <a href="https://docs.stripe.com/api/payment_intents/create">Stripe API, create a PaymentIntent</a>
 * @see <a href="https://docs.stripe.com/api/payment_intents/search">Stripe API, search PaymentIntents</a>
 * @see <a href="https://docs.stripe.com/error-low-level">Stripe, advanced error handling</a>
 */
public final class StripeProvider implements Provider {
  private static final String VERSION = "2025-03-31.basil";
  private static final int BODY_BYTES_MAX = 256 * 1024;

  private final HttpClientAgent client;
  private final String name;
  private final URI base;
  private final String authorization;
  private final boolean liveKey;
  private final long timeoutMs;

  /**
   * {@code name}: the account's; {@code url}: scheme, host and port; {@code concurrency}: connections; {@code timeoutMs}:
   * for a whole call.
   */
  public StripeProvider(Vertx vertx, String name, String url, String key, int concurrency, long timeoutMs) {
    this.name = name;
    this.base = URI.create(url);
    this.authorization = "Bearer " + key;
    this.liveKey = key.startsWith("sk_live_") || key.startsWith("rk_live_");
    this.timeoutMs = timeoutMs;
    this.client = vertx.createHttpClient(new HttpClientOptions().setSsl("https".equals(base.getScheme()))
        .setVerifyHost(true).setConnectTimeout(2_000).setKeepAliveTimeout(60).setMaxHeaderSize(16 * 1024),
        new PoolOptions().setHttp1MaxSize(concurrency).setMaxWaitQueueSize(concurrency));
  }

  @Override
  public String name() { return name; }

  @Override
  public String rail() { return "card"; }

  @Override
  public Future<Outcome> execute(Order order) {
    return switch (order) {
      case Order.Charge c -> charge(c);
      case Order.Complete _, Order.Capture _, Order.Cancel _, Order.Refund _ ->
        Future.failedFuture(new IllegalStateException("not yet"));
    };
  }

  private Future<Outcome> charge(Order.Charge c) {
    if (c.livemode() != liveKey) {
      return Future.succeededFuture(new Outcome.Declined(null, "provider_mode_mismatch", null,
          "This gateway's provider key is for " + (liveKey ? "live" : "test")
              + " mode: the payment was not sent."));
    }
    var form = new StringBuilder(320).append("amount=").append(c.amount()).append("&currency=")
        .append(c.currency())
        .append("&payment_method=").append(c.paymentMethod())
        .append("&confirm=true&payment_method_types[]=card")
        .append("&metadata[millrace_reference]=").append(c.reference())
        .append("&metadata[millrace_payment]=").append(TypeId.format(TypeId.PAYMENT, c.payment()));
    if (c.description() != null)
      form.append("&description=").append(URLEncoder.encode(c.description(), StandardCharsets.UTF_8));
    return send(HttpMethod.POST, "/v1/payment_intents", c.reference(), c.traceparent(),
        Buffer.buffer(form.toString()))
        .map(StripeAnswers::ofCharge).otherwise(StripeProvider::ofFailure);
  }

  @Override
  public Future<Outcome> inquire(Order order) {
    String reference = order.reference();
    String query = URLEncoder.encode("metadata['millrace_reference']:'" + reference + "'",
        StandardCharsets.UTF_8);
    return send(HttpMethod.GET, "/v1/payment_intents/search?query=" + query, null, null, null)
        .map(StripeAnswers::ofSearch).otherwise(StripeProvider::ofFailure);
  }

  private Future<StripeAnswers.Raw> send(HttpMethod method, String path, @Nullable String idempotencyKey,
      @Nullable String traceparent, @Nullable Buffer form) {
    var options = new RequestOptions().setMethod(method).setHost(base.getHost()).setPort(port()).setURI(path)
        .setSsl("https".equals(base.getScheme())).setConnectTimeout(2_000);
    return client.request(options).compose(request -> {
      request.putHeader("Authorization", authorization).putHeader("Stripe-Version", VERSION);
      if (idempotencyKey != null) request.putHeader("Idempotency-Key", idempotencyKey);
      if (traceparent != null) request.putHeader("traceparent", traceparent);
      if (form != null) request.putHeader("Content-Type", "application/x-www-form-urlencoded");
      var response = form == null ? request.send() : request.send(form);
      return response.compose(r -> {
        var reading = new BoundedBody(r, BODY_BYTES_MAX);
        return reading.body().map(body -> new StripeAnswers.Raw(r.statusCode(), body));
      }).timeout(timeoutMs, TimeUnit.MILLISECONDS).onFailure(e -> request.reset(8, e));
    });
  }

  private int port() {
    return base.getPort() > 0 ? base.getPort() : "https".equals(base.getScheme()) ? 443 : 80;
  }

  /** A refused connection or an unknown host: not one byte was sent. Everything else may have been executed. */
  private static Outcome ofFailure(Throwable failure) {
    if (failure instanceof ConnectException || failure instanceof UnknownHostException) {
      return new Outcome.NotExecuted("no connection: " + failure.getMessage());
    }
    return new Outcome.Unknown(failure instanceof java.util.concurrent.TimeoutException
        ? "timeout"
        : "connection: " + failure.getMessage());
  }

  @Override
  public Future<Void> close() {
    HttpClient closing = client;
    return closing.close();
  }
}
