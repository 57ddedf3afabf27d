package dev.millrace.start;

import dev.millrace.platform.Config;
import dev.millrace.platform.Servers;
import dev.millrace.processing.ProcessorVerticle;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.errors.TopicExistsException;

/** Creates the topics that do not exist yet. Blocks: run it on a worker. */
public final class KafkaTopics {
  private static final long TIMEOUT_S = 20;

  private KafkaTopics() {}

  public static void ensure(Config config, Servers servers)
      throws InterruptedException, ExecutionException, TimeoutException {
    int partitions = config.positive("kafka.partitions");
    short replication = (short) config.positive("kafka.replication");
    var topics = new ArrayList<NewTopic>();
    topics.add(new NewTopic(config.text("kafka.topic"), partitions, replication));
    ProcessorVerticle.retryTopics(config).forEach(name -> topics.add(new NewTopic(name, 2, replication)));
    var settings = new HashMap<String, Object>(servers.kafka());
    settings.putAll(Map.of("default.api.timeout.ms", "20000", "request.timeout.ms", "5000"));
    try (Admin admin = Admin.create(settings)) {
      var existing = admin.listTopics().names().get(TIMEOUT_S, TimeUnit.SECONDS);
      topics.removeIf(t -> existing.contains(t.name()));
      for (var created : admin.createTopics(topics).values().values()) {
        try {
          created.get(TIMEOUT_S, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
          // Another node was faster.
          if (!(e.getCause() instanceof TopicExistsException)) throw e;
        }
      }
    }
  }
}
