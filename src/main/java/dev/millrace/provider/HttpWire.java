package dev.millrace.provider;

import dev.millrace.platform.ConfigException;
import dev.millrace.platform.HttpUrl;
import dev.millrace.platform.RetryAfter;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientAgent;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpClientResponse;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP connections to one account at a provider. A call ends within its timeout, whatever becomes of it;
 * its answer is bounded in size, connections and calls that wait for one in number. A call that fails before
 * its first byte was sent is {@code NotExecuted}; one that fails later may have been carried out and is
 * {@code Unknown}. One that is answered 429, by the provider or by whatever stands before it, was turned
 * away: {@code NotExecuted} as well. Nothing is sent twice and no redirect is followed. Owned by one event
 * loop.
 */
public final class HttpWire {
  private static final Logger LOG = LoggerFactory.getLogger(HttpWire.class);
  private static final int BODY_BYTES_MAX = 256 * 1024;
  private static final int HEADER_BYTES_MAX = 16 * 1024;
  private static final int CONNECT_TIMEOUT_MS = 2_000;
  private static final int TOO_MANY_REQUESTS = 429;
  /** HTTP/2's CANCEL; over HTTP/1 a reset closes the connection. */
  private static final long CANCEL = 8;

  /** Status and body as they came. */
  public record Answer(int status, Buffer body) {
    /** The body, null when it is no JSON object. */
    public @Nullable JsonObject json() {
      return JsonFields.object(body);
    }
  }

  /** Marks that a call was not sent, or turned away. Stackless: it is a value on its way to an outcome. */
  private static final class NotTaken extends RuntimeException {
    private static final long serialVersionUID = 1;
    private final long retryAfterMs;

    NotTaken(String reason) { this(reason, 0); }

    NotTaken(String reason, long retryAfterMs) {
      super(reason, null, false, false);
      this.retryAfterMs = retryAfterMs;
    }
  }

  private final HttpClientAgent client;
  private final HttpUrl base;
  private final String path;
  private final Map<String, String> headers;
  private final long timeoutMs;
  private final InstantSource clock;

  /**
   * {@code url}: scheme, host, port and first part of the path; {@code headers}: of every call;
   * {@code connections}: at most so many, and as many calls that wait for one; {@code timeoutMs}: for a whole
   * call.
   *
   * @throws ConfigException when the URL is none: the key must not go to whatever answers in its place
   */
  public HttpWire(Vertx vertx, String url, Map<String, String> headers, int connections, long timeoutMs) {
    this(vertx, url, headers, connections, timeoutMs, InstantSource.system());
  }

  /** {@code clock}: for an answer that names the time from which it may be asked again. */
  HttpWire(Vertx vertx, String url, Map<String, String> headers, int connections, long timeoutMs,
      InstantSource clock) {
    this.clock = clock;
    this.base = absolute(url);
    this.path = base.target().replaceFirst("/+$", "");
    this.headers = headers;
    this.timeoutMs = timeoutMs;
    this.client = vertx.httpClientBuilder().with(
        new HttpClientOptions().setSsl(base.https()).setVerifyHost(true)
            .setConnectTimeout(CONNECT_TIMEOUT_MS).setKeepAliveTimeout(60).setMaxHeaderSize(HEADER_BYTES_MAX))
        .with(new PoolOptions().setHttp1MaxSize(connections).setMaxWaitQueueSize(connections))
        // What is wrong with an answer is its call's outcome; between calls it concerns nobody.
        .withConnectHandler(connection -> connection.exceptionHandler(
            e -> LOG.debug("provider_connection error=\"{}\"", e.getMessage())))
        .build();
  }

  private static HttpUrl absolute(String url) {
    if (HttpUrl.read(url) instanceof HttpUrl read && read.target().indexOf('?') < 0
        && read.fragment() == null)
      return read;
    throw new ConfigException(
        "a provider's `url` must be `simulator` or one like https://api.stripe.com, not `"
            + url + "`");
  }

  /**
   * Posts and reads the answer as {@code meaning} says; a call without one is {@code Unknown} or
   * {@code NotExecuted}.
   */
  public Future<Outcome> post(String path, Map<String, String> headers, Buffer body,
      Function<Answer, Outcome> meaning) {
    return read(send(HttpMethod.POST, path, headers, body),
        answer -> Future.succeededFuture(meaning.apply(answer)));
  }

  /** Gets and reads the answer as {@code meaning} says. */
  public Future<Outcome> get(String path, Function<Answer, Outcome> meaning) {
    return getAll(path, answer -> Future.succeededFuture(meaning.apply(answer)));
  }

  /** Gets, and goes on with what {@code next} says; for answers that need more than one call. */
  public Future<Outcome> getAll(String path, Function<Answer, Future<Outcome>> next) {
    return read(send(HttpMethod.GET, path, Map.of(), null), next);
  }

  /** What fails in {@code next} is a defect of ours and stays a failure. */
  private static Future<Outcome> read(Future<Answer> answer, Function<Answer, Future<Outcome>> next) {
    return answer.transform(result -> result.succeeded()
        ? next.apply(result.result())
        : Future.succeededFuture(unanswered(result.cause())));
  }

  private Future<Answer> send(HttpMethod method, String path, Map<String, String> headers,
      @Nullable Buffer body) {
    long begunNanos = System.nanoTime();
    Future<HttpClientRequest> taken = client.request(new RequestOptions().setMethod(method)
        .setHost(base.host())
        .setPort(base.port()).setURI(this.path + path).setSsl(base.https())
        .setConnectTimeout(CONNECT_TIMEOUT_MS));
    var inTime = taken.isComplete() ? taken : taken.timeout(timeoutMs, TimeUnit.MILLISECONDS);
    return inTime.transform(connection -> {
      if (connection.succeeded()) {
        long leftMs = Math.max(1, timeoutMs - (System.nanoTime() - begunNanos) / 1_000_000);
        return exchange(connection.result(), headers, body, leftMs);
      }
      // One that comes after all is given back unused.
      taken.onSuccess(HttpClientRequest::reset);
      return Future
          .failedFuture(new NotTaken("no connection: " + (connection.cause() instanceof TimeoutException
              ? "none came free in time"
              : connection.cause().getMessage())));
    });
  }

  private Future<Answer> exchange(HttpClientRequest request, Map<String, String> headers,
      @Nullable Buffer body, long leftMs) {
    // Told by the answer's failure.
    request.exceptionHandler(e -> LOG.debug("provider_request error=\"{}\"", e.getMessage()));
    try {
      this.headers.forEach(request::putHeader);
      headers.forEach(request::putHeader);
    } catch (IllegalArgumentException e) { // A line break in the key, for example.
      request.reset();
      return Future.failedFuture(new NotTaken("not sent: " + e.getMessage()));
    }
    return (body == null ? request.send() : request.send(body)).compose(
        response -> new BoundedBody(response, BODY_BYTES_MAX).body().map(read -> new Read(response, read)))
        .timeout(leftMs, TimeUnit.MILLISECONDS).onFailure(e -> request.reset(CANCEL, e))
        .compose(this::taken);
  }

  private record Read(HttpClientResponse response, Buffer body) {}

  private Future<Answer> taken(Read read) {
    int status = read.response.statusCode();
    return status == TOO_MANY_REQUESTS
        ? Future.failedFuture(new NotTaken("status " + status, retryAfterMs(read.response)))
        : Future.succeededFuture(new Answer(status, read.body));
  }

  /** 0 where it says none. */
  private long retryAfterMs(HttpClientResponse response) {
    Duration wait = RetryAfter.of(response.getHeader(HttpHeaders.RETRY_AFTER), clock.instant());
    return wait == null ? 0 : wait.toMillis();
  }

  private static Outcome unanswered(Throwable failure) {
    if (failure instanceof NotTaken not)
      return new Outcome.NotExecuted(String.valueOf(not.getMessage()), not.retryAfterMs);
    return new Outcome.Unknown(failure instanceof TimeoutException
        ? "timeout"
        : "connection: " + failure.getMessage());
  }

  public Future<Void> close() { return client.close(); }
}
