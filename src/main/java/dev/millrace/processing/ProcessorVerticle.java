package dev.millrace.processing;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.fraud.RedisVelocityCounters;
import dev.millrace.fraud.Screener;
import dev.millrace.inbox.InboxProcessor;
import dev.millrace.ledger.FeeSchedule;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.ReturnToken;
import dev.millrace.platform.Config;
import dev.millrace.platform.Database;
import dev.millrace.platform.Lease;
import dev.millrace.platform.Links;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.RedisLink;
import dev.millrace.platform.Resources;
import dev.millrace.platform.Seal;
import dev.millrace.platform.Servers;
import dev.millrace.platform.WakeUps;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.provider.Providers;
import dev.millrace.provider.Routing;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.inbox.InboxStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.VerticleBase;
import io.vertx.sqlclient.Pool;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.apache.kafka.clients.producer.Producer;

/**
 * The role {@code processor}: takes accepted payments and payments to be retried from Kafka and drives them
 * on.
 */
public final class ProcessorVerticle extends VerticleBase {
  private static final int RETRIES_IN_FLIGHT_MAX = 128;
  private static final long POLL_PAUSE_MS = 50;
  /** When a node comes or goes, the others get its partitions once each of them has polled. */
  private static final long POLL_PAUSE_MS_MAX = 2_000;
  /** How long what is in hand may take at the end. */
  private static final long DRAIN_MS = 8_000;

  private final Config config;
  private final Servers servers;
  private final MeterRegistry registry;
  private final String instance;
  private final String holder;
  private final Producer<String, byte[]> producer;
  private final Map<String, WebhookScheme> schemes;
  private final Resources open = new Resources();
  private final Promise<Void> joined = Promise.promise();

  /**
   * {@code holder} names this process in leases, and must differ after a restart; {@code schemes} are the
   * accounts whose webhooks are taken, by {@code provider/account}.
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
    Pool pool = open.add(servers.pool(vertx), Pool::close);
    RedisLink redis = open.add(servers.redisLink(vertx, "screening-" + instance, registry), RedisLink::close);
    WakeUps wakeUps = servers.wakeUps();
    PgLink appends = open.add(servers.batchLink(vertx, "append-" + instance, registry)
        .afterEach(() -> wakeUps.say(WakeUps.Source.JOURNAL)), PgLink::close);
    PgLink inboxRights = open.add(servers.link(vertx, "inbox-lease", registry), PgLink::close);
    PgLink inboxRows = open.add(servers.link(vertx, "inbox", registry), PgLink::close);
    var providers = open.add(new Providers(vertx, config, registry), Providers::close);
    var database = new Database(pool, config.millis("postgres.statement-timeout"),
        servers.poolCapacity("processor-" + instance, registry));
    var writer = new AppendWriter(vertx, appends, "append-" + instance,
        config.positive("processor.append-queue"), config.positive("limits.commit-batch-max"), registry);
    var tokens = new ReturnToken(database);
    var flow = new PaymentFlow(new PaymentFlow.Parts(screener(redis),
        config.rules("routing.rules", rules -> new Routing(rules, config.accounts().keySet())), providers,
        writer,
        database, new OutcomePolicy(config.rules("fees.rules", FeeSchedule::new), providers::times,
            InstantSource.system()),
        id -> Links.returns(config) + tokens.path(id), registry));
    var letters = new DeadLetterStore(vertx, database, registry);
    var seal = new Seal(database);
    var retries = new Retries(vertx, producer, letters, config.text("kafka.retry-topic"),
        config.durations("processor.retry-windows"), RetryKind.Limits.of(config),
        config.integer("processor.retry-jitter-percent"), RandomGenerator.getDefault(),
        () -> wakeUps.say(WakeUps.Source.KAFKA), seal, registry);
    var records = new RecordProcessor(vertx, flow, retries, letters, seal);
    var consumers = new Consumers(vertx, config, servers);
    var fresh = new Intake(vertx, consumers.fresh(), "processor", config.positive("processor.in-flight-max"),
        RecordProcessor::freshWaitMs, records::fresh, pollInterval(), registry);
    var waiting = new Intake(vertx, consumers.retries(), "retry", RETRIES_IN_FLIGHT_MAX, records::retryWaitMs,
        records::retry, pollInterval(), registry);
    var sweep = new Sweep(flow, letters, Patience.of(config), InstantSource.system());
    var janitor = new Janitor(vertx, database, letters, config.millis("processor.janitor-age"),
        config.millis("processor.janitor-interval"), sweep::resume, registry);
    var expiry = new Expiry(vertx, database, writer);
    var inboxLease = new Lease(vertx, inboxRights, "inbox", holder, config.millis("inbox.lease"));
    var inbox = new InboxProcessor(vertx, inboxLease, new InboxStore(inboxRows), database, schemes,
        flow,
        letters, config.durations("inbox.park-windows"), inboxLease, servers.interval("inbox.poll-interval"),
        registry);
    var replays = new DeadLetterReplays(vertx, letters, flow, records, retries,
        new InboxStore(database), () -> wakeUps.say(WakeUps.Source.INBOX), new DeadLetterReplays.Timing(
            servers.interval("processor.replay-interval"), config.millis("processor.replay-lease")),
        registry);
    // Of a new event as well: the fetch is under way when the relay publishes it.
    Set<WakeUps.Source> inKafka = Set.of(WakeUps.Source.JOURNAL, WakeUps.Source.KAFKA);
    wakeUps.listen(inKafka, fresh::wake);
    wakeUps.listen(inKafka, waiting::wake);
    wakeUps.listen(Set.of(WakeUps.Source.INBOX), inbox::wake);
    wakeUps.listen(Set.of(WakeUps.Source.LETTERS), replays::wake);
    open.onClose(records::close);
    open.add(inboxLease, Lease::close);
    // At the same time: together they must not take longer than one of them may.
    open.add(() -> Future.join(inbox.close(), fresh.close(DRAIN_MS), waiting.close(DRAIN_MS),
        replays.close(DRAIN_MS)));
    open.onClose(expiry::close);
    open.onClose(janitor::close);
    return appends.whenUp(10_000).compose(v -> inboxRows.whenUp(10_000))
        .compose(v -> inboxRights.whenUp(10_000))
        .compose(v -> seal.load())
        .compose(v -> tokens.load())
        .compose(v -> fresh.start(Set.of(config.text("kafka.topic"))))
        .compose(v -> waiting.start(retries.topics())).onSuccess(v -> {
          Future.all(fresh.joined(), waiting.joined()).<Void>mapEmpty().onComplete(joined);
          janitor.start();
          expiry.start();
          inboxLease.start();
          inbox.start();
          replays.start();
        });
  }

  /** Completes when it has a place among the consumers of both groups, which may be after its start. */
  public Future<Void> joined() {
    return joined.future();
  }

  /** Between polls of Kafka, which wait by themselves while they are made without a break. */
  private AdaptiveInterval pollInterval() {
    return new AdaptiveInterval(POLL_PAUSE_MS, Math.min(POLL_PAUSE_MS_MAX, config.millis("idle.interval")));
  }

  private Screener screener(RedisLink redis) {
    return Screener.of(config, new RedisVelocityCounters(redis::send, InstantSource.system(),
        config.duration("redis.command-timeout")));
  }

  @Override
  public Future<?> stop() { return open.close(); }
}
