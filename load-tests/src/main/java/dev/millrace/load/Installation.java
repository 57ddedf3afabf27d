package dev.millrace.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * The processes of one phase, on ports and in a directory of their own, or the running ones that were
 * attached to. Closing stops what was started here, last started first, and removes the directory.
 */
final class Installation implements AutoCloseable {
  private static final int READY_SECONDS_MAX = 90;
  private static final int API = 80;
  private static final int SIMULATOR = 81;
  private static final int OPS = 90;
  private static final int KAFKA = 92;
  private static final int KAFKA_CONTROLLER = 93;
  private static final int REDIS = 379;
  private static final int POSTGRES = 432;
  /** Of the gateways after the first one, the number of which is added. */
  private static final int MORE_API = 100;
  private static final int MORE_OPS = 110;

  final Ops ops;
  final Options.Endpoints endpoints;
  private final Options options;
  private final String phase;
  private final Path logs;
  private final Path directory;
  private final Deque<Node> nodes = new ArrayDeque<>();
  private final Map<String, Long> pids = new LinkedHashMap<>();
  private final Thread hook = new Thread(this::stop);

  /** An empty site; `logs` outlives it. */
  Installation(Options options, String phase, Path logs) {
    this.options = options;
    this.phase = phase;
    this.logs = logs;
    endpoints = options.endpoints();
    ops = new Ops(endpoints);
    pids.putAll(options.pids());
    try {
      directory = Files.createTempDirectory("millrace-load").toRealPath();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /**
   * Servers and a gateway of these roles; a simulator too, if `withSimulator`. Returns once all are ready.
   */
  static Installation gateway(Options options, String phase, Path logs, String roles, boolean withSimulator,
      Map<String, String> settings) {
    var site = new Installation(options, phase, logs);
    try {
      if (!options.attached()) {
        site.startServers();
        if (withSimulator) {
          site.start("simulator", "simulator", settings);
          site.await("simulator", () -> site.ops.succeeded() >= 0);
        }
        site.start("gateway", roles, settings);
      }
      // The operations port opens before the API does.
      site.await("gateway", () -> site.ops.ready() && listens(site.endpoints.api().getPort()));
      return site;
    } catch (RuntimeException e) {
      site.close();
      throw e;
    }
  }

  /**
   * One more gateway beside the first, number 2 and so on, with these roles. Returns what it says of itself
   * once it is ready.
   */
  Ops another(int number, String roles, Map<String, String> settings) {
    int api = options.port(MORE_API + number);
    requireFree(api);
    requireFree(options.port(MORE_OPS + number));
    var own = new LinkedHashMap<>(settings);
    own.put("MILLRACE_API_PORT", Integer.toString(api));
    own.put("MILLRACE_OPS_PORT", port(MORE_OPS + number));
    start("gateway-" + number, roles, own);
    var its = new Ops(
        new Options.Endpoints(options.local(MORE_API + number), options.local(MORE_OPS + number),
            endpoints.simulator()));
    await("gateway " + number, () -> its.ready() && listens(api));
    return its;
  }

  private void startServers() {
    for (int offset : List.of(API, SIMULATOR, OPS, KAFKA, KAFKA_CONTROLLER, REDIS, POSTGRES)) {
      requireFree(options.port(offset));
    }
    start("kafka", "servers", Map.of());
    await("servers",
        () -> listens(options.port(POSTGRES)) && listens(options.port(REDIS)) && listens(options.port(
            KAFKA)));
    for (var process : Proc.all()) {
      boolean ours = process.parent() == pids.get("kafka") || process.worksIn(directory);
      if (ours && process.name().startsWith("redis-server")) {
        pids.put("redis", process.pid());
      } else if (ours && process.name().equals("postgres") && !isPostgres(process.parent())) {
        pids.put("postgres", process.pid());
      }
    }
  }

  private static boolean isPostgres(long pid) {
    return Proc.of(pid).filter(process -> process.name().equals("postgres")).isPresent();
  }

  private void start(String name, String roles, Map<String, String> settings) {
    var environment = new LinkedHashMap<String, String>();
    environment.put("MILLRACE_ROLES", roles);
    environment.put("MILLRACE_DATA_DIRECTORY", directory.resolve("data").toString());
    environment.put("MILLRACE_API_PORT", port(API));
    environment.put("MILLRACE_OPS_PORT", port(OPS));
    environment.put("MILLRACE_SIMULATOR_PORT", port(SIMULATOR));
    environment.put("MILLRACE_EMBEDDED_POSTGRES_PORT", port(POSTGRES));
    environment.put("MILLRACE_EMBEDDED_REDIS_PORT", port(REDIS));
    environment.put("MILLRACE_EMBEDDED_KAFKA_PORT", port(KAFKA));
    environment.put("MILLRACE_EMBEDDED_KAFKA_CONTROLLER_PORT", port(KAFKA_CONTROLLER));
    environment.putAll(settings);
    environment.putAll(options.environment());
    start(name, GatewayClasspath.of(options), List.of("dev.millrace.Millrace"), environment);
  }

  /** The bare server of {@link Ceiling} in place of a gateway. */
  void startCeiling() {
    start("gateway", System.getProperty("java.class.path"), List.of(Ceiling.class.getName(), port(API)),
        Map.of());
    await("ceiling", () -> listens(options.port(API)));
  }

  /** Servers, and the server of {@link DurableCeiling} in place of a gateway. */
  void startDurableCeiling() {
    startServers();
    start("gateway", System.getProperty("java.class.path"),
        List.of(DurableCeiling.class.getName(), port(API), port(POSTGRES)), Map.of());
    await("durable ceiling", () -> listens(options.port(API)));
  }

  private void start(String name, String classpath, List<String> command, Map<String, String> environment) {
    var log = logs.resolve(phase + "-" + name + ".log");
    var node = new Node(name, classpath, command, environment, directory, log);
    nodes.push(node);
    pids.put(name, node.pid());
  }

  private String port(int offset) {
    return Integer.toString(options.port(offset));
  }

  /** Fails if somebody listens on the port already. */
  static void requireFree(int port) {
    if (listens(port)) {
      throw new IllegalStateException("port " + port + " is taken: give another --port-base");
    }
  }

  private static boolean listens(int port) {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress("127.0.0.1", port), 1000);
      return true;
    } catch (IOException refused) {
      return false;
    }
  }

  private void await(String what, BooleanSupplier ready) {
    boolean answered = Clock.await(READY_SECONDS_MAX, 200, () -> {
      check();
      return ready.getAsBoolean();
    });
    if (!answered) {
      throw new IllegalStateException(what + " not ready after " + READY_SECONDS_MAX + " s; logs in " + logs);
    }
  }

  /** Fails if a process died. */
  void check() {
    nodes.forEach(Node::check);
  }

  /** The site's own Postgres; only of processes that were started here. */
  TableCounts tableCounts() {
    return new TableCounts(options.port(POSTGRES));
  }

  long gatewayPid() {
    return pids.get("gateway");
  }

  /** CPU seconds each component has used so far; components without a known process are absent. */
  Map<String, Double> cpuSeconds() {
    var seconds = new LinkedHashMap<String, Double>();
    pids.forEach((component, pid) -> seconds.put(component,
        component.equals("postgres")
            ? Proc.familySeconds(pid)
            : Proc.of(pid).map(Proc::cpuSeconds).orElse(Double.NaN)));
    Proc.of(ProcessHandle.current().pid()).ifPresent(own -> seconds.put("generator", own.cpuSeconds()));
    return seconds;
  }

  @Override
  public void close() {
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException shuttingDown) {
      // Then the hook runs, and finds nothing left to do.
    }
  }

  private synchronized void stop() {
    while (!nodes.isEmpty()) {
      nodes.pop().close();
    }
    for (var left : Proc.within(directory)) {
      System.err.println(left.name() + " (pid " + left.pid() + ") outlived its servers process: killed");
      ProcessHandle.of(left.pid()).ifPresent(ProcessHandle::destroyForcibly);
    }
    remove();
  }

  private void remove() {
    if (!Files.exists(directory)) {
      return;
    }
    try (var files = Files.walk(directory)) {
      for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException | UncheckedIOException e) {
      System.err.println("cannot remove " + directory + ": " + e);
    }
  }
}
