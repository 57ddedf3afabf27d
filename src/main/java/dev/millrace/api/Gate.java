package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.identity.Credentials;
import dev.millrace.identity.Scopes.Access;
import dev.millrace.identity.Scopes.Resource;
import dev.millrace.platform.Capacity;
import dev.millrace.platform.RouteMethods;
import dev.millrace.platform.Trace;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.http.HttpVersion;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.HttpException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What every call passes on its way in and out: request id, trace, authentication and rate limit before the
 * body is read; afterwards one place that turns an answer or a failure into a response. Owned by one event
 * loop.
 */
final class Gate {
  private static final Logger LOG = LoggerFactory.getLogger(Gate.class);
  private static final CharSequence JSON = io.vertx.core.http.HttpHeaders.createOptimized("application/json");
  private static final CharSequence PROBLEM = io.vertx.core.http.HttpHeaders
      .createOptimized("application/problem+json");
  private static final CharSequence REQUEST_ID = io.vertx.core.http.HttpHeaders.createOptimized("Request-Id");

  private static final long LINGER_MS = 500;

  private final BooleanSupplier storageUp;
  private final Credentials credentials;
  private final RateLimiter limiter;
  private final int defaultRate;
  private final SourceLimit wrongKeys;
  private final ClientAddress addresses;
  private final long refusalPauseMs;
  private final Capacity heldBack;
  private final String docsUrl;
  private final MeterRegistry registry;
  private final Counter failed;
  private final Map<Integer, Counter> answered = new HashMap<>();

  /**
   * {@code storageUp}: whether Postgres can be reached; while not, nothing is asked of it and all is refused
   * at once. {@code wrongKeys}: failed authentications of one address; {@code refusalPauseMs}: how long a
   * 429 or 503 is held back, 0 for not at all; {@code heldBack}: room for those. {@code defaultRate}: of
   * requests a second with keys that have none of their own, 0 for no limit.
   */
  Gate(BooleanSupplier storageUp, Credentials credentials, RateLimiter limiter, int defaultRate,
      SourceLimit wrongKeys,
      ClientAddress addresses, long refusalPauseMs, Capacity heldBack, String docsUrl,
      MeterRegistry registry) {
    this.storageUp = storageUp;
    this.credentials = credentials;
    this.limiter = limiter;
    this.defaultRate = defaultRate;
    this.wrongKeys = wrongKeys;
    this.addresses = addresses;
    this.failed = registry.counter("millrace.api.authentication.failed");
    this.refusalPauseMs = refusalPauseMs;
    this.heldBack = heldBack;
    this.docsUrl = docsUrl;
    this.registry = registry;
  }

  /** A route's handler that reads: see {@link #call}. */
  Handler<RoutingContext> reads(Resource resource, Function<ApiCall, Future<Answer>> operation) {
    return call(resource, Access.READ, operation);
  }

  /** A route's handler that changes something: see {@link #call}. */
  Handler<RoutingContext> writes(Resource resource, Function<ApiCall, Future<Answer>> operation) {
    return call(resource, Access.WRITE, operation);
  }

  /**
   * A route's handler: {@code operation} runs for authenticated callers whose key may do that with this
   * resource, within their limit.
   */
  private Handler<RoutingContext> call(Resource resource, Access access,
      Function<ApiCall, Future<Answer>> operation) {
    Problem forbidden = Problem.of(403, "permission_error", "scope_missing", "This key may not "
        + access.wire() + " " + resource.wire() + ". Use one with the scope `" + resource.wire() + ": "
        + access.wire() + "`.");
    return context -> {
      String requestId = TypeId.format(TypeId.REQUEST, TypeId.next());
      String key = Credentials.bearer(context.request().getHeader("Authorization"));
      if (key == null) {
        refuse(context, requestId, unauthorized(context, "Send your key as `Authorization: Bearer sk_…`."));
        return;
      }
      String source = addresses.of(context.request());
      // A key that is known goes on, whoever else is behind the same address.
      if (wrongKeys.used(source) && !credentials.remembers(key)) {
        failed.increment();
        refuse(context, requestId, tooMany());
        return;
      }
      if (!storageUp.getAsBoolean()) {
        refuse(context, requestId, storageUnavailable());
        return;
      }
      var credential = credentials.of(key);
      if (!credential.isComplete()) context.request().pause();
      credential.compose(found -> {
        if (found == null)
          return Future.failedFuture(
              new ProblemException(
                  unauthorized(context, "The key is unknown or revoked. Check it, or ask for a new one.")));
        if (!found.admits(source, System.currentTimeMillis()))
          return Future.failedFuture(new ProblemException(unauthorized(context,
              "The key has expired, or may not be used from this address. Check it, or ask for a new one.")));
        credentials.used(found);
        if (!found.scopes().allow(resource, access))
          return Future.failedFuture(new ProblemException(forbidden));
        var call = new ApiCall(context, found, requestId,
            Trace.continued(context.request().getHeader("traceparent")));
        int rate = found.rate() == null ? defaultRate : found.rate();
        return rate == 0 ? run(operation, call) : limited(operation, call, rate);
      }).onComplete(result -> {
        if (result.succeeded()) answer(context, requestId, result.result());
        else fail(context, requestId, result.cause());
      });
    };
  }

  private Problem unauthorized(RoutingContext context, String message) {
    String source = addresses.of(context.request());
    failed.increment();
    if (!wrongKeys.take(source)) return tooMany();
    LOG.warn("authentication_failed source={}", source);
    return Problem.of(401, "authentication_error", "key_invalid", message);
  }

  private static Problem tooMany() {
    return Problem.retry(429, "rate_limit_error", "rate_limited",
        "Too many requests without a valid key came from this address. Wait for `Retry-After` seconds.", 60);
  }

  private Future<Answer> limited(Function<ApiCall, Future<Answer>> operation, ApiCall call, int rate) {
    call.request().pause();
    return limiter.take(call.credential().merchant(), call.credential().livemode(), rate).compose(verdict -> {
      call.context().response().putHeader("RateLimit-Policy", "\"default\";q=" + rate + ";w=1")
          .putHeader("RateLimit", "\"default\";r=" + verdict.left() + ";t=" + verdict.retryAfterSeconds());
      if (verdict.allowed()) return run(operation, call);
      return Future.failedFuture(new ProblemException(Problem.retry(429, "rate_limit_error", "rate_limited",
          "More than " + rate + " requests a second. Wait for `Retry-After` seconds, then send it again.",
          verdict.retryAfterSeconds())));
    });
  }

  private static Future<Answer> run(Function<ApiCall, Future<Answer>> operation, ApiCall call) {
    Future<Answer> answer = operation.apply(call);
    call.request().resume();
    return answer;
  }

  private void answer(RoutingContext context, String requestId, Answer answer) {
    HttpServerResponse response = context.response();
    if (answer == Answer.TAKEN || response.closed() || response.ended()) return;
    response.setStatusCode(answer.status()).putHeader("Content-Type", JSON).putHeader(REQUEST_ID, requestId);
    answer.headers().forEach(response::putHeader);
    send(context.request(), answer.status(), answer.body());
  }

  private void fail(RoutingContext context, String requestId, Throwable failure) {
    switch (failure) {
      case ProblemException r -> refuse(context, requestId, r.problem());
      case HttpException h when h.getStatusCode() == 400 -> refuse(context, requestId,
          Problem.invalid("request_malformed",
              "The request's path or query cannot be read. Percent-encode what is not a letter or a digit.",
              null));
      case Unavailable u -> {
        LOG.debug("unavailable request={} error=\"{}\"", requestId, u.getMessage());
        refuse(context, requestId, storageUnavailable());
      }
      default -> {
        LOG.error("request_failed request={} path={}", requestId, context.normalizedPath(), failure);
        refuse(context, requestId, Problem.of(500, "api_error", "internal_error",
            "Something failed on our side. Send it again with the same Idempotency-Key; if it stays, tell us the Request-Id."));
      }
    }
  }

  static Problem storageUnavailable() {
    return Problem.retry(503, "api_error", "storage_unavailable",
        "The storage cannot be reached. Send it again after `Retry-After` seconds with the same Idempotency-Key.",
        1);
  }

  /**
   * Answers with a problem; also used by the router's own refusals (404, 405, …). One that says "not now"
   * comes after a pause: a client that repeats at once is slowed down by it, instead of taking the time of
   * what was accepted. When too many are held back, at once.
   */
  void refuse(RoutingContext context, @Nullable String requestId, Problem problem) {
    boolean notNow = problem.status() == 429 || problem.status() == 503;
    if (notNow && refusalPauseMs > 0 && heldBack.take())
      context.vertx().setTimer(refusalPauseMs, id -> {
        heldBack.give();
        refuseNow(context, requestId, problem);
      });
    else
      refuseNow(context, requestId, problem);
  }

  private void refuseNow(RoutingContext context, @Nullable String requestId, Problem problem) {
    HttpServerResponse response = context.response();
    if (response.closed() || response.ended()) return;
    String id = requestId == null ? TypeId.format(TypeId.REQUEST, TypeId.next()) : requestId;
    response.setStatusCode(problem.status()).putHeader("Content-Type", PROBLEM).putHeader(REQUEST_ID, id);
    if (problem.retryAfterSeconds() > 0)
      response.putHeader("Retry-After", Integer.toString(problem.retryAfterSeconds()));
    count(problem.status());
    finish(context.request(), response, problem, problem.json(docsUrl, "/requests/" + id).toBuffer());
  }

  /** Sends a refusal and, when part of the request is still to come, closes the connection. */
  static void finish(HttpServerRequest request, HttpServerResponse response, Problem problem, Buffer body) {
    // What follows of an unread body would be taken for the next request, or be read for nothing.
    boolean rest = !request.isEnded() && problem.status() != 503 && problem.status() != 429;
    boolean stream = rest && request.version() == HttpVersion.HTTP_2;
    boolean unread = rest && !stream;
    if (unread) response.putHeader("Connection", "close");
    request.resume();
    RouteMethods.end(request, body)
        // Of HTTP/2 the stream alone is given up (RFC 9113, 8.1): the others of the connection go on.
        .compose(v -> stream && !request.isEnded() ? response.reset(0) : Future.succeededFuture())
        .onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
    // Not at once: closing over unread bytes would reset the connection before the answer is read.
    if (unread) Vertx.currentContext().owner().setTimer(LINGER_MS, timer -> close(request.connection()));
  }

  /** Asks the caller to come back by another connection: this process is about to end. */
  static void last(HttpServerRequest request) {
    // HTTP/2 has no such header, and says it for the connection when that is shut down.
    if (request.version() != HttpVersion.HTTP_2) request.response().putHeader("Connection", "close");
  }

  private static void close(HttpConnection connection) {
    connection.close().onFailure(e -> LOG.debug("connection_close error=\"{}\"", e.getMessage()));
  }

  /** Answers what is not HTTP, or too long a head, and closes the connection. */
  void refuseMalformed(HttpServerRequest request) {
    Throwable cause = request.decoderResult().cause();
    int status = cause instanceof TooLongHttpHeaderException
        ? 431
        : cause instanceof TooLongHttpLineException ? 414 : 400;
    refuseUnread(request, status, "The request is not valid HTTP, or its head is too large.");
  }

  /** The same for what could be read in two ways. */
  void refuseAmbiguous(HttpServerRequest request, String problem) {
    refuseUnread(request, 400, "The request could be read in two ways. " + problem);
  }

  private void refuseUnread(HttpServerRequest request, int status, String message) {
    String id = TypeId.format(TypeId.REQUEST, TypeId.next());
    request.response().setStatusCode(status).putHeader("Connection", "close")
        .putHeader("Cache-Control", "no-store")
        .putHeader("Content-Type", PROBLEM).putHeader(REQUEST_ID, id);
    send(request, status, Problem.of(status, "invalid_request_error", "request_malformed", message)
        .json(docsUrl, "/requests/" + id).toBuffer());
    Vertx.currentContext().owner().setTimer(LINGER_MS, timer -> close(request.connection()));
  }

  private void send(HttpServerRequest request, int status, Buffer body) {
    count(status);
    RouteMethods.end(request, body).onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
  }

  private void count(int status) {
    answered
        .computeIfAbsent(status,
            s -> Counter.builder("millrace.http.answers").tag("status", Integer.toString(s))
                .register(registry))
        .increment();
  }
}
