package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.entry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ConfigTest {
  @TempDir
  private Path directory;

  private static Config load(String... environment) {
    var map = new HashMap<String, String>();
    for (int i = 0; i < environment.length; i += 2) map.put(environment[i], environment[i + 1]);
    return Config.load(map);
  }

  private Path file(String yaml) {
    try {
      return Files.writeString(directory.resolve("own.yaml"), yaml);
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private Config loadFile(String yaml) { return load("MILLRACE_CONFIG", file(yaml).toString()); }

  private void refused(String yaml, String message) {
    Path file = file(yaml);
    assertThatThrownBy(() -> load("MILLRACE_CONFIG", file.toString())).isInstanceOf(ConfigException.class)
        .hasMessage(file + ": " + message);
  }

  @Test
  void defaults_load() {
    Config config = load();
    assertThat(config.list("roles"))
        .containsExactly("servers", "simulator", "api", "relay", "processor", "settlement", "notifier",
            "ops");
    assertThat(config.text("node")).isEmpty();
    assertThat(config.port("api.port")).isEqualTo(8080);
    assertThat(config.positive("limits.accept-queue")).isEqualTo(8192);
    assertThat(config.flag("postgres.migrate")).isTrue();
    assertThat(config.duration("idempotency.retention")).isEqualTo(Duration.ofDays(30));
    assertThat(config.millis("redis.command-timeout")).isEqualTo(250);
    assertThat(config.decimal("simulator.failure-rate")).isZero();
    assertThat(config.durations("processor.retry-windows")).containsExactly(Duration.ofSeconds(2),
        Duration.ofSeconds(20), Duration.ofSeconds(200), Duration.ofSeconds(2_000),
        Duration.ofSeconds(20_000));
  }

  @Test
  void environment_overrides() {
    Config config = load("MILLRACE_API_PORT", "9999", "MILLRACE_POSTGRES_MIGRATE", "false",
        "MILLRACE_SIMULATOR_FAILURE_RATE", "0.25", "MILLRACE_ROLES", " api, ops ,",
        "MILLRACE_PROCESSOR_RETRY_WINDOWS", "100ms, 2m", "MILLRACE_NODE", " n1 ", "PATH", "/bin", "MILLRACER",
        "x");
    assertThat(config.port("api.port")).isEqualTo(9999);
    assertThat(config.flag("postgres.migrate")).isFalse();
    assertThat(config.decimal("simulator.failure-rate")).isEqualTo(0.25);
    assertThat(config.list("roles")).containsExactly("api", "ops");
    assertThat(config.durations("processor.retry-windows")).containsExactly(Duration.ofMillis(100),
        Duration.ofMinutes(2));
    assertThat(config.text("node")).isEqualTo("n1");
    assertThat(config.port("ops.port")).isEqualTo(9090);
  }

  @Test
  void file_overlays_andTheEnvironmentWins() {
    Path file = file("""
      roles: [api]
      api: {port: 1, host: 0.0.0.0}
      relay:
        lease: 1h
      """);
    Config config = load("MILLRACE_CONFIG", file.toString(), "MILLRACE_API_PORT", "2");
    assertThat(config.port("api.port")).isEqualTo(2);
    assertThat(config.text("api.host")).isEqualTo("0.0.0.0");
    assertThat(config.list("roles")).containsExactly("api");
    assertThat(config.duration("relay.lease")).isEqualTo(Duration.ofHours(1));
    assertThat(config.positive("relay.batch-max")).isEqualTo(2000);
  }

  @Test
  void file_empty_changesNothing() {
    assertThat(loadFile("# nothing\n").port("api.port")).isEqualTo(8080);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    500ms | 500
    2s    | 2000
    5m    | 300000
    1h    | 3600000
    30d   | 2592000000
    0s    | 0
    """)
  void duration_everyUnit(String text, long millis) {
    assertThat(load("MILLRACE_RELAY_LEASE", text).millis("relay.lease")).isEqualTo(millis);
  }

  @Test
  void file_missing_refused() {
    assertThatThrownBy(() -> load("MILLRACE_CONFIG", "no/such.yaml")).isInstanceOf(ConfigException.class)
        .hasMessage("no/such.yaml (from MILLRACE_CONFIG): cannot be read: no/such.yaml");
  }

  @Test
  void file_notYaml_refused() {
    Path file = file("api: [");
    assertThatThrownBy(() -> load("MILLRACE_CONFIG", file.toString())).isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(file + ": not valid YAML: ");
  }

  @Test
  void file_unknownKey_refused() {
    refused("apis: {port: 1}", "unknown key `apis`; see config/millrace.yaml");
    refused("api: {prt: 1}", "unknown key `api.prt`; see config/millrace.yaml");
    refused("accept-queue: 1",
        "unknown key `accept-queue` (did you mean `limits.accept-queue`?); see config/millrace.yaml");
    refused("api: 8080", "unknown key `api`; see config/millrace.yaml");
  }

  @Test
  void variable_unknown_refused() {
    assertThatThrownBy(() -> load("MILLRACE_API_PRT", "1")).isInstanceOf(ConfigException.class)
        .hasMessage("environment: unknown variable MILLRACE_API_PRT: no such key; see config/millrace.yaml");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
    api: {port: x}                     | api.port must be an integer, not x
    api: {port: -1}                    | api.port must be an integer, not -1
    api: {port: 1.5}                   | api.port must be an integer, not 1.5
    api: {port: ''}                    | api.port must be an integer, not !
    simulator: {failure-rate: often}   | simulator.failure-rate must be a decimal number, not often
    simulator: {failure-rate: -0.5}    | simulator.failure-rate must be a decimal number, not -0.5
    postgres: {migrate: 'no'}          | postgres.migrate must be true or false, not no
    relay: {lease: 3}                  | relay.lease must be a duration such as 500ms, 2s, 5m, 1h or 30d, not 3
    relay: {lease: 3 s}                | relay.lease must be a duration such as 500ms, 2s, 5m, 1h or 30d, not 3 s
    relay: {lease: 3w}                 | relay.lease must be a duration such as 500ms, 2s, 5m, 1h or 30d, not 3w
    processor: {retry-windows: [2s, 3]}| processor.retry-windows must be a list of durations such as [2s, 20s], not 2s,3
    processor: {retry-windows: []}     | processor.retry-windows must be a list of durations such as [2s, 20s], not !
    processor: {retry-windows: 2s}     | processor.retry-windows must be a list of durations such as [2s, 20s], not 2s
    roles: api                         | roles must be a list, not api
    """)
  void value_ofTheWrongType_refused(String yaml, String message) {
    String[] words = message.split(" ", 2);
    int at = words[1].lastIndexOf("not ") + 4;
    String value = words[1].substring(at).replace("!", "");
    refused(yaml, "`" + words[0] + "` " + words[1].substring(0, at) + "`" + value + "`");
  }

  /** One value is one scalar: a list, a map or nothing at all is none. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '!', textBlock = """
    postgres: {uri: [a, b]}    | `postgres.uri` must be a text
    postgres: {uri: {host: a}} | `postgres.uri` must be a text
    node: null                 | `node` must be a text
    api: {port: [1]}           | `api.port` must be an integer
    """)
  void value_thatIsNoScalar_refused(String yaml, String message) {
    assertThatThrownBy(() -> loadFile(yaml)).isInstanceOf(ConfigException.class)
        .hasMessageContaining(message);
  }

  @Test
  void file_thatIsNoMap_refused() {
    assertThatThrownBy(() -> loadFile("api.port 8081")).isInstanceOf(ConfigException.class);
  }

  /** The last of two would win, silently. */
  @Test
  void file_keyTwice_refused() {
    assertThatThrownBy(() -> loadFile("api: {port: 1}\napi: {host: x}\n"))
        .isInstanceOf(ConfigException.class);
  }

  @Test
  void variable_ofTheWrongType_refused() {
    assertThatThrownBy(() -> load("MILLRACE_API_PORT", "http")).isInstanceOf(ConfigException.class)
        .hasMessage("environment variable MILLRACE_API_PORT: `api.port` must be an integer, not `http`");
  }

  @Test
  void getter_outOfRange_refused() {
    assertThatThrownBy(() -> load("MILLRACE_API_PORT", "65536").port("api.port"))
        .isInstanceOf(ConfigException.class).hasMessage("`api.port` must be a port (0 to 65535), not 65536");
    assertThatThrownBy(() -> load("MILLRACE_API_EVENT_LOOPS", "0").positive("api.event-loops"))
        .isInstanceOf(ConfigException.class).hasMessage("`api.event-loops` must be at least 1, not 0");
    assertThatThrownBy(() -> load("MILLRACE_LIMITS_UNSETTLED", "2147483648").integer("limits.unsettled"))
        .isInstanceOf(ConfigException.class).hasMessage("`limits.unsettled` is too large: 2147483648");
  }

  @Test
  void getter_ofNoKey_refused() {
    assertThatThrownBy(() -> load().text("api.prt")).isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no key `api.prt` in config/millrace.yaml");
  }

  @Test
  void accounts_areThoseOfTheFile_inTheirOrder() {
    assertThat(load("MILLRACE_PROVIDER_ACCOUNTS", " stripe, shop-2=stripe ,,bank,").accounts())
        .containsExactly(entry("stripe", "stripe"), entry("shop-2", "stripe"), entry("bank", "bank"));
    assertThat(loadFile("provider: {accounts: [adyen, shop=adyen]}").accounts())
        .containsExactly(entry("adyen", "adyen"), entry("shop", "adyen"));
    assertThat(load("MILLRACE_CONFIG", file("provider: {accounts: [adyen]}").toString(),
        "MILLRACE_PROVIDER_ACCOUNTS", "bank").accounts()).containsExactly(entry("bank", "bank"));
  }

  /** Its own, else that of the account named like its connector, else the default. */
  @Test
  void setting_ofAnAccount_isItsOwn_orItsConnectors_orTheDefault() {
    Config config = loadFile("""
      provider:
        accounts: [shop=stripe, stripe, kettle]
        defaults: {timeout: 7s, concurrency: 11}
        stripe: {concurrency: 12, key: sk_1}
        shop: {key: sk_2}
      """);
    assertThat(config.millis("provider.shop.timeout")).isEqualTo(7_000);
    assertThat(config.positive("provider.shop.concurrency")).isEqualTo(12);
    assertThat(config.text("provider.shop.key")).isEqualTo("sk_2");
    assertThat(config.text("provider.stripe.key")).isEqualTo("sk_1");
    assertThat(config.positive("provider.kettle.concurrency")).isEqualTo(11);
    assertThat(config.text("provider.kettle.url")).isEqualTo("simulator");
    assertThat(config.list("provider.shop.webhook-secrets"))
        .isEqualTo(config.list("provider.stripe.webhook-secrets")).isNotEmpty();
    assertThat(config.list("provider.kettle.webhook-secrets")).isEmpty();
  }

  @Test
  void setting_ofAnAccountThatInherits_isSetByTheEnvironment() {
    Config config = load("MILLRACE_PROVIDER_ACCOUNTS", "stripe,shop-2=stripe,kettle",
        "MILLRACE_PROVIDER_SHOP_2_WEBHOOK_SECRETS", "a, b", "MILLRACE_PROVIDER_STRIPE_TIMEOUT", "9s",
        "MILLRACE_PROVIDER_KETTLE_CONCURRENCY", "3");
    assertThat(config.list("provider.shop-2.webhook-secrets")).containsExactly("a", "b");
    assertThat(config.millis("provider.shop-2.timeout")).isEqualTo(9_000);
    assertThat(config.positive("provider.kettle.concurrency")).isEqualTo(3);
    assertThat(config.millis("provider.kettle.timeout")).isEqualTo(5_000);
  }

  @Test
  void accounts_whoseSettingsWouldShareAVariable_areRefused() {
    assertThatThrownBy(() -> load("MILLRACE_PROVIDER_ACCOUNTS", "x=stripe,x-merchant=stripe"))
        .isInstanceOf(ConfigException.class).hasMessageContaining("MILLRACE_PROVIDER_X_MERCHANT_ACCOUNT");
  }

  @Test
  void setting_ofAnAccount_isCheckedLikeAnyOther() {
    Path file = file("provider: {accounts: [kettle], kettle: {timeout: soon}}");
    assertThatThrownBy(() -> load("MILLRACE_CONFIG", file.toString())).isInstanceOf(ConfigException.class)
        .hasMessage(
            file + ": `provider.kettle.timeout` must be a duration such as 500ms, 2s, 5m, 1h or 30d, not"
                + " `soon`");
    assertThatThrownBy(() -> loadFile("provider: {accounts: [kettle], kettle: {lid: shut}}"))
        .isInstanceOf(ConfigException.class).hasMessageContaining("unknown key `provider.kettle.lid`");
    assertThatThrownBy(() -> loadFile("provider: {kettle: {key: x}}")).isInstanceOf(ConfigException.class)
        .hasMessageContaining("unknown key `provider.kettle");
    assertThatThrownBy(() -> load("MILLRACE_PROVIDER_KETTLE_KEY", "x")).isInstanceOf(ConfigException.class)
        .hasMessageContaining("unknown variable MILLRACE_PROVIDER_KETTLE_KEY");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Stripe", "2stripe", "shop_2", "shop=", "=stripe", "shop=Stripe", "shop=a=b", "a b",
      "shop=a-b", "defaults", "accounts", "defaults=stripe", "a.b"})
  void account_thatIsNoName_isRefused(String entry) {
    assertThatThrownBy(() -> load("MILLRACE_PROVIDER_ACCOUNTS", "bank," + entry))
        .isInstanceOf(ConfigException.class).hasMessage("`provider.accounts` names `" + entry
            + "`; an account is `<connector>` or `<name>=<connector>`, in lower-case letters, digits and `-`");
  }

  @Test
  void account_namedTwice_isRefused() {
    assertThatThrownBy(() -> load("MILLRACE_PROVIDER_ACCOUNTS", "bank,stripe,bank=stripe"))
        .isInstanceOf(ConfigException.class).hasMessage("`provider.accounts` names `bank` twice");
  }

  private static TreeSet<String> keys(String prefix, JsonNode node) {
    var keys = new TreeSet<String>();
    for (var field : node.properties()) {
      if (field.getValue().isObject()) keys.addAll(keys(prefix + field.getKey() + ".", field.getValue()));
      else keys.add(prefix + field.getKey());
    }
    return keys;
  }

  private static TreeSet<String> keys() throws IOException {
    return keys("", new ObjectMapper(new YAMLFactory()).readTree(Path.of("config/millrace.yaml").toFile()));
  }

  private static String sources() throws IOException {
    try (var files = Files.walk(Path.of("src/main/java"))) {
      return files.filter(f -> f.toString().endsWith(".java")).map(f -> {
        try {
          return Files.readString(f);
        } catch (IOException e) {
          throw new IllegalStateException(e);
        }
      }).collect(Collectors.joining("\n"));
    }
  }

  /** Settings of provider accounts are read by their last part, with the account's name before it. */
  private static String asRead(String key) {
    return key.startsWith("provider.") && !key.equals("provider.accounts")
        ? key.substring(key.lastIndexOf('.') + 1)
        : key;
  }

  @Test
  void key_ofTheFile_isReadSomewhere() throws IOException {
    String sources = sources();
    assertThat(keys()).hasSizeGreaterThan(50);
    assertThat(keys()).filteredOn(key -> !sources.contains('"' + asRead(key) + '"'))
        .as("keys that nothing reads").isEmpty();
  }

  @Test
  void setting_ofAnAccount_standsInTheDefaults() throws IOException {
    var read = Pattern
        .compile("account\\s*\\.(?:text|integer|positive|millis)\\(\\s*\"([^\"]+)\"")
        .matcher(sources()).results().map(m -> m.group(1)).collect(Collectors.toCollection(TreeSet::new));
    var keys = keys();
    assertThat(read).hasSizeGreaterThan(5).allMatch(setting -> keys.contains("provider.defaults." + setting));
    assertThat(keys).filteredOn(key -> key.startsWith("provider.") && !key.equals("provider.accounts"))
        .allMatch(key -> keys.contains("provider.defaults." + asRead(key)));
  }

  @Test
  void key_thatIsRead_standsInTheFile() throws IOException {
    var read = Pattern
        .compile(
            "config\\s*\\.(?:text|integer|positive|port|decimal|flag|duration|millis|durations|list)\\(\\s*\"([^\"]+)\"")
        .matcher(sources()).results().map(m -> m.group(1)).collect(Collectors.toCollection(TreeSet::new));
    assertThat(read).hasSizeGreaterThan(50).isSubsetOf(keys());
  }

  @Test
  void variables_ofAllKeys_differ() throws IOException {
    var keys = keys();
    assertThat(keys.stream().map(key -> key.replace('-', '_').replace('.', '_')).distinct())
        .hasSameSizeAs(keys);
  }
}
