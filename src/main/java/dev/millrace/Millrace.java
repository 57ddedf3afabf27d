package dev.millrace;

import dev.millrace.api.ApiVerticle;
import dev.millrace.platform.CertificateExpiry;
import dev.millrace.start.DemoMerchant;
import dev.millrace.journal.Relay;
import dev.millrace.journal.RelayVerticle;
import dev.millrace.ops.OpsVerticle;
import dev.millrace.start.Banner;
import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.platform.KafkaBuffer;
import dev.millrace.start.KafkaTopics;
import dev.millrace.platform.Migrations;
import dev.millrace.platform.NodeState;
import dev.millrace.platform.Capacity;
import dev.millrace.platform.Servers;
import dev.millrace.platform.TypeId;
import dev.millrace.processing.ProcessorVerticle;
import dev.millrace.provider.WebhookSchemes;
import dev.millrace.start.OptionalParts;
import dev.millrace.start.RebuildCommand;
import dev.millrace.start.StartStep;
import dev.millrace.retention.RetentionVerticle;
import dev.millrace.settlement.SettlementVerticle;
import dev.millrace.provider.Providers;
import dev.millrace.webhook.NotifierVerticle;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts the roles that the configuration names, in the order in which they need each other, and stops them
 * in the reverse one on SIGTERM or Ctrl-C: open requests are answered, payments in hand are brought to a
 * durable state.
 */
public final class Millrace {
  private static final Logger LOG = LoggerFactory.getLogger(Millrace.class);
  private static final Set<String> ROLES = Set.of("servers", "simulator", "api", "relay", "processor",
      "settlement", "notifier", "ops");
  private static final List<String> PORTS = List.of("api.port", "ops.port", "simulator.port",
      "embedded.postgres-port",
      "embedded.redis-port", "embedded.kafka-port", "embedded.kafka-controller-port");
  /** So that no two roles share a loop: one each, and some for the API. */
  private static final int EVENT_LOOPS_MIN = 8;

  private final Config config;
  private final Servers servers;
  private final Set<String> roles;
  private final String node;
  private final Vertx vertx;
  private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final ArrayDeque<Callable<?>> undo = new ArrayDeque<>();
  /** While it leaves, every answer asks for a new connection, which leads to another node. */
  private final NodeState state;
  private boolean stopped;

  private Millrace(Config config) {
    this.config = config;
    this.servers = new Servers(config);
    this.roles = roles(config);
    this.state = new NodeState(roles);
    PORTS.forEach(config::port);
    String named = config.text("node");
    this.node = named.isEmpty() ? hostName() + "-" + ProcessHandle.current().pid() : named;
    this.vertx = Vertx.vertx(new VertxOptions().setPreferNativeTransport(true)
        .setEventLoopPoolSize(Math.max(EVENT_LOOPS_MIN, 2 * Runtime.getRuntime().availableProcessors())));
    new JvmMemoryMetrics().bindTo(registry);
    CertificateExpiry.show(config, InstantSource.system(), registry);
    var collections = new JvmGcMetrics();
    collections.bindTo(registry);
    undo.push(() -> {
      collections.close();
      return null;
    });
  }

  private static String hostName() {
    try {
      return java.net.InetAddress.getLocalHost().getHostName();
    } catch (java.net.UnknownHostException e) {
      return "node";
    }
  }

  private static Set<String> roles(Config config) {
    var roles = new TreeSet<>(config.list("roles"));
    for (String role : roles) {
      if (!ROLES.contains(role))
        throw new ConfigException("`roles` names `" + role + "`; the roles are " + new TreeSet<>(ROLES));
    }
    if (roles.isEmpty()) throw new ConfigException("`roles` is empty; the roles are " + new TreeSet<>(ROLES));
    return roles;
  }

  /**
   * Starts by the environment; exits with 1 and one clear line when it cannot. With {@code rebuild} as the
   * first argument it runs that command instead.
   */
  public static void main(String[] args) {
    if (args.length > 0) System.exit(RebuildCommand.run(args, System.getenv()));
    Millrace millrace = null;
    try {
      millrace = new Millrace(Config.load(System.getenv()));
      Runtime.getRuntime().addShutdownHook(new Thread(millrace::stop, "millrace-stop"));
      millrace.start();
      millrace.watchParent();
      // Until a signal: an embedded Postgres alone has no thread here that would keep the process alive.
      Thread.currentThread().join();
    } catch (Exception e) {
      System.err.println("millrace: " + explain(e));
      if (!(e instanceof ConfigException || StartStep.taken(e))) LOG.error("start_failed", e);
      System.exit(1);
    }
  }

  private static String explain(Throwable e) {
    Throwable cause = e instanceof ExecutionException && e.getCause() != null ? e.getCause() : e;
    return String.valueOf(cause.getMessage()).lines().findFirst().orElse(cause.toString());
  }

  private void start() throws Exception {
    long began = System.nanoTime();
    if (roles.contains("servers"))
      undo.push(Executors.callable(OptionalParts.embeddedServers().start(config, false)));
    if (roles.contains("simulator")) undo.push(OptionalParts.simulator().start(config, vertx));
    var work = new TreeSet<>(roles);
    work.removeAll(Set.of("servers", "simulator"));
    if (!work.isEmpty()) startGateway();
    // The processor says so itself: its place among the consumers may be long in coming.
    roles.stream().filter(role -> !role.equals("processor")).forEach(state::up);
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - began);
    LOG.info("started node={} roles={} seconds={} transport={}", node, roles, seconds,
        vertx.isNativeTransportEnabled() ? "epoll" : "nio");
    System.out.println(Banner.of(config, servers, roles));
  }

  private void startGateway() throws Exception {
    if (config.flag("postgres.migrate")) {
      Migrations.run(servers.jdbcUrl(), config.text("postgres.migrate-user"),
          config.text("postgres.migrate-password"),
          config.text("postgres.user"), config.text("postgres.password"));
    }
    Migrations.requireDurable(servers.jdbcUrl(), config.text("postgres.user"),
        config.text("postgres.password"));
    if (servers.embeddedPostgres())
      DemoMerchant.seed(servers.jdbcUrl(), config.text("postgres.user"), config.text("postgres.password"));
    // Before all others, and so the last to go: it says what the node lacks yet, and that it leaves.
    if (roles.contains("ops"))
      deploy("ops.port", config.port("ops.port"),
          new OpsVerticle(config, servers, registry, node, state));
    if (roles.contains("relay") || roles.contains("processor"))
      KafkaTopics.ensure(config, servers);
    String holder = node + "-" + TypeId.next();
    deploy("wake-ups", 0, servers.wakeUps().connection(servers, registry));
    if (roles.contains("relay")) {
      var buffer = new KafkaBuffer(registry, "relay", config.positive("kafka.buffer-bytes"));
      deploy("relay", 0, new RelayVerticle(config, servers, registry, holder, () -> buffer.of(producer())));
    }
    if (roles.contains("processor")) {
      var buffer = new KafkaBuffer(registry, "processor", config.positive("kafka.buffer-bytes"));
      Producer<String, byte[]> producer = buffer.of(producer());
      undo.push(() -> {
        producer.close(Duration.ofSeconds(3));
        return null;
      });
      var processor = new ProcessorVerticle(config, servers, registry, node, holder, producer,
          WebhookSchemes.of(config));
      deploy("processor", 0, processor);
      processor.joined().onSuccess(v -> state.up("processor"));
    }
    if (roles.contains("settlement"))
      deploy("settlement", 0,
          new SettlementVerticle(config, servers, registry, holder, Providers.rails(config)));
    if (roles.contains("notifier"))
      deploy("notifier", 0, new NotifierVerticle(config, servers, registry, holder));
    if (roles.contains("settlement") || roles.contains("notifier"))
      deploy("retention", 0, new RetentionVerticle(config, servers, registry, holder));
    if (roles.contains("api")) startApi();
  }

  private Producer<String, byte[]> producer() {
    var settings = new HashMap<String, Object>(Relay.producerSettings());
    settings.putAll(servers.kafka());
    settings.put("buffer.memory", Integer.toString(config.positive("kafka.buffer-bytes")));
    return new KafkaProducer<>(settings);
  }

  private void startApi() throws Exception {
    var connections = new Capacity(registry, "connections", node, config.positive("api.connections-max"));
    for (int i = 0; i < config.positive("api.event-loops"); i++) {
      deploy("api.port", config.port("api.port"),
          new ApiVerticle(config, servers, registry, node + "-" + i, connections, WebhookSchemes.of(config),
              state::leaving));
    }
    undo.push(this::leave);
  }

  /**
   * Gives whoever spreads requests over the nodes time to see that this one goes, while it still answers: a
   * connection that is closed just as a request is sent on it is an error that no server can spare its
   * client.
   */
  private @Nullable Void leave() {
    long delayMs = config.millis("api.leave-delay");
    if (delayMs > 0) vertx.timer(delayMs, TimeUnit.MILLISECONDS).await();
    return null;
  }

  private void deploy(String what, int port, Deployable verticle) throws Exception {
    String id = StartStep.await(what, port, vertx.deployVerticle(verticle, new DeploymentOptions()));
    undo.push(() -> vertx.undeploy(id).await(StartStep.STOP_TIMEOUT_S, TimeUnit.SECONDS));
  }

  /** Ends this process when the one that started it has gone (a build tool that was killed, say). */
  private void watchParent() {
    if (!Boolean.getBoolean("millrace.exit-with-parent")) return;
    ProcessHandle parent = ProcessHandle.current().parent().orElse(null);
    if (parent == null) return;
    vertx.setPeriodic(1_000, id -> {
      if (!parent.isAlive()) {
        vertx.cancelTimer(id);
        LOG.warn("parent_gone pid={}: stopping", parent.pid());
        new Thread(() -> System.exit(0), "millrace-exit").start();
      }
    });
  }

  private synchronized void stop() {
    if (stopped) return;
    stopped = true;
    state.leave();
    LOG.info("stopping node={}", node);
    while (!undo.isEmpty()) {
      try {
        undo.pop().call();
      } catch (Exception e) {
        LOG.warn("stop_step_failed error=\"{}\"", e.getMessage());
      }
    }
    var closed = new CountDownLatch(1);
    vertx.close().onComplete(done -> closed.countDown());
    try {
      if (!closed.await(StartStep.STOP_TIMEOUT_S, TimeUnit.SECONDS)) LOG.warn("stop_incomplete");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    LOG.info("stopped node={}", node);
  }
}
