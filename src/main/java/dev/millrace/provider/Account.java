package dev.millrace.provider;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An account of ours at a provider, as the configuration has it: {@code provider.accounts} names it, {@code
 * provider.<name>.…} holds its settings.
 */
public final class Account {
  private static final String SIMULATOR = "simulator";

  private final Config config;
  private final String name;
  private final Connector speaks;

  private Account(Config config, String name, Connector speaks) {
    this.config = config;
    this.name = name;
    this.speaks = speaks;
  }

  /**
   * Every account, in the order of the configuration.
   *
   * @throws ConfigException when one names a connector that does not exist
   */
  public static Map<String, Account> all(Config config) {
    var accounts = new LinkedHashMap<String, Account>();
    config.accounts()
        .forEach((name, connector) -> accounts.put(name, new Account(config, name, load(name, connector))));
    if (accounts.isEmpty()) throw new ConfigException("`provider.accounts` is empty: name at least one");
    return accounts;
  }

  private static Connector load(String account, String connector) {
    String type = Account.class.getPackageName() + "." + connector + "."
        + Character.toUpperCase(connector.charAt(0)) + connector.substring(1) + "Connector";
    try {
      return Class.forName(type).asSubclass(Connector.class).getConstructor().newInstance();
    } catch (ReflectiveOperationException | ClassCastException e) {
      throw new ConfigException("`provider.accounts` names the account `" + account + "` of the connector `"
          + connector + "`, which does not exist: no class " + type);
    }
  }

  /** The name in routes, ledger accounts, events and the path of its webhooks. */
  public String name() {
    return name;
  }

  public Connector connector() { return speaks; }

  /** Whether it is an account at the simulator. */
  public boolean simulated() {
    return text("url").equals(SIMULATOR);
  }

  /** Scheme, host, port and path of the provider's interface. */
  public String url() {
    if (!simulated()) return text("url");
    String elsewhere = config.text("simulator.url");
    return (elsewhere.isEmpty() ? "http://127.0.0.1:" + config.port("simulator.port") : elsewhere)
        + speaks.simulatorPath();
  }

  /** The secrets of its webhooks; refuses the one everybody knows where the provider is a real one. */
  public List<String> webhookSecrets() {
    List<String> secrets = config.list(key("webhook-secrets"));
    if (!simulated() && secrets.contains(speaks.simulatorSecret())) {
      throw new ConfigException(
          "`" + key("webhook-secrets") + "` still holds the simulator's secret, which everybody"
              + " knows: set it to those of your webhook endpoint there, or to an empty list");
    }
    return secrets;
  }

  public String text(String setting) { return config.text(key(setting)); }

  public int positive(String setting) { return config.positive(key(setting)); }

  public int integer(String setting) { return config.integer(key(setting)); }

  public long millis(String setting) { return config.millis(key(setting)); }

  private String key(String setting) { return "provider." + name + "." + setting; }
}
