package dev.millrace.api;

import dev.millrace.audit.AuditLog;
import dev.millrace.idempotency.AnswerCache;
import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.identity.Credentials;
import dev.millrace.identity.MerchantStore;
import dev.millrace.identity.Scopes.Resource;
import dev.millrace.journal.AcceptWriter;
import dev.millrace.journal.EventId;
import dev.millrace.journal.EventReads;
import dev.millrace.journal.OperationReads;
import dev.millrace.journal.OperationRow;
import dev.millrace.journal.PaymentReads;
import dev.millrace.journal.PaymentRow;
import dev.millrace.journal.ReturnToken;
import dev.millrace.ledger.Balances;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.Config;
import dev.millrace.platform.Database;
import dev.millrace.platform.ListenerTls;
import dev.millrace.platform.PacedLoop;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.RedisLink;
import dev.millrace.platform.Capacity;
import dev.millrace.platform.Resources;
import dev.millrace.platform.Seal;
import dev.millrace.platform.RouteMethods;
import dev.millrace.platform.Servers;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.WakeUps;
import dev.millrace.provider.Providers;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.webhook.AddressPolicy;
import dev.millrace.inbox.InboxWriter;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.http.impl.HttpServerConnection;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.sqlclient.Pool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.time.InstantSource;

/** The role {@code api} on one event loop: wires the endpoints to their connections and serves them. */
public final class ApiVerticle extends VerticleBase {
  private static final int WARM_CONNECTIONS = 4;
  private static final long NOTE_USE_MS = 10_000;
  private static final Logger LOG = LoggerFactory.getLogger(ApiVerticle.class);

  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String instance;
  private final Capacity connections;
  private final ClientAddress addresses;
  /** Connections that have not sent a whole request head yet: closed when that takes too long. */
  private final Set<HttpConnection> firstRequest = Collections.newSetFromMap(new IdentityHashMap<>());
  /** Connections with a request that could be read in two ways: they are about to be closed. */
  private final Set<HttpConnection> refused = Collections.newSetFromMap(new IdentityHashMap<>());
  private final Resources open = new Resources();
  private final Map<String, WebhookScheme> schemes;
  private final BooleanSupplier leaving;

  /**
   * {@code instance} names this event loop in metrics and work counters; {@code connections} is shared by all
   * of them; {@code schemes} are the accounts whose webhooks are taken, by {@code provider/account}; while
   * {@code leaving}, answers ask clients to come back by another connection.
   */
  public ApiVerticle(Config config, Servers servers, MeterRegistry registry, String instance,
      Capacity connections, Map<String, WebhookScheme> schemes, BooleanSupplier leaving) {
    this.leaving = leaving;
    this.schemes = schemes;
    this.config = config;
    this.addresses = new ClientAddress("api.trusted-proxies", config.list("api.trusted-proxies"));
    this.servers = servers;
    this.registry = registry;
    this.instance = instance;
    this.connections = connections;
  }

  @Override
  public Future<?> start() {
    Pool reading = open.add(servers.readPool(vertx), Pool::close);
    RedisLink link = open.add(servers.redisLink(vertx, instance, registry), RedisLink::close);
    WakeUps wakeUps = servers.wakeUps();
    PgLink commits = open.add(servers.batchLink(vertx, "accept-" + instance, registry)
        .afterEach(() -> wakeUps.say(WakeUps.Source.JOURNAL)), PgLink::close);
    var database = new Database(reading, config.millis("postgres.statement-timeout"),
        servers.poolCapacity(instance, registry))
        .afterEachTransaction(() -> wakeUps.say(WakeUps.Source.JOURNAL));
    var writer = new AcceptWriter(vertx, commits, instance, config.positive("limits.accept-queue"),
        config.positive("limits.commit-batch-max"), registry);
    var backlog = new Backlog(vertx, database, config.integer("limits.unsettled"),
        new AdaptiveInterval(Backlog.EVERY_MS, config.millis("idle.interval")), instance, registry);
    wakeUps.listen(Set.of(WakeUps.Source.JOURNAL), backlog::wake);
    open.onClose(backlog::close);
    backlog.start();
    var payments = new PaymentReads(database);
    var waiting = new OutcomeWatch<PaymentRow>(vertx, ids -> OutcomeWatch.decided(payments, ids),
        config.positive("api.waiters-max"), "waiters", instance, registry);
    var records = new IdempotencyKeyStore(database);
    var share = new MerchantShare(
        Math.max(1,
            config.positive("limits.accept-queue") * config.positive("limits.merchant-share-percent") / 100),
        instance, registry);
    var bodies = new BodyReader(vertx, config.positive("api.body-bytes-max"),
        config.millis("api.request-timeout"),
        new Capacity(registry, "bodies", instance, config.positive("api.held-bytes-max")));
    var seal = new Seal(database);
    var tokens = new ReturnToken(database);
    var create = new CreateEndpoint(bodies, writer,
        new AnswerCache(vertx, link, seal, config.millis("idempotency.redis-ttl"),
            new Capacity(registry, "answers", instance, config.positive("redis.in-flight-max")), registry),
        records, database,
        waiting, backlog, share);
    var credentials = new Credentials(new MerchantStore(database));
    noteUse(credentials);
    var gate = new Gate(writer::up, credentials, new RateLimiter(link), config.integer("api.rate"),
        perMinute("api.wrong-keys-per-minute"), addresses, config.millis("api.refusal-pause"),
        new Capacity(registry, "refusals", instance, config.positive("api.refusals-max")),
        config.text("api.docs-url"), registry);
    var inbox = new ArrayList<PgLink>();
    for (int i = 0; i < config.positive("inbox.connections"); i++)
      inbox.add(servers.batchLink(vertx, "inbox-" + instance + "-" + i, registry)
          .afterEach(() -> wakeUps.say(WakeUps.Source.INBOX)));
    open.add(inbox, links -> Future.join(links.stream().map(PgLink::close).toList()));
    return commits.whenUp(10_000)
        .compose(v -> Future.all(inbox.stream().map(one -> one.whenUp(10_000)).toList()))
        .compose(v -> seal.load())
        .compose(v -> tokens.load())
        .compose(v -> EventId.load(database))
        .compose(ids -> vertx.fileSystem().readFile("openapi.yaml").compose(contract -> {
          Router router = router(gate, contract);
          var read = new ReadEndpoints(database, new Balances(database), records, ids,
              config.millis("idempotency.retention"));
          payments(router, gate, create, read);
          disputes(router, gate, new DisputeEndpoints(database));
          var asked = operations(router, gate, bodies, database, records, writer::up, tokens);
          var events = new Events(new EventReads(database), ids, config.duration("events.retention"));
          var stream = events(router, gate, database, events);
          webhooks(router, gate, bodies, new IdempotentTransaction(database, records), database, ids, events);
          RouteMethods.addHead(router);
          return warmed(asked).compose(v -> listen(gate, router, received(inbox, database)))
              .onSuccess(server -> {
                long drainMs = config.millis("api.drain-timeout");
                open.add(server, s -> s.shutdown(drainMs, TimeUnit.MILLISECONDS));
                // What waits or streams must end, else its connections are not drained.
                open.onClose(stream::close);
                open.onClose(asked::release);
                open.onClose(waiting::release);
              });
        }));
  }

  private static void payments(Router router, Gate gate, CreateEndpoint create, ReadEndpoints read) {
    router.post("/v1/payments").handler(gate.writes(Resource.PAYMENTS, create::create));
    router.get("/v1/payments").handler(gate.reads(Resource.PAYMENTS, read::list));
    router.get("/v1/payments/:id").handler(gate.reads(Resource.PAYMENTS, read::payment));
    router.get("/v1/payments/:id/timeline").handler(gate.reads(Resource.PAYMENTS, read::timeline));
    router.get("/v1/balances").handler(gate.reads(Resource.BALANCES, read::balances));
    router.get("/v1/ledger/accounts/:account/postings")
        .handler(gate.reads(Resource.BALANCES, read::postings));
    router.get("/v1/idempotency_keys/:key").handler(gate.reads(Resource.PAYMENTS, read::idempotencyKey));
  }

  private static void disputes(Router router, Gate gate, DisputeEndpoints disputes) {
    router.get("/v1/disputes").handler(gate.reads(Resource.DISPUTES, disputes::list));
    router.get("/v1/disputes/:id").handler(gate.reads(Resource.DISPUTES, disputes::read));
    router.get("/v1/payments/:id/disputes").handler(gate.reads(Resource.DISPUTES, disputes::ofPayment));
  }

  /**
   * Captures, cancellations and refunds have connections of their own: they may wait for a payment's row.
   */
  private OperationEndpoints operations(Router router, Gate gate, BodyReader bodies,
      Database database,
      IdempotencyKeyStore records,
      BooleanSupplier storageUp, ReturnToken tokens) {
    Pool writing = open.add(servers.batchPool(vertx), Pool::close);
    var transactions = new Database(writing, config.millis("postgres.statement-timeout"),
        servers.poolCapacity("operations-" + instance, registry))
        .afterEachTransaction(() -> servers.wakeUps().say(WakeUps.Source.JOURNAL));
    var turns = new PerPaymentQueue(config.positive("postgres.pool-waiting-max"), instance, registry);
    String counter = "operations-" + instance;
    var reads = new OperationReads(database);
    var waiting = new OutcomeWatch<OperationRow>(vertx,
        ids -> reads.decided(ids)
            .map(rows -> rows.stream().collect(Collectors.toMap(OperationRow::id, Function.identity()))),
        config.positive("api.waiters-max"), "operation-waiters", instance, registry);
    var asked = new OperationEndpoints(bodies, new IdempotentTransaction(transactions, records), turns,
        database,
        waiting,
        counter);
    router.post("/v1/payments/:id/capture").handler(gate.writes(Resource.PAYMENTS, asked::capture));
    router.post("/v1/payments/:id/cancel").handler(gate.writes(Resource.PAYMENTS, asked::cancel));
    router.post("/v1/payments/:id/refunds").handler(gate.writes(Resource.REFUNDS, asked::refund));
    router.get("/v1/payments/:id/refunds").handler(gate.reads(Resource.REFUNDS, asked::refunds));
    router.get("/v1/payments/:id/refunds/:refund").handler(gate.reads(Resource.REFUNDS, asked::readRefund));
    router.get("/v1/payments/:id/operations").handler(gate.reads(Resource.PAYMENTS, asked::operations));
    var returns = new PayerReturn(storageUp, Providers.payerResults(config), database, transactions, turns,
        perMinute("api.idle-returns-per-minute"), addresses,
        tokens, counter, instance, registry);
    router.get("/return/:id/:token").handler(returns::handle);
    return asked;
  }

  private void noteUse(Credentials credentials) {
    long timer = vertx.setPeriodic(NOTE_USE_MS, id -> credentials.noteUse()
        .onFailure(e -> LOG.debug("key_use_not_noted error=\"{}\"", e.getMessage())));
    open.onClose(() -> vertx.cancelTimer(timer));
  }

  /** At most so many connections at once: the others are opened when they are needed. */
  private Future<Void> warmed(OperationEndpoints operations) {
    int connections = Math.min(WARM_CONNECTIONS, config.positive("postgres.pool-size"));
    return Future.all(Stream.generate(operations::warm).limit(connections).toList()).<Void>mapEmpty()
        .onFailure(e -> LOG.warn("not_warmed error=\"{}\"", e.getMessage())).otherwiseEmpty();
  }

  private EventStream events(Router router, Gate gate, Database database, Events events) {
    var journal = new EventReads(database);
    var streaming = new EventStream(vertx, journal, new MerchantStore(database), events,
        new EventStream.Limits(
            config.positive("stream.clients-max"), config.positive("stream.merchant-clients-max"),
            config.millis("stream.heartbeat"), config.millis("stream.retry"),
            config.positive("stream.client-bytes-max"), config.positive("stream.recent-bytes-max"),
            config.millis("stream.stall-timeout")),
        servers.interval("stream.poll-interval"), instance, registry);
    servers.wakeUps().listen(Set.of(WakeUps.Source.JOURNAL), streaming::wake);
    router.get("/v1/events").handler(gate.reads(Resource.EVENTS, events::list));
    router.get("/v1/events/stream").handler(gate.reads(Resource.EVENTS, streaming::open));
    router.get("/v1/events/:id").handler(gate.reads(Resource.EVENTS, events::read));
    return streaming;
  }

  private void webhooks(Router router, Gate gate, BodyReader bodies, IdempotentTransaction once,
      Database database,
      EventId ids,
      Events events) {
    var endpoints = new WebhookEndpoints(bodies, once, database, ids, events,
        new AddressPolicy(servers.privateWebhooks()), config.positive("webhooks.endpoints-max"), instance);
    router.post("/v1/webhook_endpoints").handler(gate.writes(Resource.WEBHOOKS, endpoints::create));
    router.get("/v1/webhook_endpoints").handler(gate.reads(Resource.WEBHOOKS, endpoints::list));
    router.get("/v1/webhook_endpoints/:id").handler(gate.reads(Resource.WEBHOOKS, endpoints::read));
    router.patch("/v1/webhook_endpoints/:id").handler(gate.writes(Resource.WEBHOOKS, endpoints::update));
    router.delete("/v1/webhook_endpoints/:id").handler(gate.writes(Resource.WEBHOOKS, endpoints::delete));
    router.post("/v1/webhook_endpoints/:id/rotate_secret")
        .handler(gate.writes(Resource.WEBHOOKS, endpoints::rotate));
    router.post("/v1/webhook_endpoints/:id/test").handler(gate.writes(Resource.WEBHOOKS, endpoints::test));
    router.post("/v1/webhook_endpoints/:id/replay")
        .handler(gate.writes(Resource.WEBHOOKS, endpoints::replay));
    var deliveries = new WebhookDeliveries(bodies, once, database, ids);
    router.get("/v1/webhook_deliveries").handler(gate.reads(Resource.WEBHOOKS, deliveries::list));
    router.get("/v1/webhook_deliveries/:id").handler(gate.reads(Resource.WEBHOOKS, deliveries::read));
    router.post("/v1/webhook_deliveries/:id/retry")
        .handler(gate.writes(Resource.WEBHOOKS, deliveries::retry));
  }

  private SourceLimit perMinute(String setting) {
    return new SourceLimit(config.positive(setting), () -> System.nanoTime() / 1_000_000);
  }

  private ProviderWebhooks received(List<PgLink> inbox, Database database) {
    return new ProviderWebhooks(
        new BodyReader(vertx, config.positive("inbox.body-bytes-max"), config.millis("api.request-timeout"),
            new Capacity(registry, "inbox-bytes", instance, config.positive("inbox.held-bytes-max"))),
        schemes,
        new InboxWriter(vertx, inbox, instance, config.positive("inbox.queue"),
            config.positive("inbox.commit-batch-max"),
            registry),
        new AuditLog(database),
        perMinute("inbox.forged-per-minute"), addresses,
        InstantSource.system(), config.text("api.docs-url"), registry);
  }

  private Router router(Gate gate, Buffer contract) {
    Router router = Router.router(vertx);
    router.get("/openapi.yaml").handler(context -> {
      context.response().putHeader("Content-Type", "application/yaml").putHeader("Request-Id",
          TypeId.format(TypeId.REQUEST, TypeId.next()));
      RouteMethods.end(context.request(), contract)
          .onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
    });
    router.errorHandler(404, c -> gate.refuse(c, null,
        Problem.notFound("There is nothing at this path. GET /openapi.yaml lists the calls.")));
    router.errorHandler(405, c -> {
      c.response().putHeader("Allow", RouteMethods.allowed(router, c));
      gate.refuse(c, null, Problem.of(405, "invalid_request_error", "method_not_allowed",
          "This path does not take this method; the header Allow names those it takes."));
    });
    router.errorHandler(400, c -> gate.refuse(c, null,
        Problem.invalid("request_malformed", "The request's path or query cannot be read.", null)));
    router.errorHandler(500, c -> gate.refuse(c, null, failure(c)));
    return router;
  }

  private static Problem failure(RoutingContext context) {
    return context.failure() instanceof ProblemException r
        ? r.problem()
        : Problem.of(500, "api_error", "internal_error", "Something failed on our side.");
  }

  private Future<HttpServer> listen(Gate gate, Router router, ProviderWebhooks webhooks) {
    var options = new HttpServerOptions().setHost(config.text("api.host")).setPort(config.port("api.port"))
        .setIdleTimeoutUnit(TimeUnit.MILLISECONDS).setIdleTimeout((int) config.millis("api.idle-timeout"))
        .setMaxHeaderSize(16 * 1024).setMaxInitialLineLength(8 * 1024).setTcpNoDelay(true)
        .setHttp2ClearTextEnabled(false)
        .setPerFrameWebSocketCompressionSupported(false).setPerMessageWebSocketCompressionSupported(false)
        .setHandle100ContinueAutomatically(true)
        .setReuseAddress(true);
    long timeoutMs = config.millis("api.request-timeout");
    var tls = new ListenerTls(config, "api.tls-certificate", "api.tls-key", "api.tls-client-ca");
    return vertx.createHttpServer(tls.with(options)).connectionHandler(c -> connected(c, timeoutMs))
        .invalidRequestHandler(gate::refuseMalformed)
        .requestHandler(request -> {
          if (!firstRequest.isEmpty()) firstRequest.remove(request.connection());
          // What follows of it on the connection is anything, not another request.
          if (!refused.isEmpty() && refused.contains(request.connection())) return;
          if (leaving.getAsBoolean()) Gate.last(request);
          // Of everybody: what a merchant was told is nobody else's, nor a cache's.
          request.response().putHeader("Cache-Control", "no-store");
          String problem = Framing.problem(request);
          if (problem != null) {
            refused.add(request.connection());
            gate.refuseAmbiguous(request, problem);
            return;
          }
          String path = request.path();
          if (path != null && path.startsWith(ProviderWebhooks.PREFIX)) webhooks.handle(request, path);
          else router.handle(request);
        }).listen().onSuccess(server -> open.add(tls.reloading(vertx, server), PacedLoop::close));
  }

  private void connected(HttpConnection connection, long timeoutMs) {
    if (!connections.take()) {
      closeNow(connection);
      return;
    }
    firstRequest.add(connection);
    if (connection instanceof HttpServerConnection served)
      HeadTimeout.on(served.channelHandlerContext().pipeline(), timeoutMs);
    long timer = vertx.setTimer(timeoutMs, id -> {
      if (firstRequest.remove(connection)) closeNow(connection);
    });
    connection.closeHandler(v -> {
      connections.give();
      firstRequest.remove(connection);
      refused.remove(connection);
      vertx.cancelTimer(timer);
    });
  }

  private static void closeNow(HttpConnection connection) {
    connection.close().onFailure(e -> LOG.debug("connection_close error=\"{}\"", e.getMessage()));
  }

  @Override
  public Future<?> stop() { return open.close(); }
}
