package dev.millrace.provider;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The accounts at providers that payments can go to, each behind its guards. Owned by one event loop. */
public final class Providers {
  /**
   * How long things may take at an account, in milliseconds.
   *
   * @param absenceAfter from when on the provider's having no record of a call is evidence: by then it cannot
   *   arrive any more. Whoever may call begins to within a quarter of it, waits for its turn for another
   *   quarter at most, and the answer, or giving up on it, has the other half
   * @param authorizationLifetime how long an authorization holds where the provider does not say
   * @param actionLifetime how long a payer has for an action
   */
  public record Times(long absenceAfter, long authorizationLifetime, long actionLifetime) {
    /**
     * Those of an account.
     *
     * @throws ConfigException when a call could still be under way when its absence is taken for evidence
     */
    static Times of(Account account) {
      long timeout = account.millis("timeout");
      long absenceAfter = account.millis("absence-after");
      if (timeout > absenceAfter / 2) {
        throw new ConfigException("`provider." + account.name() + ".timeout` (" + timeout
            + " ms) must be at most half of `provider." + account.name() + ".absence-after` (" + absenceAfter
            + " ms): a call that is still under way must not be taken for one that never was");
      }
      return new Times(absenceAfter, account.millis("authorization-lifetime"),
          account.millis("action-lifetime"));
    }

    /** How long beginning a call may take, and how long it may wait for its turn. */
    public long turn() {
      return absenceAfter / 4;
    }
  }

  private record Open(GuardedProvider provider, Times times) {}

  private final Map<String, Open> open = new LinkedHashMap<>();

  /** Opens every account of the configuration. */
  public Providers(Vertx vertx, Config config, MeterRegistry registry) {
    Map<String, Account> accounts = Account.all(config);
    refuseMixture(accounts);
    accounts.forEach((name, account) -> open.put(name, new Open(
        new GuardedProvider(vertx, account.connector().open(vertx, account),
            GuardedProvider.Limits.of(account),
            registry),
        Times.of(account))));
  }

  /** Real money and the simulator's must not meet in one ledger. */
  private static void refuseMixture(Map<String, Account> accounts) {
    Map<Boolean, String> names = accounts.values().stream()
        .collect(Collectors.groupingBy(Account::simulated,
            Collectors.mapping(Account::name, Collectors.joining(", "))));
    if (names.size() == 2)
      throw new ConfigException("`provider.accounts` mixes accounts at real providers (" + names.get(false)
          + ") with such at the simulator (" + names.get(true)
          + "): set `provider.<name>.url` or leave those out");
  }

  /** The account of this name, which a payment that was routed once has had; it must still be configured. */
  public GuardedProvider named(String account) {
    return known(account).provider;
  }

  public Times times(String account) { return known(account).times; }

  /** Whether calls to this account would have to wait for it to recover. */
  public boolean away(String account) {
    return known(account).provider.open();
  }

  private Open known(String account) {
    @Nullable
    Open one = open.get(account);
    if (one == null)
      throw new IllegalStateException("`provider.accounts` has no account `" + account
          + "`, at which this payment is: configure it again");
    return one;
  }

  public Future<Void> close() {
    return Future.join(open.values().stream().map(o -> o.provider.close()).toList()).mapEmpty();
  }

  /**
   * What a payer's browser brought back for the provider of one of the accounts; empty where it is nothing.
   */
  public static Function<MultiMap, String> payerResults(Config config) {
    var connectors = Account.all(config).values().stream().map(Account::connector).toList();
    return query -> {
      for (Connector connector : connectors) {
        String result = connector.payerResult(query);
        if (result != null) return result;
      }
      return "";
    };
  }

  /** The rail of each account. */
  public static UnaryOperator<String> rails(Config config) {
    var rails = new LinkedHashMap<String, String>();
    Account.all(config).forEach((name, account) -> rails.put(name, account.connector().rail()));
    return account -> Objects.requireNonNullElse(rails.get(account), Method.CARD);
  }
}
