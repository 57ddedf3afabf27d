package dev.millrace.provider.adyen;

import dev.millrace.provider.Account;
import dev.millrace.provider.Connector;
import dev.millrace.provider.Provider;
import dev.millrace.provider.WebhookScheme;
import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;

/**
 * Accounts at Adyen. The URL ends with the version, {@code https://checkout-test.adyen.com/v71} for example.
 * A notification's time is not signed: what keeps old ones out is that each is taken once.
 */
public final class AdyenConnector implements Connector {
  @Override
  public String rail() { return "card"; }

  @Override
  public String simulatorPath() { return "/adyen/v71"; }

  @Override
  public String simulatorSecret() {
    return "5ACE7B1A6C9E4D0F8E2B3A4C5D6E7F8091A2B3C4D5E6F708192A3B4C5D6E7F80";
  }

  @Override
  public Provider open(Vertx vertx, Account account) {
    return new AdyenProvider(vertx,
        new AdyenProvider.Settings(account.name(), account.url(), account.text("key"),
            account.text("merchant-account"), account.positive("concurrency"), account.millis("timeout")),
        InstantSource.system());
  }

  /** Adyen gives the browser its {@code redirectResult}, and wants to be told it. */
  @Override
  public @Nullable String payerResult(MultiMap query) { return query.get("redirectResult"); }

  @Override
  public @Nullable WebhookScheme webhooks(Account account, Duration tolerance) {
    var secrets = account.webhookSecrets();
    return secrets.isEmpty()
        ? null
        : new AdyenWebhooks(account.name(), account.text("account"), account.text("merchant-account"),
            secrets);
  }
}
