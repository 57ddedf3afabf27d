package dev.millrace.load;

import java.net.URI;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The command line, `--name=value` each; README.md says what they mean. An unknown name is refused. */
record Options(List<String> phases, int seconds, int warmUpSeconds, int connections, double rate,
    double webhookRate, int streams, double streamsRate, int budget, int outageSeconds, int nodes,
    int repeats, int backoffMillis, int portBase,
    String key, String attach, String ops, String simulator, Map<String, Long> pids,
    Map<String, String> environment, String classpath, String against) {

  static final List<String> PHASES = List.of("ceiling", "durable-ceiling", "accept", "webhook-in",
      "webhook-out", "streams", "end-to-end", "overload", "goodput", "herd", "idle", "compare");
  /** The others need the processes that they start. */
  private static final Set<String> ATTACHABLE = Set.of("accept", "end-to-end", "overload");
  private static final Map<String, String> DEFAULTS = Map.ofEntries(
      Map.entry("phases", "accept,end-to-end,overload"),
      Map.entry("seconds", "60"), Map.entry("warm-up", "90"), Map.entry("connections", "256"),
      Map.entry("rate", "4200"), Map.entry("webhook-rate", "1500"), Map.entry("streams", "2000"),
      Map.entry("streams-rate", "20"), Map.entry("budget", "1000"), Map.entry("outage-seconds", "60"),
      Map.entry("nodes", "2"), Map.entry("repeats", "1"),
      Map.entry("backoff-ms", "0"), Map.entry("port-base", "21000"), Map.entry("key", "sk_test_millrace"),
      Map.entry("attach", ""),
      Map.entry("ops", "http://127.0.0.1:9090"), Map.entry("simulator", "http://127.0.0.1:8090"),
      Map.entry("pids", ""), Map.entry("classpath", ""),
      Map.entry("against", ""));

  static Options of(String... args) {
    var values = new TreeMap<>(DEFAULTS);
    var environment = new LinkedHashMap<String, String>();
    for (var arg : args) {
      int equals = arg.indexOf('=');
      if (!arg.startsWith("--") || equals < 0) {
        throw new IllegalArgumentException("not --name=value: " + arg);
      }
      var name = arg.substring(2, equals);
      if (name.startsWith("env.")) {
        environment.put(name.substring(4), arg.substring(equals + 1));
      } else if (values.replace(name, arg.substring(equals + 1)) == null) {
        throw new IllegalArgumentException("no option --" + name + "; there are --env.NAME, --" + String.join(
            ", --", values.keySet()));
      }
    }
    return of(values, environment);
  }

  private static Options of(Map<String, String> values, Map<String, String> environment) {
    var phases = List.of(values.get("phases").split(","));
    if (!Set.copyOf(PHASES).containsAll(phases)) {
      throw new IllegalArgumentException("--phases: some of " + PHASES + ", not " + phases);
    }
    var options = new Options(phases, between(values, "seconds", 1, 3600), between(values, "warm-up", 1, 600),
        between(values, "connections", 1, 8192), between(values, "rate", 1, 200_000),
        between(values, "webhook-rate", 1, 200_000), between(values, "streams", 1, 10_000),
        between(values, "streams-rate", 1, 200_000), between(values, "budget", 10, 10_000),
        between(values, "outage-seconds", 1, 300), between(values, "nodes", 1, 4),
        between(values, "repeats", 1, 20),
        between(values, "backoff-ms", 0, 60_000), between(values, "port-base", 1024, 30_000),
        values.get("key"), values.get("attach"), values.get("ops"), values.get("simulator"),
        pids(values.get("pids")), environment, values.get("classpath"), values.get("against"));
    if (options.attached() && (phases.size() != 1 || !ATTACHABLE.containsAll(phases))) {
      throw new IllegalArgumentException(
          "--attach measures one phase: give --phases=accept, end-to-end or overload");
    }
    // Refuses another machine's address before anything is started.
    options.endpoints();
    return options;
  }

  boolean attached() {
    return !attach.isEmpty();
  }

  /** The same measurements of another build: that of the checkout `--against`. */
  Options ofTheOther() {
    return new Options(phases, seconds, warmUpSeconds, connections, rate, webhookRate, streams, streamsRate,
        budget, outageSeconds, nodes, repeats, backoffMillis, portBase, key, attach, ops, simulator, pids,
        environment,
        GatewayClasspath.of(Path.of(against)), against);
  }

  /** The same over another number of connections. */
  Options withConnections(int number) {
    return new Options(phases, seconds, warmUpSeconds, number, rate, webhookRate, streams, streamsRate,
        budget, outageSeconds, nodes, repeats, backoffMillis, portBase, key, attach, ops, simulator, pids,
        environment, classpath, against);
  }

  /** The same on other ports. */
  Options withPortBase(int base) {
    return new Options(phases, seconds, warmUpSeconds, connections, rate, webhookRate, streams, streamsRate,
        budget, outageSeconds, nodes, repeats, backoffMillis, base, key, attach, ops, simulator, pids,
        environment, classpath, against);
  }

  /** The addresses of what was attached to, or of the processes started here. */
  Endpoints endpoints() {
    return attached()
        ? new Endpoints(URI.create(attach), URI.create(ops), URI.create(simulator))
        : new Endpoints(local(80), local(90), local(81));
  }

  int port(int offset) {
    return portBase + offset;
  }

  URI local(int portOffset) {
    return URI.create("http://127.0.0.1:" + port(portOffset));
  }

  private static int between(Map<String, String> values, String name, int min, int max) {
    int value = Integer.parseInt(values.get(name));
    if (value < min || value > max) {
      throw new IllegalArgumentException("--" + name + " must be between " + min + " and " + max);
    }
    return value;
  }

  /** `gateway:12,postgres:34` */
  private static Map<String, Long> pids(String text) {
    var pids = new LinkedHashMap<String, Long>();
    for (var pair : text.isEmpty() ? new String[0] : text.split(",")) {
      pids.put(pair.substring(0, pair.indexOf(':')), Long.valueOf(pair.substring(pair.indexOf(':') + 1)));
    }
    return pids;
  }

  /** Where the gateway's API, its operations port and the simulator answer. */
  record Endpoints(URI api, URI ops, URI simulator) {
    Endpoints {
      Generator.loopback(api);
      Generator.loopback(ops);
      Generator.loopback(simulator);
    }
  }
}
