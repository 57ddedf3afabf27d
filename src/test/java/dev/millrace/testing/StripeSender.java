package dev.millrace.testing;

import com.stripe.net.Webhook;
import dev.millrace.testing.Http.Answer;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Sends webhooks as Stripe does, signed by Stripe's own library. Each sender has a loopback address of its
 * own: what the gateway remembers of a source, it remembers of this one alone.
 */
public final class StripeSender implements AutoCloseable {
  /** The gateway's default, with which the simulator signs too. */
  public static final String SECRET = "whsec_simulator";
  private static final AtomicInteger NUMBER = new AtomicInteger();

  private final String url;
  private final String address;
  private final HttpClient client;

  /** {@code url}: the gateway's, with the account's path. */
  public StripeSender(String url) {
    int number = NUMBER.incrementAndGet();
    this.url = url;
    this.address = "127.0." + (1 + number / 250) + "." + (1 + number % 250);
    try {
      client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
          .localAddress(InetAddress.getByName(address)).connectTimeout(Duration.ofSeconds(5)).build();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static StripeSender to(GatewayProcess gateway) {
    return new StripeSender(gateway.apiUrl() + Site.WEBHOOK_PATH);
  }

  public String address() { return address; }

  /** The header of a body signed at this time, in seconds. */
  public static String signature(String secret, long seconds, String body) {
    try {
      return "t=" + seconds + ",v1=" + Webhook.Util.computeHmacSha256(secret, seconds + "." + body);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  public static long now() { return System.currentTimeMillis() / 1_000; }

  /** An id that no other event has. */
  public static String eventId() {
    return "evt_" + UUID.randomUUID().toString().replace("-", "");
  }

  /** An event about an intent. */
  public static String event(String id, String type, JsonObject intent) {
    return new JsonObject().put("id", id).put("object", "event").put("type", type)
        .put("data", new JsonObject().put("object", intent)).encode();
  }

  /** {@code payment_intent.succeeded} of a charge in usd under our reference. */
  public static String succeeded(String id, String reference, long amount) {
    return event(id, "payment_intent.succeeded", intent(reference).put("status", "succeeded")
        .put("amount", amount).put("amount_received", amount).put("currency", "usd"));
  }

  /** {@code payment_intent.payment_failed} of a charge under our reference. */
  public static String failed(String id, String reference) {
    return event(id, "payment_intent.payment_failed", intent(reference)
        .put("status", "requires_payment_method").put("last_payment_error",
            new JsonObject().put("type", "card_error").put("code", "card_declined")
                .put("decline_code", "lost_card").put("message", "Your card was declined.")));
  }

  private static JsonObject intent(String reference) {
    return new JsonObject().put("id", "pi_" + UUID.randomUUID().toString().replace("-", ""))
        .put("metadata", new JsonObject().put("millrace_reference", reference));
  }

  /** Sends it, signed with the gateway's secret now. */
  public Answer send(String body) {
    return send(body, signature(SECRET, now(), body));
  }

  /** Sends it under this {@code Stripe-Signature}, without one if null. Fails when no answer comes. */
  public Answer send(String body, String signature) {
    try {
      return answer(client.send(request(body, signature), HttpResponse.BodyHandlers.ofByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public CompletableFuture<Answer> sendLater(String body) {
    return client
        .sendAsync(request(body, signature(SECRET, now(), body)), HttpResponse.BodyHandlers.ofByteArray())
        .thenApply(StripeSender::answer);
  }

  private HttpRequest request(String body, String signature) {
    var request = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20))
        .header("Content-Type", "application/json; charset=utf-8")
        .POST(HttpRequest.BodyPublishers.ofString(body));
    if (signature != null) request.header("Stripe-Signature", signature);
    return request.build();
  }

  private static Answer answer(HttpResponse<byte[]> response) {
    return new Answer(response.statusCode(), response.headers(), response.body());
  }

  @Override
  public void close() { client.shutdownNow(); }
}
