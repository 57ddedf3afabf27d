package dev.millrace.ops;

import dev.millrace.deadletter.DeadLetterActs;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.WorkCounters;
import dev.millrace.ledger.Balances;
import dev.millrace.platform.Config;
import dev.millrace.platform.Database;
import dev.millrace.platform.InstantText;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Servers;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.WorkerExecutor;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The role {@code ops}: a listener of its own for health, metrics, the trial balance, dead letters and operators' acts. */
public final class OpsVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(OpsVerticle.class);
  private static final int LIST_MAX = 100;
  private static final Set<String> READY = Set.of("up", "degraded");

  private final Config config;
  private final Servers servers;
  private final PrometheusMeterRegistry registry;
  private final String instance;
  private final BooleanSupplier leaving;
  private @Nullable Pool pool;
  private @Nullable PgLink pg;
  private @Nullable Redis redis;
  private @Nullable HttpServer server;

  /** {@code leaving}: whether this node has been told to stop, and no more requests should be sent to it. */
  public OpsVerticle(Config config, Servers servers, PrometheusMeterRegistry registry, String instance,
      BooleanSupplier leaving) {
    this.leaving = leaving;
    this.config = config;
    this.servers = servers;
    this.registry = registry;
    this.instance = instance;
  }

  @Override
  public Future<?> start() {
    Pool reading = servers.pool(vertx);
    PgLink link = servers.batchLink(vertx, "ops-" + instance, registry);
    pool = reading;
    pg = link;
    redis = Redis.createClient(vertx, servers.redisUri());
    var database = new Database(reading, config.millis("postgres.statement-timeout"),
        servers.poolRoom("ops-" + instance, registry));
    var acts = new OperatorActs(database,
        new AppendWriter(vertx, link, "ops-" + instance, 256, 64, registry));
    // Of its own: metrics are wanted most when everything else waits for a server that is away.
    WorkerExecutor scraping = vertx.createSharedWorkerExecutor("millrace-metrics", 1);
    Router router = Router.router(vertx);
    router.route().handler(BodyHandler.create(false).setBodyLimit(16 * 1024));
    router.get("/health/live").handler(c -> c.json(new JsonObject().put("status", "up")));
    router.get("/health/ready").handler(c -> ready(database)
        .onComplete(r -> answer(c, READY.contains(r.result().getString("status")) ? 200 : 503, r.result())));
    router.get("/metrics").handler(c -> scraping.executeBlocking(() -> registry.scrape()).onSuccess(
        text -> c.response().putHeader("Content-Type", "text/plain; version=0.0.4; charset=utf-8").end(text))
        .onFailure(c::fail));
    router.get("/ops/work").handler(c -> run(c, new WorkCounters(database).counts().map(OpsVerticle::json)));
    router.get("/ops/trial-balance")
        .handler(c -> act(c, body -> trialBalance(database, c.queryParams().get("as_of"))));
    router.get("/ops/reviews").handler(c -> run(c, reviews(database)));
    new DeadLetterRoutes(new DeadLetterActs(database)).mount(router);
    router.post("/ops/payments/:id/release")
        .handler(c -> act(c, body -> acts.decide(c.pathParam("id"), operator(body), true)));
    router.post("/ops/payments/:id/block")
        .handler(c -> act(c, body -> acts.decide(c.pathParam("id"), operator(body), false)));
    router.post("/ops/merchants").handler(c -> act(c,
        body -> acts.createMerchant(text(body, "name"), flag(body, "livemode"), rate(body), operator(body))));
    router.post("/ops/merchants/:id/keys").handler(c -> act(c,
        body -> acts.createKey(c.pathParam("id"), flag(body, "livemode"), rate(body), operator(body))));
    router.post("/ops/keys/revoke")
        .handler(c -> act(c, body -> acts.revokeKey(text(body, "key"), operator(body))));
    return vertx.createHttpServer().requestHandler(router)
        .listen(config.port("ops.port"), config.text("ops.host"))
        .onSuccess(s -> server = s);
  }

  /** Ready as long as Postgres answers and nobody has told it to stop: Redis and Kafka may be away without a merchant noticing. */
  private Future<JsonObject> ready(Database database) {
    Future<String> postgres = database.query("SELECT 1", Tuple.tuple()).map("up").otherwise("down");
    Redis ping = redis;
    Future<String> cache = ping == null
        ? Future.succeededFuture("down")
        : ping.send(Request.cmd(Command.PING)).timeout(500, TimeUnit.MILLISECONDS).map("up")
            .otherwise("down");
    String first = servers.kafkaBootstrap().split(",", 2)[0];
    int colon = first.lastIndexOf(':');
    var client = vertx.createNetClient();
    Future<String> kafka = client
        .connect(SocketAddress.inetSocketAddress(Integer.parseInt(first.substring(colon + 1)),
            first.substring(0, colon)))
        .timeout(1_000, TimeUnit.MILLISECONDS).map("up").otherwise("down");
    return Future.join(postgres, cache, kafka).map(v -> new JsonObject()
        .put("status", status(postgres.result(), cache.result(), kafka.result()))
        .put("postgres", postgres.result()).put("redis", cache.result()).put("kafka", kafka.result()))
        .onComplete(v -> client.close().onFailure(e -> LOG.debug("close error=\"{}\"", e.getMessage())));
  }

  private String status(String postgres, String redis, String kafka) {
    if (leaving.getAsBoolean()) return "leaving";
    if (postgres.equals("down")) return "down";
    return redis.equals("down") || kafka.equals("down") ? "degraded" : "up";
  }

  private static JsonObject json(Map<String, Long> work) {
    var json = new JsonObject();
    new TreeMap<>(work).forEach(json::put);
    return json;
  }

  /** {@code asOf}: an instant, null for now. */
  private static Future<JsonObject> trialBalance(Database database, @Nullable String asOf) {
    Instant instant = asOf == null ? null : InstantText.read(asOf);
    if (asOf != null && (instant == null || instant.isAfter(Instant.now())))
      throw new OperatorRefusal(400,
          "`as_of` must be a past time in Unix seconds, or in ISO 8601 with an"
              + " offset: 2026-11-21T18:00:00Z");
    return new Balances(database).of(null, instant).map(
        balances -> trialBalance(balances).put("as_of", instant == null ? null : instant.toString()));
  }

  private static JsonObject trialBalance(List<Balances.Balance> balances) {
    var accounts = new JsonArray();
    var sums = new TreeMap<String, BigDecimal>();
    for (var b : balances) {
      accounts.add(new JsonObject().put("account", b.account()).put("livemode", b.livemode())
          .put("currency", b.currency())
          .put("debit", b.amount().signum() > 0 ? b.amount() : BigDecimal.ZERO)
          .put("credit", b.amount().signum() < 0 ? b.amount().negate() : BigDecimal.ZERO));
      sums.merge((b.livemode() ? "live:" : "test:") + b.currency(), b.amount(), BigDecimal::add);
    }
    var totals = new JsonObject();
    sums.forEach(totals::put);
    return new JsonObject().put("object", "trial_balance")
        .put("balanced", sums.values().stream().allMatch(s -> s.signum() == 0))
        .put("sums", totals).put("accounts", accounts);
  }

  private static Future<JsonObject> reviews(Database database) {
    return database.query(
        """
          SELECT p.id, p.amount, p.currency, j.data::text, j.recorded FROM journal j JOIN payment p ON p.id = j.subject
           WHERE j.type = 'payment.screened' AND j.data ->> 'decision' = 'review' AND p.status = 'in_review'
           ORDER BY j.position LIMIT $1::int""",
        Tuple.of(LIST_MAX)).map(rows -> {
          var data = new JsonArray();
          for (Row row : rows) {
            data.add(new JsonObject().put("payment", TypeId.format(TypeId.PAYMENT, row.getUUID(0)))
                .put("amount", row.getLong(1))
                .put("currency", row.getString(2)).put("screening", new JsonObject(row.getString(3)))
                .put("since", row.getOffsetDateTime(4).toString()));
          }
          return new JsonObject().put("object", "list").put("data", data);
        });
  }

  /** Answers what {@code act} makes of the JSON body. */
  static void act(RoutingContext c, Function<JsonObject, Future<JsonObject>> act) {
    JsonObject body;
    try {
      body = c.body().length() <= 0 ? new JsonObject() : c.body().asJsonObject();
      run(c, act.apply(body == null ? new JsonObject() : body));
    } catch (DecodeException | ClassCastException e) {
      answer(c, 400, new JsonObject().put("error", "the body must be a JSON object"));
    } catch (OperatorRefusal e) {
      answer(c, e.status(), new JsonObject().put("error", e.getMessage()));
    }
  }

  static String operator(JsonObject body) { return text(body, "operator"); }

  private static String text(JsonObject body, String field) {
    if (body.getValue(field) instanceof String s && !s.isBlank() && s.length() <= 200) return s;
    throw new OperatorRefusal(400,
        "`" + field + "` must be a text of 1 to 200 characters in the JSON body");
  }

  private static boolean flag(JsonObject body, String field) {
    Object value = body.getValue(field);
    if (value == null) return false;
    if (value instanceof Boolean b) return b;
    throw new OperatorRefusal(400, "`" + field + "` must be true or false");
  }

  private static @Nullable Integer rate(JsonObject body) {
    Object value = body.getValue("rate");
    if (value == null) return null;
    if (value instanceof Integer i && i > 0) return i;
    throw new OperatorRefusal(400, "`rate` must be a positive integer: requests a second");
  }

  private static void run(RoutingContext c, Future<JsonObject> result) {
    result.onSuccess(json -> answer(c, 200, json)).onFailure(failure -> {
      switch (failure) {
        case OperatorRefusal r -> answer(c, r.status(), new JsonObject().put("error", r.getMessage()));
        case Unavailable u -> answer(c, 503, new JsonObject().put("error", u.getMessage()));
        default -> {
          LOG.error("ops_call_failed path={}", c.normalizedPath(), failure);
          answer(c, 500, new JsonObject().put("error", "failed; see the log"));
        }
      }
    });
  }

  private static void answer(RoutingContext c, int status, JsonObject json) {
    c.response().setStatusCode(status).putHeader("Content-Type", "application/json").end(json.toBuffer())
        .onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
  }

  @Override
  public Future<?> stop() {
    Future<Void> drained = server == null ? Future.succeededFuture() : server.shutdown(2, TimeUnit.SECONDS);
    return drained.transform(done -> pg == null ? Future.succeededFuture() : pg.close())
        .transform(done -> redis == null ? Future.succeededFuture() : redis.close())
        .transform(done -> pool == null ? Future.succeededFuture() : pool.close());
  }
}
