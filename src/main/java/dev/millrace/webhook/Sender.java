package dev.millrace.webhook;

import dev.millrace.platform.HttpUrl;
import dev.millrace.platform.RetryAfter;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.VertxException;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.net.SocketAddress;
import io.vertx.core.net.TrustOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes one call to a merchant's endpoint: resolves the name, refuses addresses that the policy refuses,
 * connects to the very address that it judged, and reads at most {@value #RESPONSE_BYTES_MAX} bytes of the
 * answer. Follows no redirects and takes no longer than the timeout, whatever the other side does. Never
 * fails: what went wrong is in the reply.
 */
public final class Sender {
  private static final Logger LOG = LoggerFactory.getLogger(Sender.class);
  static final int RESPONSE_BYTES_MAX = 4 * 1024;
  /** The status decides; how long its body may take after it. */
  private static final long BODY_MS_MAX = 2_000;
  private static final int CONNECT_MS_MAX = 5_000;
  private static final Duration RETRY_AFTER_MAX = Duration.ofDays(1);
  private static final int ERROR_CHARS_MAX = 300;
  private static final Pattern PEER = Pattern.compile("\\S*/\\S*:\\d+");

  /** Turns a host's name into an address, anew each time. */
  public interface Resolver {
    Future<InetAddress> resolve(String host);
  }

  /**
   * What came of a call: a status, or an error before there was one. {@code response}: the body's first
   * bytes.
   */
  record Reply(@Nullable Integer status, @Nullable String error, int latencyMs, @Nullable Buffer response,
      @Nullable Duration retryAfter) {
    boolean succeeded() { return status != null && status >= 200 && status < 300; }
  }

  private final Vertx vertx;
  private final Resolver resolver;
  private final AddressPolicy policy;
  private final InstantSource clock;
  private final long timeoutMs;
  private final HttpClientAgent client;

  /** {@code connectionsMax}: to one address; {@code timeoutMs}: for a whole call. */
  public Sender(Vertx vertx, Resolver resolver, AddressPolicy policy, InstantSource clock, int connectionsMax,
      long timeoutMs) {
    this(vertx, resolver, policy, clock, connectionsMax, timeoutMs, null);
  }

  /** {@code trust}: whose certificates are believed; null for the authorities that the JDK knows. */
  Sender(Vertx vertx, Resolver resolver, AddressPolicy policy, InstantSource clock, int connectionsMax,
      long timeoutMs, @Nullable TrustOptions trust) {
    this.vertx = vertx;
    this.resolver = resolver;
    this.policy = policy;
    this.clock = clock;
    this.timeoutMs = timeoutMs;
    var options = new HttpClientOptions().setVerifyHost(true).setMaxHeaderSize(16 * 1024)
        .setMaxChunkSize(16 * 1024).setConnectTimeout((int) Math.min(CONNECT_MS_MAX, timeoutMs))
        .setKeepAliveTimeout(30).setTcpNoDelay(true).setTrustOptions(HostTrust.of(vertx, trust));
    this.client = vertx.httpClientBuilder().with(options)
        .with(new PoolOptions().setHttp1MaxSize(connectionsMax).setMaxWaitQueueSize(connectionsMax))
        // What is wrong with an answer is told by its call; between calls it concerns nobody.
        .withConnectHandler(connection -> connection.exceptionHandler(
            e -> LOG.debug("webhook_connection error=\"{}\"", e.getMessage())))
        .build();
  }

  /** Posts the body. */
  Future<Reply> post(URI address, Map<String, String> headers, Buffer body) {
    var call = new Call(headers, body);
    switch (HttpUrl.read(address.toString())) {
      case HttpUrl.Fault wrong -> call.failed("url: the endpoint's URL " + wrong.message());
      case HttpUrl url -> {
        long timer = vertx.setTimer(timeoutMs, id -> call.timeout());
        call.promise.future().onComplete(done -> vertx.cancelTimer(timer));
        resolve(url.host()).onComplete(resolved -> {
          if (resolved.failed()) call.fail(resolved.cause());
          else if (!policy.permits(resolved.result())) call.refused(resolved.result());
          else call.start(url, resolved.result());
        });
      }
    }
    return call.promise.future();
  }

  private Future<InetAddress> resolve(String host) {
    return resolver.resolve(host.startsWith("[") ? host.substring(1, host.length() - 1) : host);
  }

  /** One call on its way. */
  private final class Call {
    final Map<String, String> headers;
    final Buffer body;
    final Promise<Reply> promise = Promise.promise();
    final long beganNanos = System.nanoTime();
    final Buffer captured = Buffer.buffer();
    @Nullable
    HttpClientRequest request;
    @Nullable
    HttpClientResponse response;

    Call(Map<String, String> headers, Buffer body) {
      this.headers = headers;
      this.body = body;
    }

    void start(HttpUrl url, InetAddress address) {
      client.request(new RequestOptions().setMethod(HttpMethod.POST)
          .setServer(SocketAddress.inetSocketAddress(new InetSocketAddress(address, url.port())))
          .setHost(url.host()).setPort(url.port()).setSsl(url.https()).setURI(url.target())
          .setFollowRedirects(false))
          .onComplete(made -> {
            if (made.failed()) {
              fail(made.cause());
              return;
            }
            request = made.result();
            if (promise.future().isComplete()) {
              cut();
              return;
            }
            // Told by the answer's failure.
            made.result().exceptionHandler(e -> LOG.debug("webhook_request error=\"{}\"", e.getMessage()));
            headers.forEach(made.result()::putHeader);
            made.result().send(body).onSuccess(this::head).onFailure(this::fail);
          });
    }

    void head(HttpClientResponse head) {
      response = head;
      head.exceptionHandler(e -> end(true));
      head.handler(this::chunk);
      head.endHandler(v -> end(false));
      vertx.setTimer(BODY_MS_MAX, id -> end(true));
    }

    void chunk(Buffer chunk) {
      int room = RESPONSE_BYTES_MAX - captured.length();
      captured.appendBuffer(chunk.length() <= room ? chunk : chunk.slice(0, room));
      if (chunk.length() > room) end(true);
    }

    /** The status is known: the body is at its end, or has had its share. */
    void end(boolean unfinished) {
      HttpClientResponse head = response;
      if (head == null || promise.future().isComplete()) return;
      promise.tryComplete(new Reply(head.statusCode(), null, elapsedMs(), captured.copy(),
          retryAfter(head, clock.instant())));
      if (unfinished) cut();
    }

    void timeout() {
      end(true);
      failed("timeout: no answer within " + timeoutMs + " ms");
      cut();
    }

    void refused(InetAddress address) {
      // Not to be told to merchants: it may be what a name means in here.
      LOG.debug("webhook_address_refused address={}", address.getHostAddress());
      failed("address_refused: the host's address is private, loopback, link-local or reserved; the endpoint"
          + " must be on the public Internet");
    }

    void fail(Throwable failure) {
      failed(switch (failure) {
        case UnknownHostException e -> "dns: the host's name has no address";
        case TimeoutException e -> "timeout: " + e.getMessage();
        case IOException e -> "connection: " + withoutAddresses(e);
        case VertxException e -> "connection: " + withoutAddresses(e);
        // What Netty has to say about the bytes that came.
        default -> (request == null ? "connection: " : "answer: not valid HTTP: ") + failure.getMessage();
      });
    }

    /** Without {@code host/address:port}, by which the network's library names where it could not go. */
    private static String withoutAddresses(Throwable failure) {
      return PEER.matcher(String.valueOf(failure.getMessage())).replaceAll("the endpoint");
    }

    private void failed(String error) {
      String shown = error.length() > ERROR_CHARS_MAX ? error.substring(0, ERROR_CHARS_MAX) : error;
      promise.tryComplete(new Reply(null, shown.replace('\0', '?'), elapsedMs(), null, null));
    }

    private void cut() {
      if (request != null) request.reset();
    }

    private int elapsedMs() {
      return (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - beganNanos);
    }
  }

  /** At most a day; null when there is none that can be read. */
  private static @Nullable Duration retryAfter(HttpClientResponse head, Instant now) {
    Duration wait = RetryAfter.of(head.getHeader(HttpHeaders.RETRY_AFTER), now);
    return wait != null && wait.compareTo(RETRY_AFTER_MAX) > 0 ? RETRY_AFTER_MAX : wait;
  }

  public Future<Void> close() { return client.close(); }
}
