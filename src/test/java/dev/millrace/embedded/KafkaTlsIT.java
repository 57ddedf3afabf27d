package dev.millrace.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.journal.Relay;
import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.platform.Servers;
import dev.millrace.start.KafkaTopics;
import dev.millrace.testing.TestCa;
import dev.millrace.testing.TestServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ScramCredentialInfo;
import org.apache.kafka.clients.admin.ScramMechanism;
import org.apache.kafka.clients.admin.UserScramCredentialAlteration;
import org.apache.kafka.clients.admin.UserScramCredentialUpsertion;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.Uuid;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Brokers that take TLS, a certificate and a password: who gets in, and who must not. */
class KafkaTlsIT {
  private static final TestCa CA = TestCa.create();
  private static final TestCa.Identity NODE = CA.sign("node", "dns:node");
  private static final String SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;";
  /** With what a careless quoting would end the password. */
  private static final String PASSWORD = "s3\\cret\"; x=\"";
  private static final int PLAIN = TestServers.freePort();
  private static final int STRICT = TestServers.freePort();
  private static final int OPEN = TestServers.freePort();
  private static final int MISNAMED = TestServers.freePort();
  private static EmbeddedKafkaServer server;

  @BeforeAll
  static void start() throws IOException, InterruptedException, ExecutionException {
    var named = CA.sign("kafka", "ip:127.0.0.1,dns:localhost");
    var other = CA.sign("other", "dns:kafka.example");
    var settings = new HashMap<String, String>();
    settings.put("listeners",
        "CLIENT://127.0.0.1:%d,STRICT://127.0.0.1:%d,OPEN://127.0.0.1:%d,MISNAMED://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d"
            .formatted(PLAIN, STRICT, OPEN, MISNAMED, TestServers.freePort()));
    settings.put("advertised.listeners",
        "CLIENT://127.0.0.1:%d,STRICT://127.0.0.1:%d,OPEN://127.0.0.1:%d,MISNAMED://127.0.0.1:%d"
            .formatted(PLAIN, STRICT, OPEN, MISNAMED));
    settings.put("listener.security.protocol.map",
        "CLIENT:PLAINTEXT,STRICT:SASL_SSL,OPEN:SSL,MISNAMED:SSL,CONTROLLER:PLAINTEXT");
    settings.put("controller.quorum.voters",
        "1@127.0.0.1:" + settings.get("listeners").replaceAll(".*:", ""));
    settings.put("sasl.enabled.mechanisms", "SCRAM-SHA-512,SCRAM-SHA-256");
    settings.put("listener.name.strict.scram-sha-512.sasl.jaas.config", SCRAM);
    settings.put("listener.name.strict.scram-sha-256.sasl.jaas.config", SCRAM);
    settings.put("listener.name.strict.ssl.client.auth", "required");
    for (var listener : Map.of("strict", named, "open", named, "misnamed", other).entrySet()) {
      String prefix = "listener.name." + listener.getKey() + ".ssl.";
      settings.put(prefix + "keystore.type", "PEM");
      settings.put(prefix + "keystore.certificate.chain",
          Files.readString(listener.getValue().certificate()));
      settings.put(prefix + "keystore.key", Files.readString(listener.getValue().key()));
      settings.put(prefix + "truststore.type", "PEM");
      settings.put(prefix + "truststore.certificates", Files.readString(CA.certificate()));
    }
    Path home = Files.createTempDirectory(Path.of("target", "it"), "kafka-tls").toAbsolutePath();
    server = EmbeddedKafkaServer.start(home.resolve("kafka"), PLAIN, TestServers.freePort(),
        Uuid.randomUuid().toString(), settings);
    try (var admin = Admin.create(Map.of("bootstrap.servers", "127.0.0.1:" + PLAIN))) {
      for (var mechanism : List.of(ScramMechanism.SCRAM_SHA_512, ScramMechanism.SCRAM_SHA_256))
        admin.alterUserScramCredentials(List.<UserScramCredentialAlteration>of(
            new UserScramCredentialUpsertion("millrace", new ScramCredentialInfo(mechanism, 4_096),
                PASSWORD)))
            .all().get();
    }
  }

  @AfterAll
  static void stop() { server.stop(); }

  private static Map<String, String> trusting() {
    return new HashMap<>(
        Map.of("MILLRACE_KAFKA_TLS", "true", "MILLRACE_KAFKA_TLS_CA", CA.certificate().toString()));
  }

  private static Map<String, String> showing() {
    var settings = trusting();
    settings.put("MILLRACE_KAFKA_TLS_CERTIFICATE", NODE.certificate().toString());
    settings.put("MILLRACE_KAFKA_TLS_KEY", NODE.key().toString());
    return settings;
  }

  private static Map<String, String> known(String password) {
    var settings = showing();
    settings.put("MILLRACE_KAFKA_USER", "millrace");
    settings.put("MILLRACE_KAFKA_PASSWORD", password);
    return settings;
  }

  private static Config config(String bootstrap, Map<String, String> settings) {
    var all = new HashMap<>(settings);
    all.put("MILLRACE_KAFKA_BOOTSTRAP", bootstrap);
    return Config.load(all);
  }

  /** Makes topics, writes and reads. */
  private static void assertIn(String bootstrap, Map<String, String> settings) throws Exception {
    var config = config(bootstrap, settings);
    var servers = new Servers(config);
    KafkaTopics.ensure(config, servers);
    var writing = new HashMap<String, Object>(Relay.producerSettings());
    writing.putAll(servers.kafka());
    long offset;
    try (var producer = new KafkaProducer<String, byte[]>(writing)) {
      var sent = producer.send(new ProducerRecord<>("payments.events", 0, "k", new byte[]{7}));
      producer.flush();
      offset = sent.get(10, TimeUnit.SECONDS).offset();
    }
    var reading = new HashMap<String, Object>(servers.kafka());
    reading.putAll(Map.of("group.id", "test", "auto.offset.reset", "earliest", "key.deserializer",
        "org.apache.kafka.common.serialization.StringDeserializer", "value.deserializer",
        "org.apache.kafka.common.serialization.ByteArrayDeserializer"));
    try (var consumer = new KafkaConsumer<String, byte[]>(reading)) {
      var partition = new org.apache.kafka.common.TopicPartition("payments.events", 0);
      consumer.assign(List.of(partition));
      consumer.seek(partition, offset);
      assertThat(consumer.poll(Duration.ofSeconds(10)).count()).isEqualTo(1);
    }
  }

  private static void assertOut(String bootstrap, Map<String, String> settings) {
    var client = new HashMap<String, Object>(new Servers(config(bootstrap, settings)).kafka());
    client.putAll(Map.of("default.api.timeout.ms", "2000", "request.timeout.ms", "1000"));
    try (var admin = Admin.create(client)) {
      assertThatThrownBy(() -> admin.listTopics().names().get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);
    }
  }

  @Test
  void node_withItsCertificateAndThePassword_isIn() throws Exception {
    assertIn("127.0.0.1:" + STRICT, known(PASSWORD));
    var weaker = known(PASSWORD);
    weaker.put("MILLRACE_KAFKA_SASL_MECHANISM", "SCRAM-SHA-256");
    assertIn("127.0.0.1:" + STRICT, weaker);
    assertIn("localhost:" + OPEN, trusting());
  }

  @Test
  void node_withoutACertificate_orWithoutThePassword_isOut() {
    assertOut("127.0.0.1:" + STRICT, known("wrong"));
    assertOut("127.0.0.1:" + STRICT, showing());
    var unknown = known(PASSWORD);
    unknown.remove("MILLRACE_KAFKA_TLS_CERTIFICATE");
    unknown.remove("MILLRACE_KAFKA_TLS_KEY");
    assertOut("127.0.0.1:" + STRICT, unknown);
    assertOut("127.0.0.1:" + STRICT, Map.of());
  }

  /** Signed by nobody that is trusted, or for another name: it may be anybody. */
  @Test
  void broker_thatIsNotTheOne_isNotSpokenTo() {
    assertOut("127.0.0.1:" + OPEN, Map.of("MILLRACE_KAFKA_TLS", "true"));
    assertOut("127.0.0.1:" + OPEN, Map.of("MILLRACE_KAFKA_TLS", "true", "MILLRACE_KAFKA_TLS_CA",
        TestCa.create().certificate().toString()));
    assertOut("127.0.0.1:" + MISNAMED, trusting());
  }

  @Test
  void settings_thatAreWrong_areNamed() {
    assertRefused("`kafka.tls-ca`",
        Map.of("MILLRACE_KAFKA_TLS", "true", "MILLRACE_KAFKA_TLS_CA", "/no/file"));
    assertRefused("make it true", Map.of("MILLRACE_KAFKA_TLS_CA", CA.certificate().toString()));
    assertRefused("`kafka.user` and `kafka.password`", Map.of("MILLRACE_KAFKA_USER", "a"));
    assertRefused("`kafka.sasl-mechanism`", Map.of("MILLRACE_KAFKA_USER", "a", "MILLRACE_KAFKA_PASSWORD",
        "b", "MILLRACE_KAFKA_SASL_MECHANISM", "PLAIN"));
  }

  private static void assertRefused(String named, Map<String, String> settings) {
    assertThatThrownBy(() -> new Servers(config("127.0.0.1:1", settings)).kafka())
        .isInstanceOf(ConfigException.class).hasMessageContaining(named);
  }
}
