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
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
  private static final Pattern AUTHORITY = Pattern
      .compile("(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?");
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
    Address to = check(target.url());
    boolean tls = to.tls;
    this.client = vertx.createHttpClient(
        new HttpClientOptions().setSsl(tls).setVerifyHost(true).setConnectTimeout(TIMEOUT_MS)
            .setKeepAliveTimeout(KEEP_ALIVE_S),
        new PoolOptions().setHttp1MaxSize(CONNECTIONS).setMaxWaitQueueSize(CONNECTIONS));
    this.request = new RequestOptions().setMethod(HttpMethod.POST).setSsl(tls).setHost(to.host)
        .setPort(to.port).setURI(to.path)
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

  /** Where an endpoint is. */
  record Address(boolean tls, String host, int port, String path) {}

  /** @throws IllegalArgumentException if it is not an http or https URL with a host */
  static Address check(String url) {
    try {
      var uri = new URI(url);
      boolean tls = "https".equalsIgnoreCase(uri.getScheme());
      // Not by the URI's host: it sees none in a name with an underscore.
      Matcher authority = AUTHORITY.matcher(String.valueOf(uri.getRawAuthority()));
      if ((tls || "http".equalsIgnoreCase(uri.getScheme())) && uri.getRawAuthority() != null
          && authority.matches()) {
        int port = authority.group(2) == null ? tls ? 443 : 80 : Integer.parseInt(authority.group(2));
        if (port > 0 && port <= 65_535) return new Address(tls, authority.group(1), port, pathOf(uri));
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
