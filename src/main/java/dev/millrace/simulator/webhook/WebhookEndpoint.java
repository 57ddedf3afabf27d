package dev.millrace.simulator.webhook;

import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.Hmac;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Where the webhooks of a wire go: a URL and the secret they are signed with. Keeps up to {@link
 * #CONNECTIONS} connections open. Owned by one event loop.
 *
 * @see <a href="https://docs.stripe.com/webhooks#verify-manually">Stripe: the signature</a>
 */
public final class WebhookEndpoint {
  static final int CONNECTIONS = 64;
  private static final int TIMEOUT_MS = 5_000;
  private static final int KEEP_ALIVE_S = 30;

  private final HttpClientAgent client;
  private final RequestOptions request;
  private final InstantSource clock;
  private final @Nullable String signatureHeader;
  private final Hmac hmac;

  /** {@code target} as {@link WebhookTarget#check} demands it. */
  public WebhookEndpoint(Vertx vertx, Wire wire, WebhookTarget target, InstantSource clock) {
    URI uri = check(target.url());
    boolean tls = uri.getScheme().equalsIgnoreCase("https");
    this.client = vertx.createHttpClient(
        new HttpClientOptions().setSsl(tls).setVerifyHost(true).setConnectTimeout(TIMEOUT_MS)
            .setKeepAliveTimeout(KEEP_ALIVE_S),
        new PoolOptions().setHttp1MaxSize(CONNECTIONS).setMaxWaitQueueSize(CONNECTIONS));
    this.request = new RequestOptions().setMethod(HttpMethod.POST).setSsl(tls).setHost(uri.getHost())
        .setPort(uri.getPort() > 0 ? uri.getPort() : tls ? 443 : 80).setURI(pathOf(uri))
        .putHeader("Content-Type", "application/json; charset=utf-8")
        .putHeader("User-Agent", "MillraceSimulator/1.0 (+https://stripe.com/docs/webhooks)");
    this.clock = clock;
    this.signatureHeader = switch (wire) {
      case STRIPE -> "Stripe-Signature";
      case ADYEN -> null;
      case BANK -> "Bank-Signature";
    };
    this.hmac = new Hmac(target.secret().getBytes(StandardCharsets.UTF_8));
  }

  /** @throws IllegalArgumentException if it is not an http or https URL with a host */
  static URI check(String url) {
    try {
      var uri = new URI(url);
      boolean http = "http".equalsIgnoreCase(uri.getScheme()) || "https".equalsIgnoreCase(uri.getScheme());
      if (http && uri.getHost() != null && uri.getRawUserInfo() == null && uri.getPort() != 0
          && uri.getPort() <= 65_535) {
        return uri;
      }
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("webhookUrl is not a URL: " + e.getReason(), e);
    }
    throw new IllegalArgumentException(
        "webhookUrl must be http(s)://<host>[:<port>]/<path>, without a user or password");
  }

  /**
   * Sends the body once, signed as of now where the signature is not in the body. Gives the status of the
   * answer; fails if there is none within five seconds, or within five more where a connection has to be made
   * first.
   */
  Future<Integer> post(String body) {
    Buffer bytes = Buffer.buffer(body);
    return client.request(this.request).compose(request -> {
      if (signatureHeader != null) {
        request.putHeader(signatureHeader, signature(clock.millis() / 1000, bytes.getBytes()));
      }
      return status(request, bytes).timeout(TIMEOUT_MS, TimeUnit.MILLISECONDS)
          .onFailure(e -> request.reset(8, e));
    });
  }

  Future<Void> close() {
    return client.close();
  }

  /** Known once the answer is complete: only then the connection is free. */
  private static Future<Integer> status(HttpClientRequest request, Buffer body) {
    return request.send(body).compose((HttpClientResponse response) -> response.end()
        .map(end -> response.statusCode()));
  }

  private String signature(long seconds, byte[] body) {
    return "t=" + seconds + ",v1=" + HexFormat.of().formatHex(hmac.sign(seconds + ".", body));
  }

  private static String pathOf(URI uri) {
    String path = uri.getRawPath().isEmpty() ? "/" : uri.getRawPath();
    return uri.getRawQuery() == null ? path : path + "?" + uri.getRawQuery();
  }
}
