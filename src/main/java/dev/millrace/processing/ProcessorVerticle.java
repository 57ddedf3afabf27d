package dev.millrace.processing;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.deadletter.Failure;
import dev.millrace.fraud.RedisVelocityCounters;
import dev.millrace.fraud.Screener;
import dev.millrace.inbox.InboxProcessor;
import dev.millrace.ledger.FeeSchedule;
import dev.millrace.journal.AppendWriter;
import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.platform.Database;
import dev.millrace.platform.Lease;
import dev.millrace.platform.Links;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.RedisLink;
import dev.millrace.platform.Servers;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Providers;
import dev.millrace.provider.Routing;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.inbox.InboxStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.kafka.client.consumer.KafkaConsumer;
import io.vertx.sqlclient.Pool;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.producer.Producer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The role {@code processor}: takes accepted payments and payments to be retried from Kafka and drives them on. */
public final class ProcessorVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(ProcessorVerticle.class);
  private static final int RETRIES_IN_FLIGHT_MAX = 128;
  private static final long EXPIRY_EVERY_MS = 1_000;

  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String instance;
  private final String holder;
  private final Producer<String, byte[]> producer;
  private final Map<String, WebhookScheme> schemes;
  private @Nullable PgLink pg;
  private @Nullable Pool pool;
  private @Nullable RedisLink redis;
  private @Nullable Providers providers;
  private @Nullable PaymentFlow flow;
  private @Nullable RecordProcessor records;
  private @Nullable DeadLetterReplays replays;
  private @Nullable Intake fresh;
  private @Nullable Intake waiting;
  private @Nullable Janitor janitor;
  private @Nullable Expiry expiry;
  private @Nullable PgLink inboxRows;
  private @Nullable PgLink inboxRights;
  private @Nullable Lease inboxLease;
  private @Nullable InboxProcessor notices;

  /**
   * {@code holder} names this process in leases, and must differ after a restart; {@code schemes} are the accounts whose
   * webhooks are taken, by {@code provider/account}.
   */
  public ProcessorVerticle(Config config, Servers servers, MeterRegistry registry, String instance,
      String holder,
      Producer<String, byte[]> producer, Map<String, WebhookScheme> schemes) {
    this.schemes = schemes;
    this.holder = holder;
    this.config = config;
    this.servers = servers;
    this.registry = registry;
    this.instance = instance;
    this.producer = producer;
  }

  /** The topics of the retry windows, for whoever creates topics. */
  public static Set<String> retryTopics(Config config) {
    return Set.copyOf(
        Retries.topics(config.text("kafka.retry-topic"), config.durations("processor.retry-windows")));
  }

  @Override
  public Future<?> start() {
    pg = servers.batchLink(vertx, "append-" + instance, registry);
    pool = servers.pool(vertx);
    var database = new Database(pool, config.millis("postgres.statement-timeout"),
        servers.poolRoom("processor-" + instance, registry));
    var writer = new AppendWriter(vertx, pg, "append-" + instance, config.positive("processor.append-queue"),
        config.positive("limits.commit-batch-max"), registry);
    var accounts = new Providers(vertx, config, registry);
    providers = accounts;
    var driving = new PaymentFlow(new PaymentFlow.Parts(screener(), routing(), accounts, writer, database,
        new OutcomePolicy(fees(), accounts::times, InstantSource.system()), Links.returns(config), registry));
    flow = driving;
    var letters = new DeadLetterStore(vertx, database, registry);
    var retries = new Retries(vertx, producer, letters, config.text("kafka.retry-topic"),
        config.durations("processor.retry-windows"), RetryKind.Limits.of(config),
        config.integer("processor.retry-jitter-percent"), RandomGenerator.getDefault(), registry);
    var taking = new RecordProcessor(vertx, driving, retries, letters);
    records = taking;
    var intake = new Intake(vertx, consumer(config.text("processor.group"), 32_768, 20), "processor",
        config.positive("processor.in-flight-max"), RecordProcessor::freshWaitMs, taking::fresh, registry);
    var again = new Intake(vertx, consumer(config.text("processor.group") + "-retry", 1, 200), "retry",
        RETRIES_IN_FLIGHT_MAX, taking::retryWaitMs, taking::retry, registry);
    fresh = intake;
    waiting = again;
    var sweeping = new Janitor(vertx, database, config.millis("processor.janitor-age"),
        config.millis("processor.janitor-interval"), id -> sweep(letters, id), registry);
    janitor = sweeping;
    var expiring = new Expiry(vertx, database, writer, EXPIRY_EVERY_MS);
    expiry = expiring;
    var noticing = notices(database, letters);
    var replaying = new DeadLetterReplays(vertx, letters, driving, taking, retries,
        new InboxStore(database), new DeadLetterReplays.Timing(
            config.millis("processor.replay-interval"), config.millis("processor.replay-lease")),
        registry);
    replays = replaying;
    return pg.whenUp(10_000).compose(v -> up(inboxRows)).compose(v -> up(inboxRights))
        .compose(v -> intake.start(Set.of(config.text("kafka.topic"))))
        .compose(v -> again.start(retries.topics())).onSuccess(v -> {
          sweeping.start();
          expiring.start();
          if (inboxLease != null) inboxLease.start();
          noticing.start();
          replaying.start();
        });
  }

  private static Future<Void> up(@Nullable PgLink link) {
    return link == null ? Future.succeededFuture() : link.whenUp(10_000);
  }

  private InboxProcessor notices(Database database, DeadLetterStore letters) {
    PgLink rows = servers.link(vertx, "inbox", registry);
    PgLink rights = servers.link(vertx, "inbox-lease", registry);
    var right = new Lease(vertx, rights, "inbox", holder, config.millis("inbox.lease"));
    inboxRows = rows;
    inboxRights = rights;
    inboxLease = right;
    var working = new InboxProcessor(vertx, right, new InboxStore(rows), database, schemes, flow(),
        letters,
        config.durations("inbox.park-windows"), right, config.millis("inbox.poll-interval"),
        registry);
    notices = working;
    return working;
  }

  private Screener screener() {
    RedisLink link = servers.redisLink(vertx, "screening-" + instance, registry);
    redis = link;
    var counters = new RedisVelocityCounters(link::send, InstantSource.system(),
        config.duration("redis.command-timeout"));
    String rules = config.text("fraud.rules");
    if (!rules.equals("builtin")) {
      try {
        return Screener.load(Path.of(rules), counters);
      } catch (IllegalArgumentException e) {
        throw new ConfigException("`fraud.rules`: " + e.getMessage());
      }
    }
    try (InputStream in = Objects
        .requireNonNull(ProcessorVerticle.class.getResourceAsStream("/config/fraud-rules.yaml"))) {
      return Screener.load(in, "config/fraud-rules.yaml", counters);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Routing routing() {
    try {
      return new Routing(config.list("routing.rules"), config.accounts().keySet());
    } catch (IllegalArgumentException e) {
      throw new ConfigException("`routing.rules`: " + e.getMessage());
    }
  }

  private FeeSchedule fees() {
    try {
      return new FeeSchedule(config.list("fees.rules"));
    } catch (IllegalArgumentException e) {
      throw new ConfigException("`fees.rules`: " + e.getMessage());
    }
  }

  /**
   * A fetch comes back with so many bytes, or with what there is after so long. A partition that is resumed must wait for
   * the fetch under way, so fresh payments' is short; retries can wait, and have no need of fifty idle fetches a second.
   */
  private KafkaConsumer<String, byte[]> consumer(String group, int bytes, int waitMs) {
    var settings = new HashMap<>(Map.of("bootstrap.servers", servers.kafkaBootstrap(), "group.id", group,
        "key.deserializer", "org.apache.kafka.common.serialization.StringDeserializer",
        "value.deserializer", "org.apache.kafka.common.serialization.ByteArrayDeserializer",
        "enable.auto.commit", "false", "auto.offset.reset", "earliest", "max.poll.records",
        Integer.toString(Intake.POLL_MAX), "max.poll.interval.ms", "60000"));
    long sessionMs = config.millis("processor.session-timeout");
    settings.put("session.timeout.ms", Long.toString(sessionMs));
    settings.put("heartbeat.interval.ms", Long.toString(Math.max(1, sessionMs / 4)));
    settings.put("fetch.min.bytes", Integer.toString(bytes));
    settings.put("fetch.max.wait.ms", Integer.toString(waitMs));
    return KafkaConsumer.create(vertx, settings);
  }

  /** What still has to wait comes again of itself; what a person must look at is a dead letter, unless it is one already. */
  private Future<Void> sweep(DeadLetterStore letters, UUID id) {
    return flow().resume(id)
        .compose(next -> next.stuck().isEmpty()
            ? Future.<Void>succeededFuture()
            : letters.buryOnce(id, next.stuck().getFirst().handler().wire(), Failure.now(next.problem())))
        .recover(failure -> {
          LOG.warn("janitor_resume_failed payment={} error=\"{}\"", TypeId.format(TypeId.PAYMENT, id),
              failure.getMessage());
          return Future.succeededFuture();
        });
  }

  private PaymentFlow flow() { return Objects.requireNonNull(flow, "started"); }

  @Override
  public Future<?> stop() {
    if (janitor != null) janitor.close();
    if (expiry != null) expiry.close();
    Future<Void> noticed = notices == null ? Future.succeededFuture() : notices.close();
    long drainMs = Duration.ofSeconds(8).toMillis();
    Future<Void> drained = fresh == null ? Future.succeededFuture() : fresh.close(drainMs);
    Future<Void> drainedToo = waiting == null ? Future.succeededFuture() : waiting.close(drainMs);
    Future<Void> replayed = replays == null ? Future.succeededFuture() : replays.close(drainMs);
    return Future.join(drained, drainedToo, noticed, replayed)
        .transform(done -> inboxLease == null ? Future.succeededFuture() : inboxLease.close())
        .transform(done -> {
          if (records != null) records.close();
          return providers == null ? Future.succeededFuture() : providers.close();
        }).transform(done -> inboxRows == null ? Future.succeededFuture() : inboxRows.close())
        .transform(done -> inboxRights == null ? Future.succeededFuture() : inboxRights.close())
        .transform(done -> pg == null ? Future.succeededFuture() : pg.close())
        .transform(done -> redis == null ? Future.succeededFuture() : redis.close())
        .transform(done -> pool == null ? Future.succeededFuture() : pool.close());
  }
}
