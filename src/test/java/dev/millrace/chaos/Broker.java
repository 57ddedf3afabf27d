package dev.millrace.chaos;

import dev.millrace.embedded.EmbeddedKafkaServer;
import dev.millrace.embedded.EmbeddedServers;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.Uuid;

/**
 * A Kafka broker as a process of its own, alone or one of several. Every gateway node may reach it by a
 * listener of its own: only so can the way between one node and the broker be disturbed.
 */
final class Broker {
  private static final String VOTERS = "BROKER_VOTERS";
  private static final String LISTENER = "BROKER_LISTENER_";

  private Broker() {}

  /**
   * Where a node finds the broker: the port it listens on for it, and the port that it tells it to come to.
   */
  record Listener(int port, int advertised) {}

  /** As many brokers as there are ports, one cluster. {@code listeners} are those of the first, by node. */
  static List<Machine> cluster(Path home, List<EmbeddedServers.Ports> ports,
      Map<String, Listener> listeners) {
    var voters = new ArrayList<String>();
    for (int i = 0; i < ports.size(); i++)
      voters.add((i + 1) + "@127.0.0.1:" + ports.get(i).kafkaController());
    String cluster = Uuid.randomUuid().toString();
    var brokers = new ArrayList<Machine>();
    for (int i = 0; i < ports.size(); i++) {
      String name = "kafka-" + (i + 1);
      var env = new HashMap<String, String>();
      env.put("BROKER_ID", Integer.toString(i + 1));
      env.put("BROKER_CLUSTER", cluster);
      env.put(VOTERS, String.join(",", voters));
      env.put("BROKER_PORT", Integer.toString(ports.get(i).kafka()));
      env.put("BROKER_CONTROLLER_PORT", Integer.toString(ports.get(i).kafkaController()));
      env.put("BROKER_DIRECTORY", home.resolve(name).toString());
      if (i == 0) listeners.forEach((node, l) -> env.put(LISTENER + node, l.port + ":" + l.advertised));
      brokers.add(
          new Machine(name, Broker.class.getName(), env, home.resolve(name + ".log"), ports.get(i).kafka(),
              () -> true));
    }
    return brokers;
  }

  public static void main(String[] args) throws InterruptedException {
    var env = System.getenv();
    int port = Integer.parseInt(env.get("BROKER_PORT"));
    int controller = Integer.parseInt(env.get("BROKER_CONTROLLER_PORT"));
    var listeners = new StringBuilder("CLIENT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controller);
    var advertised = new StringBuilder("CLIENT://127.0.0.1:" + port);
    var protocols = new StringBuilder("CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT");
    env.forEach((name, value) -> {
      if (!name.startsWith(LISTENER)) return;
      String listener = "NODE" + name.substring(LISTENER.length());
      String[] ports = value.split(":");
      listeners.append(',').append(listener).append("://127.0.0.1:").append(ports[0]);
      advertised.append(',').append(listener).append("://127.0.0.1:").append(ports[1]);
      protocols.append(',').append(listener).append(":PLAINTEXT");
    });
    String copies = Integer.toString(env.get(VOTERS).split(",").length);
    EmbeddedKafkaServer.start(Path.of(env.get("BROKER_DIRECTORY")), port, controller,
        env.get("BROKER_CLUSTER"),
        Map.of("node.id", env.get("BROKER_ID"), "controller.quorum.voters", env.get(VOTERS),
            "listeners", listeners.toString(), "advertised.listeners", advertised.toString(),
            "listener.security.protocol.map", protocols.toString(), "group.min.session.timeout.ms", "1000",
            "offsets.topic.replication.factor", copies, "default.replication.factor", copies));
    exitWithParent();
  }

  /** Lives as long as the one that started it. */
  private static void exitWithParent() throws InterruptedException {
    var parent = ProcessHandle.current().parent().orElseThrow();
    while (parent.isAlive()) Thread.sleep(1_000);
    Runtime.getRuntime().halt(0);
  }
}
