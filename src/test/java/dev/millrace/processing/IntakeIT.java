package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestServers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.kafka.client.consumer.KafkaConsumer;
import io.vertx.kafka.client.consumer.KafkaConsumerRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;

/**
 * How much an intake takes from Kafka when its work does not end, and what it does with records that are odd.
 */
final class IntakeIT {
  private static final Duration BOUND = Duration.ofSeconds(20);
  private static final String TOPIC = "intake-it-" + System.nanoTime();
  private static final String BOOTSTRAP = "127.0.0.1:" + TestServers.shared().ports().kafka();
  private static final int RECORDS = Intake.POLL_MAX + 1_000;
  private static final int AT_ONCE = 2;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final Queue<Promise<Void>> inHand = new ConcurrentLinkedQueue<>();
  private final List<Long> begun = Collections.synchronizedList(new ArrayList<>());
  private boolean slow = true;

  private double depth(String queue) {
    return registry.get("millrace.queue.depth").tag("queue", queue).gauge().value();
  }

  private double rejected(String queue) {
    return registry.get("millrace.queue.rejected").tag("queue", queue).counter().count();
  }

  private static void produce(String topic, int records) throws Exception {
    try (var admin = Admin.create(Map.of("bootstrap.servers", BOOTSTRAP))) {
      admin.createTopics(List.of(new NewTopic(topic, 1, (short) 1))).all().get();
    }
    try (var producer = new KafkaProducer<>(Map.<String, Object>of("bootstrap.servers", BOOTSTRAP),
        new StringSerializer(), new ByteArraySerializer())) {
      for (int i = 0; i < records; i++) producer.send(new ProducerRecord<>(topic, "k", new byte[]{1}));
    }
  }

  private Intake intake(Loop loop, String topic, ToLongFunction<KafkaConsumerRecord<String, byte[]>> waitMs) {
    var settings = new HashMap<String, String>(Map.of("bootstrap.servers", BOOTSTRAP, "group.id", topic,
        "key.deserializer", StringDeserializer.class.getName(), "value.deserializer",
        ByteArrayDeserializer.class.getName(), "enable.auto.commit", "false", "auto.offset.reset", "earliest",
        "max.poll.records", Integer.toString(Intake.POLL_MAX)));
    return loop
        .on(() -> new Intake(loop.vertx(), KafkaConsumer.create(loop.vertx(), settings), "retry", AT_ONCE,
            waitMs, record -> {
              Promise<Void> promise = Promise.promise();
              begun.add(record.offset());
              if (!slow) return Future.succeededFuture();
              inHand.add(promise);
              return promise.future();
            }, new AdaptiveInterval(50, 200), registry));
  }

  @Test
  void intake_full_leavesTheRestInKafka_andLosesNothing() throws Exception {
    produce(TOPIC, RECORDS);
    try (var loop = new Loop()) {
      var intake = intake(loop, TOPIC, record -> 0);
      loop.result(() -> intake.start(Set.of(TOPIC)));
      Await.until(BOUND, "as many as may are in hand", () -> depth("retry") == AT_ONCE);
      assertThat(rejected("retry")).isPositive();
      assertThat(rejected("retry-held")).as("the partition is paused").isEqualTo(1);
      double held = depth("retry-held");
      assertThat(held).isBetween(1.0, (double) Intake.POLL_MAX);
      // Polls go on, ten a second, and bring nothing: while one ends and another begins, none is added.
      for (int i = 1; i <= 10; i++) {
        int ended = i;
        loop.run(() -> inHand.remove().complete());
        Await.until(BOUND, "the next begins", () -> depth("retry-held") == held - ended);
      }
      assertThat(depth("retry")).isEqualTo(AT_ONCE);
      loop.run(() -> {
        slow = false;
        List.copyOf(inHand).forEach(Promise::complete);
      });
      Await.until(BOUND, "all have begun", () -> begun.size() == RECORDS);
      Await.until(BOUND, "nothing is in hand", () -> depth("retry") == 0 && depth("retry-held") == 0);
      assertThat(begun).as("each once, in order")
          .containsExactlyElementsOf(IntStream.range(0, RECORDS).mapToObj(i -> (long) i).toList());
      loop.result(() -> intake.close(1_000));
    }
  }

  /** Timers are numbered: those of two of the test's own count the others in between. */
  @Test
  void intake_whoseRecordWaits_beginsItInTime_andSetsFewTimersMeanwhile() throws Exception {
    String topic = TOPIC + "-waiting";
    slow = false;
    produce(topic, 1);
    try (var loop = new Loop()) {
      var intake = intake(loop, topic, record -> 2_000);
      loop.result(() -> intake.start(Set.of(topic)));
      Await.until(BOUND, "it is held", () -> depth("retry-held") == 1);
      long held = System.nanoTime();
      long before = loop.vertx().setTimer(1, id -> {});
      Await.until(BOUND, "it has begun", () -> begun.size() == 1);
      assertThat(Duration.ofNanos(System.nanoTime() - held)).isBetween(Duration.ofMillis(1_900),
          Duration.ofMillis(3_000));
      assertThat(loop.vertx().setTimer(1, id -> {}) - before).as("one or two a poll, ten polls a second")
          .isLessThan(80);
      loop.result(() -> intake.close(1_000));
    }
  }

  /**
   * How long it must wait cannot be told of every record: that one begins, and so do all that come after it.
   */
  @Test
  void intake_ofARecordWhoseWaitCannotBeTold_beginsIt_andGoesOn() throws Exception {
    String topic = TOPIC + "-odd";
    slow = false;
    produce(topic, 3);
    try (var loop = new Loop()) {
      var intake = intake(loop, topic, record -> {
        if (record.offset() == 1) throw new NullPointerException("no value");
        return 0;
      });
      loop.result(() -> intake.start(Set.of(topic)));
      Await.until(BOUND, "all have begun", () -> begun.size() == 3);
      assertThat(begun).containsExactly(0L, 1L, 2L);
      loop.result(() -> intake.close(1_000));
    }
  }
}
