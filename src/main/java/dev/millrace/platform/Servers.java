package dev.millrace.platform;

import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgBuilder;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.SslMode;
import io.vertx.redis.client.RedisOptions;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.PoolOptions;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Where Postgres, Redis and Kafka are, from the configuration: the embedded ones or the user's own. */
public final class Servers {
  public static final String EMBEDDED = "embedded";

  /**
   * For the statements of the hot paths, which take arrays: a plan made once and kept, that looks rows up by
   * index and joins the arrays by hash. Left to itself the planner takes an array for ten elements and a
   * table that was empty at the first plan for empty, and then loops over both.
   */
  private static final List<String> KAFKA_MECHANISMS = List.of("SCRAM-SHA-512", "SCRAM-SHA-256");
  private static final Map<String, String> BATCH_PLANS = Map.of("plan_cache_mode", "force_generic_plan",
      "enable_nestloop", "off", "enable_mergejoin", "off", "enable_seqscan", "off",
      // A node that hangs inside a transaction must not keep its locks from the node that takes over.
      "idle_in_transaction_session_timeout", "1500");

  /**
   * For reads that answer somebody: each follows an index in its order, however little the planner knows of
   * the table, and starts no worker processes for it.
   */
  private static final Map<String, String> READ_PLANS = Map.of("enable_seqscan", "off", "enable_bitmapscan",
      "off", "max_parallel_workers_per_gather", "0");

  /** The client forgets longer statements, and would have the longest parsed and planned again each time. */
  private static final int SQL_CHARS_MAX = 16_384;

  private final Config config;
  private final WakeUps wakeUps = new WakeUps();

  /** What says in this process, and over Postgres to all others, that there is work. */
  public WakeUps wakeUps() {
    return wakeUps;
  }

  /** How often looks at the journal and the like are {@code configured}, and while nothing comes. */
  public AdaptiveInterval interval(String configured) {
    return new AdaptiveInterval(config.millis(configured), config.millis("idle.interval"));
  }

  public Servers(Config config) { this.config = config; }

  public boolean embeddedPostgres() { return config.text("postgres.uri").equals(EMBEDDED); }

  /**
   * Whether webhooks may go to private and loopback addresses: as configured, `auto` being where Postgres is
   * embedded.
   */
  public boolean privateWebhooks() {
    return switch (config.text("webhooks.private-addresses")) {
      case "auto" -> embeddedPostgres();
      case "allow" -> true;
      case "refuse" -> false;
      default -> throw new ConfigException("`webhooks.private-addresses` must be auto, allow or refuse");
    };
  }

  public boolean embeddedRedis() { return config.text("redis.uri").equals(EMBEDDED); }

  public boolean embeddedKafka() { return config.text("kafka.bootstrap").equals(EMBEDDED); }

  private PostgresAddress postgresAddress() {
    return embeddedPostgres()
        ? new PostgresAddress("127.0.0.1", config.port("embedded.postgres-port"), "millrace")
        : PostgresAddress.of(config.text("postgres.uri"));
  }

  /** Where it is, for people. */
  public String postgresUrl() {
    PostgresAddress address = postgresAddress();
    return "postgresql://" + address.host() + ":" + address.port() + "/" + address.database();
  }

  public String jdbcUrl() {
    String url = "jdbc:" + postgresUrl();
    if (!postgresTls()) return url;
    var tls = postgresFiles();
    // Without a CA of our own those that the JDK trusts.
    return url + "?sslmode=verify-full" + (tls.ca().isEmpty()
        ? "&sslfactory=org.postgresql.ssl.DefaultJavaSSLFactory"
        : parameter("sslrootcert", tls.ca()))
        + (tls.key().isEmpty()
            ? ""
            : parameter("sslcert", tls.certificate()) + parameter("sslkey", tls.key())
                + parameter("pemKeyAlgorithm", tls.keyAlgorithm()));
  }

  private LinkTls postgresFiles() {
    return LinkTls.of(config, "postgres.tls-ca", "postgres.tls-certificate", "postgres.tls-key");
  }

  private static String parameter(String name, String value) {
    return "&" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
  }

  /** Whether the link to Postgres is to be TLS: with the certificate and the name verified, or not at all. */
  private boolean postgresTls() {
    return switch (config.text("postgres.sslmode")) {
      case "verify-full" -> true;
      case "disable" -> {
        if (postgresFiles().configured())
          throw new ConfigException("`postgres.tls-…` is set, and `postgres.sslmode` is disable: make it"
              + " verify-full, or empty the files");
        yield false;
      }
      default -> throw new ConfigException("`postgres.sslmode` must be disable or verify-full");
    };
  }

  public PgConnectOptions postgres() {
    PostgresAddress address = postgresAddress();
    PgConnectOptions options = new PgConnectOptions();
    if (postgresTls())
      options.setSslMode(SslMode.VERIFY_FULL).setSslOptions(postgresFiles().client());
    return options.setHost(address.host()).setPort(address.port())
        .setDatabase(address.database())
        .setUser(config.text("postgres.user")).setPassword(config.text("postgres.password"))
        .setCachePreparedStatements(true).setPreparedStatementCacheMaxSize(256)
        .setPreparedStatementCacheSqlLimit(SQL_CHARS_MAX)
        .addProperty("application_name", "millrace").addProperty("TimeZone", "UTC");
  }

  /** A connection for the array statements of a hot path. */
  public PgLink batchLink(Vertx vertx, String name, MeterRegistry registry) {
    PgConnectOptions options = postgres();
    BATCH_PLANS.forEach(options::addProperty);
    return link(vertx, options, name, registry);
  }

  /** A connection for reads by index. */
  public PgLink readLink(Vertx vertx, String name, MeterRegistry registry) {
    PgConnectOptions options = postgres();
    READ_PLANS.forEach(options::addProperty);
    return link(vertx, options, name, registry);
  }

  /** A connection for everything else that has one of its own. */
  public PgLink link(Vertx vertx, String name, MeterRegistry registry) {
    return link(vertx, postgres(), name, registry);
  }

  private PgLink link(Vertx vertx, PgConnectOptions options, String name, MeterRegistry registry) {
    return PgLink.open(vertx, options, name, config.millis("postgres.statement-timeout"),
        new Capacity(registry, "postgres", name, config.positive("postgres.in-flight-max")));
  }

  /** Connections for reads. */
  public Pool pool(Vertx vertx) { return pool(vertx, postgres()); }

  /** Connections for reads by index. */
  public Pool readPool(Vertx vertx) {
    PgConnectOptions options = postgres();
    READ_PLANS.forEach(options::addProperty);
    return pool(vertx, options);
  }

  /** Connections for transactions of array statements. */
  public Pool batchPool(Vertx vertx) {
    PgConnectOptions options = postgres();
    BATCH_PLANS.forEach(options::addProperty);
    return pool(vertx, options);
  }

  private Pool pool(Vertx vertx, PgConnectOptions options) {
    return PgBuilder.pool().connectingTo(options).using(vertx).with(new PoolOptions()
        .setMaxSize(config.positive("postgres.pool-size"))
        .setMaxWaitQueueSize(config.positive("postgres.pool-waiting-max"))).build();
  }

  /**
   * Room for what runs on one of these pools and what waits for a connection of it, shown as queue
   * {@code pool}.
   */
  public Capacity poolCapacity(String instance, MeterRegistry registry) {
    return new Capacity(registry, "pool", instance,
        config.positive("postgres.pool-size") + config.positive("postgres.pool-waiting-max"));
  }

  /** A Redis connection of the caller's event loop, shown as queue {@code redis} of this instance. */
  public RedisLink redisLink(Vertx vertx, String instance, MeterRegistry registry) {
    int inFlightMax = config.positive("redis.in-flight-max");
    var self = new RedisLink[1];
    var meter = new QueueMeter(registry, "redis", instance, inFlightMax, self,
        r -> r[0] == null ? 0 : r[0].inFlight());
    self[0] = RedisLink.open(vertx, redisOptions(), config.millis("redis.command-timeout"), inFlightMax,
        meter::reject);
    return self[0];
  }

  /** Where Redis is, and how it is spoken to: for whoever makes a client of it. */
  public RedisOptions redisOptions() {
    String uri = redisUri();
    var options = new RedisOptions().setConnectionString(uri);
    return uri.startsWith("rediss:") ? options.setNetClientOptions(redisTls().net()) : options;
  }

  private LinkTls redisTls() {
    return LinkTls.of(config, "redis.tls-ca", "redis.tls-certificate", "redis.tls-key");
  }

  public String redisUri() {
    String uri = embeddedRedis()
        ? "redis://127.0.0.1:" + config.port("embedded.redis-port")
        : config.text("redis.uri");
    int scheme = uri.indexOf("://");
    // The client knows them in small letters alone.
    if (scheme > 0) uri = uri.substring(0, scheme).toLowerCase(Locale.ROOT) + uri.substring(scheme);
    if (!uri.startsWith("redis://") && !uri.startsWith("rediss://"))
      throw new ConfigException("`redis.uri` must be `embedded`, redis://host:port or rediss://host:port");
    if (!uri.startsWith("rediss:") && redisTls().configured())
      throw new ConfigException(
          "`redis.tls-…` is set, and `redis.uri` asks for no TLS: make it rediss://, or empty the files");
    // The client would go to localhost instead, without a word.
    if (hostless(uri))
      throw new ConfigException(
          "`redis.uri` has no host, or one that the Redis client cannot read, as with an"
              + " underscore: give it another name, or its address");
    return uri;
  }

  private static boolean hostless(String uri) {
    try {
      return new URI(uri).getHost() == null;
    } catch (URISyntaxException e) {
      return true;
    }
  }

  /** How Kafka is reached and spoken to: settings of every client of it. */
  public Map<String, String> kafka() {
    var settings = new HashMap<>(Map.of("bootstrap.servers", kafkaBootstrap()));
    boolean tls = config.flag("kafka.tls");
    String user = config.text("kafka.user");
    settings.put("security.protocol", (user.isEmpty() ? "" : "SASL_") + (tls ? "SSL" : "PLAINTEXT"));
    var files = LinkTls.of(config, "kafka.tls-ca", "kafka.tls-certificate", "kafka.tls-key");
    if (tls) settings.putAll(files.kafka());
    else
      if (files.configured())
        throw new ConfigException(
            "`kafka.tls-…` is set, and `kafka.tls` is false: make it true, or empty the files");
    if (user.isEmpty() != config.text("kafka.password").isEmpty())
      throw new ConfigException("`kafka.user` and `kafka.password` belong together: give both or neither");
    if (!user.isEmpty()) settings.putAll(scram(user, config.text("kafka.password")));
    return settings;
  }

  /** RFC 5802: the password itself is not sent. */
  private Map<String, String> scram(String user, String password) {
    String mechanism = config.text("kafka.sasl-mechanism");
    if (!KAFKA_MECHANISMS.contains(mechanism))
      throw new ConfigException(
          "`kafka.sasl-mechanism` must be one of " + String.join(", ", KAFKA_MECHANISMS));
    return Map.of("sasl.mechanism", mechanism, "sasl.jaas.config",
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=" + quoted(user)
            + " password=" + quoted(password) + ";");
  }

  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }

  public String kafkaBootstrap() {
    return embeddedKafka()
        ? "127.0.0.1:" + config.port("embedded.kafka-port")
        : config.text("kafka.bootstrap");
  }
}
