package dev.millrace.api;

import dev.millrace.audit.AuditLog;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.provider.WebhookScheme.Verdict;
import dev.millrace.inbox.InboxWriter;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code POST /webhooks/{provider}/{account}}: verified over the raw bytes, durable, 200. What is forged or
 * stale is answered 400, audited and counted; a source that sends many of those is answered 429 and only
 * counted, while what is signed goes through from everywhere (a forger may share an address with the provider
 * behind a proxy). Owned by one event loop.
 */
final class ProviderWebhooks {
  static final String PREFIX = "/webhooks/";
  private static final Logger LOG = LoggerFactory.getLogger(ProviderWebhooks.class);
  private static final CharSequence JSON = HttpHeaders.createOptimized("application/json");
  private static final CharSequence PROBLEM = HttpHeaders.createOptimized("application/problem+json");
  private static final CharSequence REQUEST_ID = HttpHeaders.createOptimized("Request-Id");

  private final BodyReader bodies;
  private final Map<String, WebhookScheme> schemes;
  private final InboxWriter inbox;
  private final AuditLog audit;
  private final SourceLimit forgers;
  private final ClientAddress addresses;
  private final InstantSource clock;
  private final String docsUrl;
  private final Counter kept;
  private final Counter forged;

  /**
   * {@code schemes} by {@code provider/account}; {@code bodies} has room for those that wait for their
   * commit, too.
   */
  ProviderWebhooks(BodyReader bodies, Map<String, WebhookScheme> schemes, InboxWriter inbox, AuditLog audit,
      SourceLimit forgers, ClientAddress addresses,
      InstantSource clock, String docsUrl, MeterRegistry registry) {
    this.bodies = bodies;
    this.schemes = schemes;
    this.inbox = inbox;
    this.audit = audit;
    this.forgers = forgers;
    this.addresses = addresses;
    this.clock = clock;
    this.docsUrl = docsUrl;
    this.kept = registry.counter("millrace.inbox.received");
    this.forged = registry.counter("millrace.inbox.forged");
  }

  void handle(HttpServerRequest request, String path) {
    WebhookScheme scheme = schemes.get(path.substring(PREFIX.length()));
    if (scheme == null) {
      refuse(request, Problem.notFound(
          "No webhooks are taken at this path. It is /webhooks/{provider}/{account}, and the account must have a secret in the configuration."));
    } else if (!request.method().equals(HttpMethod.POST)) {
      request.response().putHeader("Allow", "POST");
      refuse(request,
          Problem.of(405, "invalid_request_error", "method_not_allowed", "Webhooks are sent by POST."));
    } else if (!inbox.up()) {
      refuse(request, Gate.storageUnavailable());
    } else if (inbox.full()) {
      inbox.countRejection();
      refuse(request, full());
    } else {
      bodies.hold(request, body -> judge(request, scheme, body.getBytes()))
          .onFailure(failure -> fail(request, failure));
    }
  }

  private static Problem full() {
    return Problem.retry(503, "api_error", "queue_full",
        "Too many webhooks wait for their commit. Send it again after `Retry-After` seconds.", 1);
  }

  /** Completes once the webhook need not be held any more. */
  private Future<Void> judge(HttpServerRequest request, WebhookScheme scheme, byte[] body) {
    switch (scheme.verify(request.headers(), body, clock.instant())) {
      case Verdict.Genuine g -> {
        return answered(request, scheme, List.of(new InboxWriter.Webhook(g.eventId(), Buffer.buffer(body))));
      }
      // Should some not become durable, the provider sends all of them again.
      case Verdict.Several s -> {
        return answered(request, scheme, s.events().stream()
            .map(e -> new InboxWriter.Webhook(e.eventId(), e.body())).toList());
      }
      case Verdict.Malformed m -> refuse(request,
          Problem.invalid("webhook_malformed", "Signed, but not understood: " + m.reason() + ".", null));
      case Verdict.Forged f -> forged(request, scheme, body, f.reason());
    }
    return Future.succeededFuture();
  }

  private Future<Void> answered(HttpServerRequest request, WebhookScheme scheme,
      List<InboxWriter.Webhook> webhooks) {
    return inbox.keep(scheme.provider(), scheme.account(), webhooks).map(v -> {
      FaultPoint.reach("inbox", "before_answer");
      kept.increment(webhooks.size());
      answer(request, scheme.answer());
      return null;
    });
  }

  private void forged(HttpServerRequest request, WebhookScheme scheme, byte[] body, String reason) {
    forged.increment();
    String source = addresses.of(request);
    if (!forgers.take(source)) {
      refuse(request, Problem.retry(429, "rate_limit_error", "rate_limited",
          "Too many webhooks with wrong signatures came from this address.", 60));
      return;
    }
    String account = scheme.provider() + "/" + scheme.account();
    LOG.warn("webhook_refused account={} source={} bytes={} reason=\"{}\"", account, source, body.length,
        reason);
    var data = new JsonObject().put("source", source).put("reason", reason).put("bytes", body.length);
    // Answered whether or not the audit can be written: what is forged must not wait for anything.
    audit.write("-", "webhook_refused", account, data)
        .onFailure(
            e -> LOG.error("alert=audit_not_written act=webhook_refused account={} source={} error=\"{}\"",
                account, source, e.getMessage()));
    refuse(request, Problem.invalid("webhook_signature_invalid",
        "The webhook is not accepted: " + reason + ". Check the secret and the sender's clock.", null));
  }

  private static void answer(HttpServerRequest request, @Nullable Buffer body) {
    HttpServerResponse response = request.response();
    if (response.closed()) return;
    if (body != null) response.putHeader(HttpHeaders.CONTENT_TYPE, JSON);
    (body == null ? response.end() : response.end(body.copy()))
        .onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
  }

  private void fail(HttpServerRequest request, Throwable failure) {
    switch (failure) {
      case ProblemException r -> refuse(request, r.problem());
      case Unavailable u -> {
        LOG.debug("unavailable error=\"{}\"", u.getMessage());
        refuse(request, Gate.storageUnavailable());
      }
      default -> {
        LOG.error("webhook_failed path={}", request.path(), failure);
        refuse(request,
            Problem.of(500, "api_error", "internal_error", "Something failed on our side. Send it again."));
      }
    }
  }

  private void refuse(HttpServerRequest request, Problem problem) {
    HttpServerResponse response = request.response();
    if (response.closed() || response.ended()) return;
    String id = TypeId.format(TypeId.REQUEST, TypeId.next());
    response.setStatusCode(problem.status()).putHeader(HttpHeaders.CONTENT_TYPE, PROBLEM)
        .putHeader(REQUEST_ID, id);
    if (problem.retryAfterSeconds() > 0)
      response.putHeader("Retry-After", Integer.toString(problem.retryAfterSeconds()));
    Gate.finish(request, response, problem, problem.json(docsUrl, "/requests/" + id).toBuffer());
  }
}
