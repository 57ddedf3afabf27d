package dev.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** A webhook endpoint on a real port: keeps what it is sent, and answers 200 unless told otherwise. */
public final class WebhookReceiver implements AutoCloseable {
  public static final String SECRET = "whsec_test";
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  public record Webhook(String target, MultiMap headers, String body) {
    public JsonObject event() { return new JsonObject(body); }

    public String id() { return event().getString("id"); }

    /** The time it was signed at, once the signature has been found right, as Stripe's documents say. */
    public long verifiedSeconds() throws Exception {
      String header = headers.get("Stripe-Signature");
      assertThat(header).matches("t=\\d+,v1=[0-9a-f]{64}");
      String seconds = header.substring(2, header.indexOf(','));
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      byte[] expected = mac.doFinal((seconds + "." + body).getBytes(StandardCharsets.UTF_8));
      assertThat(header).endsWith(",v1=" + HexFormat.of().formatHex(expected));
      return Long.parseLong(seconds);
    }
  }

  private final Vertx vertx = Vertx.vertx();
  private final List<Webhook> received = new CopyOnWriteArrayList<>();
  private final HttpServer server;
  /** Answers the n-th webhook, from 1. */
  private volatile BiConsumer<HttpServerRequest, Integer> answer = (request, n) -> request.response().end();

  public WebhookReceiver() throws Exception {
    this(0);
  }

  public WebhookReceiver(int port) throws Exception {
    server = vertx.createHttpServer().requestHandler(this::receive).listen(port, "127.0.0.1")
        .await(10, TimeUnit.SECONDS);
  }

  private void receive(HttpServerRequest request) {
    request.body().onSuccess(body -> {
      received.add(new Webhook(request.uri(), request.headers(), body.toString(StandardCharsets.UTF_8)));
      answer.accept(request, received.size());
    });
  }

  public void answering(BiConsumer<HttpServerRequest, Integer> how) { answer = how; }

  public String url() { return url(server.actualPort()); }

  public static String url(int port) { return "http://127.0.0.1:" + port + "/webhooks/stripe/default"; }

  public List<Webhook> received() { return List.copyOf(received); }

  /** Waits until so many have come; there must not be more. */
  public List<Webhook> await(int count) {
    Await.until(PATIENCE, count + " webhooks", () -> received.size() >= count);
    assertThat(received).hasSize(count);
    return received();
  }

  /** What {@code GET /webhooks} says once nothing waits any more. */
  public static JsonObject countsOf(int sent, int failedTries, int lost, int duplicated) {
    return new JsonObject().put("sent", sent).put("failed_tries", failedTries).put("lost", lost)
        .put("duplicated", duplicated).put("dropped", 0).put("gave_up", 0).put("waiting", 0)
        .put("in_flight", 0);
  }

  @Override
  public void close() throws TimeoutException {
    vertx.close().await(10, TimeUnit.SECONDS);
  }
}
