package dev.millrace.chaos;

import dev.millrace.embedded.EmbeddedServers;
import dev.millrace.endtoend.SimulatorBook;
import dev.millrace.endtoend.MerchantLife;
import dev.millrace.testing.Await;
import dev.millrace.testing.FaultProxy;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A whole installation, every part a process of its own: Postgres, Redis, Kafka, the simulator and two
 * gateway nodes with all roles. Between each node and each server lies a {@link FaultProxy}.
 */
final class Deployment implements AutoCloseable {
  /** What a node reaches over the network. */
  enum Part {
    POSTGRES, REDIS, KAFKA, PROVIDER
  }

  /**
   * How it is built: as usual, with Postgres on a disk of {@link #SMALL_DISK_MB}, three brokers, or room for
   * little and breakers that open soon.
   */
  enum Plan {
    USUAL, SMALL_DISK, THREE_BROKERS, SMALL_LIMITS
  }

  /**
   * What a node may send to an account in a second, and what may be unsettled, with
   * {@link Plan#SMALL_LIMITS}.
   */
  static final int SMALL_BUDGET = 30;
  private static final Map<String, String> SMALL_LIMITS = Map.of(
      "MILLRACE_PROVIDER_DEFAULTS_REQUESTS_PER_SECOND",
      Integer.toString(SMALL_BUDGET), "MILLRACE_LIMITS_UNSETTLED", "300",
      "MILLRACE_PROVIDER_DEFAULTS_BREAKER_CALLS_MIN", "20", "MILLRACE_PROVIDER_DEFAULTS_BREAKER_COOLDOWN",
      "2s", "MILLRACE_PROVIDER_DEFAULTS_BREAKER_RAMP", "3s");

  /** How long a client has for the head of its request. */
  static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(3);
  static final List<String> NODES = List.of("a", "b");
  static final int SMALL_DISK_MB = 512;
  private static final String ROLES = "api,relay,processor,settlement,notifier,ops";
  /** Secrets whose text must be found nowhere: those of the provider. */
  static final String PROVIDER_KEY = "sk_test_markedproviderkey8d1f";
  static final String WEBHOOK_SECRET = "whsec_markedwebhooksecret51c0";
  private static final Map<String, String> SETTINGS = settings();

  final Plan plan;
  final Machine postgres;
  final Machine redis;
  final List<Machine> brokers;
  final Site site;
  private final Path home;
  private final Map<String, Map<Part, FaultProxy>> proxies = new HashMap<>();
  private final Map<String, GatewayProcess> nodes = new HashMap<>();
  private final GatewayProcess simulator;
  private final JsonObject simulated;

  private static Map<String, String> settings() {
    var all = new HashMap<>(MerchantLife.SETTINGS);
    all.put("MILLRACE_API_REQUEST_TIMEOUT", REQUEST_TIMEOUT.toSeconds() + "s");
    for (String lease : List.of("RELAY", "SETTLEMENT", "WEBHOOKS", "INBOX"))
      all.put("MILLRACE_" + lease + "_LEASE", "1s");
    all.putAll(Map.of("MILLRACE_PROCESSOR_SESSION_TIMEOUT", "3s", "MILLRACE_POSTGRES_STATEMENT_TIMEOUT", "2s",
        "MILLRACE_PROVIDER_DEFAULTS_KEY", PROVIDER_KEY, "MILLRACE_PROVIDER_DEFAULTS_ABSENCE_AFTER", "4s",
        "MILLRACE_SIMULATOR_KEY", PROVIDER_KEY,
        "MILLRACE_PROVIDER_STRIPE_WEBHOOK_SECRETS",
        WEBHOOK_SECRET, "MILLRACE_WEBHOOKS_PRIVATE_ADDRESSES", "allow", "MILLRACE_WEBHOOKS_RETRY_WINDOWS",
        "300ms,500ms,1s,2s,4s,8s", "MILLRACE_WEBHOOKS_BREAKER_COOLDOWN", "500ms"));
    return all;
  }

  /** Everything up and ready. */
  Deployment(Plan plan) {
    this.plan = plan;
    try {
      home = Files.createTempDirectory(Files.createDirectories(Path.of("target", "it")), "chaos")
          .toAbsolutePath();
      if (plan == Plan.SMALL_DISK)
        ShellCommands.run("mount", "-t", "tmpfs", "-o", "size=" + SMALL_DISK_MB + "m", "tmpfs",
            Files.createDirectories(home.resolve("postgres")).toString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var ports = new ArrayList<EmbeddedServers.Ports>();
    for (int i = 0; i < (plan == Plan.THREE_BROKERS ? 3 : 1); i++)
      ports.add(TestServers.freePorts());
    postgres = embedded(home, "postgres", "POSTGRES", ports.getFirst().postgres());
    redis = embedded(home, "redis", "REDIS", ports.getFirst().redis());
    brokers = Broker.cluster(home, ports, ways(ports.getFirst()));
    Stream.concat(Stream.of(postgres, redis), brokers.stream()).parallel().forEach(Machine::start);
    site = Site.at(ports.getFirst());
    int apiOfA = TestServers.freePort();
    var settings = new HashMap<>(SETTINGS);
    settings.putAll(Site.webhooksTo(apiOfA));
    simulator = site.startSimulator(settings);
    simulated = SimulatorBook.settings(site);
    for (String node : NODES) startNode(node, node.equals("a") ? apiOfA : TestServers.freePort(), apiOfA);
  }

  /** Lays the ways between the nodes and the servers; answers the broker's listeners by node. */
  private Map<String, Broker.Listener> ways(EmbeddedServers.Ports ports) {
    var listeners = new HashMap<String, Broker.Listener>();
    for (String node : NODES) {
      var ways = new EnumMap<Part, FaultProxy>(Part.class);
      int listener = TestServers.freePort();
      ways.put(Part.KAFKA, FaultProxy.to(listener));
      listeners.put(node, new Broker.Listener(listener, ways.get(Part.KAFKA).port()));
      ways.put(Part.POSTGRES, FaultProxy.to(ports.postgres()));
      ways.put(Part.REDIS, FaultProxy.to(ports.redis()));
      proxies.put(node, ways);
    }
    return plan == Plan.THREE_BROKERS ? Map.of() : listeners;
  }

  /** A process with the role {@code servers} and only one of them. */
  private static Machine embedded(Path home, String name, String kind, int port) {
    return new Machine(name, "dev.millrace.Millrace", Map.of("MILLRACE_ROLES", "servers",
        "MILLRACE_DATA_DIRECTORY", home.resolve(name).toString(),
        "MILLRACE_POSTGRES_URI", kind.equals("POSTGRES") ? "embedded" : "postgresql://127.0.0.1:1/none",
        "MILLRACE_REDIS_URI", kind.equals("REDIS") ? "embedded" : "redis://127.0.0.1:1",
        "MILLRACE_KAFKA_BOOTSTRAP", "127.0.0.1:1", "MILLRACE_EMBEDDED_" + kind + "_PORT",
        Integer.toString(port)), home.resolve(name + ".log"), port,
        kind.equals("POSTGRES") ? () -> Deployment.postgresAnswers(port) : () -> true);
  }

  private static boolean postgresAnswers(int port) {
    try (var connection = DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port
        + "/postgres?connectTimeout=5&socketTimeout=5", "postgres", "postgres")) {
      return connection.isValid(5);
    } catch (SQLException e) {
      return false;
    }
  }

  /**
   * {@code publicPort}: where payers come back to, the same for all nodes, as it is a part of what providers
   * are sent.
   */
  private void startNode(String name, int apiPort, int publicPort) {
    var ways = proxies.get(name);
    ways.put(Part.PROVIDER, FaultProxy.to(site.simulatorPort()));
    var settings = new HashMap<>(SETTINGS);
    if (plan == Plan.SMALL_LIMITS) settings.putAll(SMALL_LIMITS);
    settings.put("MILLRACE_NODE", name);
    settings.put("MILLRACE_API_PORT", Integer.toString(apiPort));
    settings.put("MILLRACE_API_PUBLIC_URL", "http://127.0.0.1:" + publicPort);
    settings.put("MILLRACE_POSTGRES_URI", site.postgresUri(ways.get(Part.POSTGRES).port()));
    settings.put("MILLRACE_REDIS_URI", site.redisUri(ways.get(Part.REDIS).port()));
    settings.put("MILLRACE_KAFKA_BOOTSTRAP",
        plan == Plan.THREE_BROKERS
            ? String.join(",", brokers.stream().map(b -> "127.0.0.1:" + b.port()).toList())
            : "127.0.0.1:" + ways.get(Part.KAFKA).port());
    settings.put("MILLRACE_KAFKA_REPLICATION", Integer.toString(brokers.size()));
    settings.put("MILLRACE_SIMULATOR_URL", "http://127.0.0.1:" + ways.get(Part.PROVIDER).port());
    settings.put("JAVA_TOOL_OPTIONS", "-Dmillrace.fault-points=" + faultPoint(name));
    nodes.put(name, site.start(ROLES, settings));
  }

  private Path faultPoint(String node) { return home.resolve("fault-point-" + node); }

  /** From now on the node dies when it comes to this point. */
  void arm(String node, String point) {
    try {
      Files.writeString(faultPoint(node), point);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void disarm() {
    NODES.forEach(node -> arm(node, ""));
  }

  GatewayProcess node(String name) { return nodes.get(name); }

  List<GatewayProcess> nodes() { return NODES.stream().map(nodes::get).toList(); }

  GatewayProcess simulator() { return simulator; }

  Machine kafka() { return brokers.getFirst(); }

  FaultProxy way(String node, Part part) { return proxies.get(node).get(part); }

  /** The ways of all nodes to one part. */
  List<FaultProxy> ways(Part part) {
    return NODES.stream().map(node -> way(node, part)).toList();
  }

  List<String> urls() { return nodes().stream().map(GatewayProcess::apiUrl).toList(); }

  /** The disk of Postgres; only {@link Plan#SMALL_DISK} has one of its own. */
  Path postgresDisk() {
    return home.resolve("postgres");
  }

  /** Ends every fault: all parts run, all ways are open, the provider is its old self. */
  void heal() {
    disarm();
    proxies.values().forEach(ways -> ways.values().forEach(FaultProxy::heal));
    servers().forEach(Machine::wake);
    servers().parallelStream().forEach(Machine::start);
    if (simulator.alive()) simulator.signal("CONT");
    else simulator.start();
    SimulatorBook.settings(site, simulated);
    for (var node : nodes()) if (node.alive()) node.signal("CONT");
    nodes().parallelStream().filter(node -> !node.alive()).forEach(GatewayProcess::start);
    for (var node : nodes()) Await.until(Duration.ofSeconds(30), "ready: " + node.opsUrl(), node::ready);
  }

  private List<Machine> servers() {
    return Stream.concat(Stream.of(postgres, redis), brokers.stream()).toList();
  }

  /**
   * Everything that the processes wrote of what they did, and everything that was handed to Kafka and
   * Postgres.
   */
  List<Path> files() {
    return Stream.concat(logs().stream(), Stream.of(home)).toList();
  }

  /** What the nodes wrote of what they did. */
  List<Path> logs() {
    return nodes().stream().map(GatewayProcess::log).toList();
  }

  @Override
  public void close() {
    site.close();
    proxies.values().forEach(ways -> ways.values().forEach(FaultProxy::close));
    servers().forEach(Machine::kill);
    if (plan == Plan.SMALL_DISK) ShellCommands.run("umount", home.resolve("postgres").toString());
  }
}
