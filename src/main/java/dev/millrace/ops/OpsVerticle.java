package dev.millrace.ops;

import dev.millrace.deadletter.DeadLetterActs;
import dev.millrace.journal.AppendWriter;
import dev.millrace.platform.Config;
import dev.millrace.platform.Database;
import dev.millrace.platform.ListenerTls;
import dev.millrace.platform.NodeState;
import dev.millrace.platform.PacedLoop;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Resources;
import dev.millrace.platform.RouteMethods;
import dev.millrace.platform.Servers;
import dev.millrace.platform.WakeUps;
import dev.millrace.provider.WebhookSchemes;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.redis.client.Redis;
import io.vertx.sqlclient.Pool;
import java.util.concurrent.TimeUnit;

/**
 * The role {@code ops}: a listener of its own for health, metrics, the trial balance, dead letters and
 * operators' acts.
 */
public final class OpsVerticle extends VerticleBase {
  private final Config config;
  private final Servers servers;
  private final PrometheusMeterRegistry registry;
  private final String instance;
  private final NodeState state;
  private final Resources open = new Resources();

  /** {@code state}: of this node, which decides whether requests should be sent to it. */
  public OpsVerticle(Config config, Servers servers, PrometheusMeterRegistry registry, String instance,
      NodeState state) {
    this.state = state;
    this.config = config;
    this.servers = servers;
    this.registry = registry;
    this.instance = instance;
  }

  @Override
  public Future<?> start() {
    Pool reading = open.add(servers.pool(vertx), Pool::close);
    Redis redis = open.add(Redis.createClient(vertx, servers.redisOptions()), Redis::close);
    PgLink link = open.add(servers.batchLink(vertx, "ops-" + instance, registry)
        .afterEach(() -> servers.wakeUps().say(WakeUps.Source.JOURNAL)), PgLink::close);
    var database = new Database(reading, config.millis("postgres.statement-timeout"),
        servers.poolCapacity("ops-" + instance, registry))
        .afterEachTransaction(() -> servers.wakeUps().say(WakeUps.Source.JOURNAL));
    var readiness = new Readiness(vertx, database, redis, servers.kafkaBootstrap(), state);
    var acts = new OperatorActs(database,
        new AppendWriter(vertx, link, "ops-" + instance, 256, 64, registry));
    // Of its own: metrics are wanted most when everything else waits for a server that is away.
    WorkerExecutor scraping = open.add(vertx.createSharedWorkerExecutor("millrace-metrics", 1),
        WorkerExecutor::close);
    Router router = Router.router(vertx);
    router.route().handler(BodyHandler.create(false).setBodyLimit(16 * 1024));
    router.get("/health/live")
        .handler(c -> OperatorCall.answer(c, 200, new JsonObject().put("status", "up")));
    router.get("/health/ready").handler(c -> readiness.look()
        .onSuccess(found -> OperatorCall.answer(c, Readiness.code(found), found)).onFailure(c::fail));
    router.get("/metrics").handler(c -> scraping.executeBlocking(() -> registry.scrape()).compose(text -> {
      c.response().putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8");
      return RouteMethods.end(c.request(), Buffer.buffer(text));
    }).onFailure(c::fail));
    // Health and metrics are open, and told to nobody else by a browser.
    router.route("/ops/*").handler(new BrowserGuard(config.list("ops.hosts")));
    new OperatorRoutes(database, acts).mount(router);
    new KeyRoutes(new KeyActs(database)).mount(router);
    var letters = new DeadLetterActs(database, () -> servers.wakeUps().say(WakeUps.Source.LETTERS));
    String writer = "operator-" + instance;
    new DeadLetterRoutes(letters, new UnmatchedCharges(database, WebhookSchemes.of(config), writer))
        .mount(router);
    new PaymentActRoutes(new PaymentActs(database, letters, writer)).mount(router);
    RouteMethods.addHead(router);
    router.errorHandler(404, c -> OperatorCall.answer(c, 404,
        new JsonObject().put("error", "there is nothing at this path")));
    router.errorHandler(405, c -> {
      String allowed = RouteMethods.allowed(router, c);
      c.response().putHeader("Allow", allowed);
      OperatorCall.answer(c, 405, new JsonObject().put("error", "this path takes " + allowed));
    });
    var options = new HttpServerOptions().setHost(config.text("ops.host")).setPort(config.port("ops.port"))
        .setHttp2ClearTextEnabled(false).setIdleTimeoutUnit(TimeUnit.MILLISECONDS)
        .setIdleTimeout((int) config.millis("api.idle-timeout")).setReuseAddress(true);
    var tls = new ListenerTls(config, "ops.tls-certificate", "ops.tls-key", "ops.tls-client-ca");
    return vertx.createHttpServer(tls.with(options)).requestHandler(router).listen()
        .onSuccess(server -> open.add(tls.reloading(vertx, server), PacedLoop::close))
        .onSuccess(server -> open.add(server, s -> s.shutdown(2, TimeUnit.SECONDS)));
  }

  @Override
  public Future<?> stop() { return open.close(); }
}
