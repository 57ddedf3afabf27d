package dev.millrace.embedded;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import kafka.tools.StorageTool;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.utils.Time;

/**
 * A Kafka broker and its controller inside this JVM, sized for a trial: eight partitions a topic, one
 * replica, three days or 1 GiB a partition kept. Topics must be created; data stays in its directory over
 * restarts.
 *
 * <p>It ends with the JVM; records it acknowledged are then in the operating system's hands, so they survive
 * {@code kill -9} but not loss of power. Kafka halts the JVM when its disk fails it. Everything of Kafka's
 * that is not public interface is in this file.
 */
public final class EmbeddedKafkaServer implements EmbeddedServer {
  private static final int NODE = 1;

  private final KafkaRaftServer server;
  private final int port;
  private boolean stopped;

  private EmbeddedKafkaServer(KafkaRaftServer server, int port) {
    this.server = server;
    this.port = port;
  }

  /**
   * Starts it, formatting the directory if it is new; on return it takes clients.
   *
   * @param port           for clients
   * @param controllerPort for the broker to talk to its controller
   * @throws EmbeddedServerException when it does not come up
   */
  public static EmbeddedKafkaServer start(Path dataDirectory, int port, int controllerPort) {
    return start(dataDirectory, port, controllerPort, Uuid.randomUuid().toString(), Map.of());
  }

  /**
   * As {@link #start(Path, int, int)}, as a part of this cluster, with some broker settings in place of ours.
   */
  public static EmbeddedKafkaServer start(Path dataDirectory, int port, int controllerPort, String clusterId,
      Map<String, String> instead) {
    Path home = Directories.create(dataDirectory);
    KafkaRaftServer server = null;
    var settings = new HashMap<>(settings(home, port, controllerPort));
    settings.putAll(instead);
    try {
      if (!Files.exists(home.resolve("meta.properties"))) {
        format(clusterId, settings);
      }
      server = new KafkaRaftServer(new KafkaConfig(settings), Time.SYSTEM);
      server.startup();
      return new EmbeddedKafkaServer(server, port);
    } catch (Exception e) {
      if (server != null) {
        shutDownAfter(e, server);
      }
      throw new EmbeddedServerException("Kafka does not start in " + home + ": " + rootOf(e).getMessage(), e);
    }
  }

  @Override
  public int port() {
    return port;
  }

  /** The value of Kafka's {@code bootstrap.servers}. */
  public String bootstrapServers() {
    return "127.0.0.1:" + port;
  }

  @Override
  public synchronized void stop() {
    if (stopped) {
      return;
    }
    server.shutdown();
    server.awaitShutdown();
    stopped = true;
  }

  private static void shutDownAfter(Exception failure, KafkaRaftServer server) {
    try {
      server.shutdown();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
  }

  /** Kafka wraps what went wrong in "fatal error while waiting". */
  private static Throwable rootOf(Throwable failure) {
    Throwable cause = failure.getCause();
    return cause == null ? failure : rootOf(cause);
  }

  /**
   * By the same command an operator would run, kafka-storage format, which takes its settings from a file.
   */
  private static void format(String clusterId, Map<String, String> settings) throws IOException {
    Properties properties = new Properties();
    properties.putAll(settings);
    Path file = Files.createTempFile("millrace-kafka", ".properties");
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    try (PrintStream output = new PrintStream(printed, true, StandardCharsets.UTF_8);
        Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
      String[] arguments = {"format", "--cluster-id", clusterId, "--config",
          file.toString()};
      if (StorageTool.execute(arguments, output) != 0) {
        throw new IOException("formatting failed: " + printed.toString(StandardCharsets.UTF_8).strip());
      }
    } finally {
      Files.delete(file);
    }
  }

  private static Map<String, String> settings(Path home, int port, int controllerPort) {
    return Map.ofEntries(Map.entry("process.roles", "broker,controller"),
        Map.entry("node.id", Integer.toString(NODE)), Map.entry("log.dirs", home.toString()),
        Map.entry("listeners", "CLIENT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort),
        Map.entry("advertised.listeners", "CLIENT://127.0.0.1:" + port),
        Map.entry("listener.security.protocol.map", "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
        Map.entry("inter.broker.listener.name", "CLIENT"),
        Map.entry("controller.listener.names", "CONTROLLER"),
        Map.entry("controller.quorum.voters", NODE + "@127.0.0.1:" + controllerPort),
        // Topics: of one replica, and made on purpose.
        Map.entry("auto.create.topics.enable", "false"), Map.entry("num.partitions", "8"),
        Map.entry("default.replication.factor", "1"), Map.entry("min.insync.replicas", "1"),
        Map.entry("offsets.topic.replication.factor", "1"), Map.entry("offsets.topic.num.partitions", "4"),
        Map.entry("transaction.state.log.replication.factor", "1"),
        Map.entry("transaction.state.log.min.isr", "1"),
        Map.entry("transaction.state.log.num.partitions", "4"),
        Map.entry("share.coordinator.state.topic.replication.factor", "1"),
        Map.entry("share.coordinator.state.topic.min.isr", "1"),
        Map.entry("share.coordinator.state.topic.num.partitions", "4"),
        Map.entry("group.initial.rebalance.delay.ms", "0"),
        // After kill -9: how long the controller waits for the dead broker (default 9 s) before a new one.
        Map.entry("broker.session.timeout.ms", "3000"), Map.entry("broker.heartbeat.interval.ms", "500"),
        // Disk: three days or 1 GiB a partition, in segments small enough for that to take effect.
        Map.entry("log.retention.hours", "72"), Map.entry("log.retention.bytes", Integer.toString(1 << 30)),
        Map.entry("log.segment.bytes", Integer.toString(64 << 20)),
        // Memory and threads: it shares the JVM with the gateway.
        Map.entry("log.cleaner.dedupe.buffer.size", Integer.toString(2 << 20)),
        Map.entry("log.cleaner.io.buffer.size", Integer.toString(64 << 10)),
        Map.entry("num.network.threads", "2"), Map.entry("num.io.threads", "4"),
        Map.entry("background.threads", "2"), Map.entry("group.coordinator.threads", "1"),
        Map.entry("share.coordinator.threads", "1"),
        // No JMX beans: nobody reads them, and a second start would find the first one's.
        Map.entry("metric.reporters", ""));
  }
}
