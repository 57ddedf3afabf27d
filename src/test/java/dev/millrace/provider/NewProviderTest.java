package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.testing.Loop;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A provider is a package and one line of configuration: the package here is that of the tests,
 * {@code teapot}.
 */
final class NewProviderTest {
  private static final Duration TOLERANCE = Duration.ofSeconds(300);
  private static final String MERCHANT = TypeId.format(TypeId.MERCHANT, new UUID(1, 2));

  private final Loop loop = new Loop();

  private static Config config(String... more) {
    var environment = new HashMap<>(Map.of("MILLRACE_PROVIDER_ACCOUNTS", "stripe,teapot",
        "MILLRACE_ROUTING_RULES", "eur -> teapot stripe, card -> stripe"));
    for (int i = 0; i < more.length; i += 2) environment.put(more[i], more[i + 1]);
    return Config.load(environment);
  }

  private static Order.Charge charge(String reference, String method) {
    return new Order.Charge(TypeId.next(), false, reference, 1_999, "eur", method, "card", false, null,
        "https://pay.example.com/return/pay_1", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  }

  @AfterEach
  void close() { loop.close(); }

  @Test
  void provider_namedInTheConfiguration_isRoutedTo_andCharges() {
    Config config = config();
    var routing = new Routing(config.list("routing.rules"), Account.all(config).keySet());
    Providers providers = loop.on(() -> new Providers(loop.vertx(), config, new SimpleMeterRegistry()));
    var subject = new Routing.Subject(TypeId.next(), MERCHANT, 1_999, "eur", new Method("card", null));
    Routing.Route route = Objects.requireNonNull(routing.route(subject));
    assertThat(route.accounts()).containsExactly("teapot", "stripe");
    GuardedProvider teapot = loop.on(() -> providers.named(route.accounts().getFirst()));
    assertThat(teapot.name() + " " + teapot.rail()).isEqualTo("teapot card");
    assertThat(loop.<Outcome>result(() -> teapot.execute(charge("att_1", "pm_card_visa"))))
        .isEqualTo(new Outcome.Charged("pot_1", 1_999, "eur"));
    assertThat(loop.<Outcome>result(() -> teapot.inquire(charge("att_1", "pm_card_visa"))))
        .isEqualTo(new Outcome.Charged("pot_1", 1_999, "eur"));
    assertThat(loop.<Outcome>result(() -> teapot.inquire(charge("att_2", "pm_card_visa"))))
        .isEqualTo(new Outcome.Absent());
    assertThat(loop.<Outcome>result(() -> teapot.execute(charge("att_3", "pm_coffee"))))
        .isEqualTo(new Outcome.Declined(null, "im_a_teapot", null, "I'm a teapot."));
    Loop.result(loop.on(providers::close));
  }

  /** Two accounts of one connector: the second takes what it does not set itself from the first. */
  @Test
  void account_ofTheSameConnector_hasSettingsOfItsOwn() {
    Config config = config("MILLRACE_PROVIDER_ACCOUNTS", "teapot,kettle=teapot",
        "MILLRACE_ROUTING_RULES", "-> kettle teapot", "MILLRACE_PROVIDER_TEAPOT_CONCURRENCY", "3",
        "MILLRACE_PROVIDER_KETTLE_TIMEOUT", "7s");
    var accounts = Account.all(config);
    assertThat(accounts.keySet()).containsExactly("teapot", "kettle");
    assertThat(accounts.get("kettle").connector())
        .isInstanceOf(accounts.get("teapot").connector().getClass());
    assertThat(accounts.get("kettle").positive("concurrency")).isEqualTo(3);
    assertThat(accounts.get("kettle").millis("timeout")).isEqualTo(7_000);
    assertThat(accounts.get("teapot").millis("timeout")).isEqualTo(5_000);
    assertThat(Providers.rails(config).apply("kettle")).isEqualTo("card");
  }

  @Test
  void account_atTheSimulator_isThere_orWhereItsUrlSays() {
    Config config = config("MILLRACE_SIMULATOR_PORT", "9191");
    Account teapot = Account.all(config).get("teapot");
    assertThat(teapot.simulated()).isTrue();
    assertThat(teapot.url()).isEqualTo("http://127.0.0.1:9191/teapot");
    Account real = Account.all(config("MILLRACE_PROVIDER_TEAPOT_URL", "https://tea.example/v1"))
        .get("teapot");
    assertThat(real.simulated()).isFalse();
    assertThat(real.url()).isEqualTo("https://tea.example/v1");
  }

  /** Every connector that ships. */
  @Test
  void connectors_thatShip_openAndTakeTheSimulatorsWebhooks() {
    Config config = config("MILLRACE_PROVIDER_ACCOUNTS", "stripe,adyen,bank", "MILLRACE_ROUTING_RULES",
        "-> bank");
    var accounts = Account.all(config);
    assertThat(accounts.keySet()).containsExactly("stripe", "adyen", "bank");
    accounts.forEach((name, account) -> {
      assertThat(account.webhookSecrets()).as(name).containsExactly(account.connector().simulatorSecret());
      assertThat(account.connector().webhooks(account, TOLERANCE)).as(name)
          .isNotNull();
      Provider provider = loop.on(() -> account.connector().open(loop.vertx(), account));
      assertThat(provider.name()).isEqualTo(name);
      assertThat(provider.rail()).isEqualTo(account.connector().rail());
      Loop.result(loop.on(provider::close));
    });
    assertThat(accounts.values().stream().map(Account::url).map(url -> url.replaceFirst(".*:\\d+", "")))
        .containsExactly("", "/adyen/v71", "/bank");
    assertThat(Providers.rails(config).apply("bank")).isEqualTo("ach");
    assertThat(Providers.rails(config).apply("one of old")).isEqualTo("card");
  }

  @Test
  void webhooks_withoutSecrets_areNone() {
    for (String name : new String[]{"stripe", "adyen", "bank"}) {
      String variable = "MILLRACE_PROVIDER_" + name.toUpperCase(Locale.ROOT) + "_WEBHOOK_SECRETS";
      Account account = Account.all(config("MILLRACE_PROVIDER_ACCOUNTS", name, "MILLRACE_ROUTING_RULES",
          "-> " + name, variable, "")).get(name);
      assertThat(account.connector().webhooks(account, TOLERANCE)).as(name).isNull();
    }
  }

  /** Everybody knows the simulator's secret: anybody could tell a real gateway that a payment was made. */
  @Test
  void webhooks_ofARealAccountUnderTheSimulatorsSecret_areRefused() {
    for (String name : new String[]{"stripe", "adyen", "bank"}) {
      Account account = Account.all(config("MILLRACE_PROVIDER_ACCOUNTS", name, "MILLRACE_ROUTING_RULES",
          "-> " + name, "MILLRACE_PROVIDER_" + name.toUpperCase(Locale.ROOT) + "_URL",
          "https://provider.example")).get(name);
      assertThatThrownBy(account::webhookSecrets).isInstanceOf(ConfigException.class)
          .hasMessageContaining("still holds the simulator's secret");
    }
  }

  @Test
  void connector_thatDoesNotExist_isRefusedByName() {
    Config config = config("MILLRACE_PROVIDER_ACCOUNTS", "stripe,kettle");
    assertThatThrownBy(() -> Account.all(config)).isInstanceOf(ConfigException.class).hasMessage(
        "`provider.accounts` names the account `kettle` of the connector `kettle`, which does not exist: no class"
            + " dev.millrace.provider.kettle.KettleConnector");
  }

  @Test
  void accounts_none_isRefused() {
    Config config = config("MILLRACE_PROVIDER_ACCOUNTS", " , ");
    assertThatThrownBy(() -> Account.all(config)).isInstanceOf(ConfigException.class)
        .hasMessage("`provider.accounts` is empty: name at least one");
  }

  /** Play money and real money in one ledger would be taken for each other. */
  @Test
  void accounts_realAndSimulated_areRefused() {
    Config config = config("MILLRACE_PROVIDER_TEAPOT_URL", "https://tea.example");
    assertThatThrownBy(() -> loop.on(() -> new Providers(loop.vertx(), config, new SimpleMeterRegistry())))
        .isInstanceOf(ConfigException.class).hasMessageContaining("mixes accounts at real providers (teapot)")
        .hasMessageContaining("with such at the simulator (stripe)");
  }

  @Test
  void account_thatIsNotConfiguredAnyMore_saysWhatToDo() {
    Providers providers = loop
        .on(() -> new Providers(loop.vertx(), config(), new SimpleMeterRegistry()));
    assertThatThrownBy(() -> loop.on(() -> providers.named("kettle")))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("`provider.accounts` has no account `kettle`");
    Loop.result(loop.on(providers::close));
  }
}
