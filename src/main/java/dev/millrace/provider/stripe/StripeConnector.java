package dev.millrace.provider.stripe;

import dev.millrace.provider.Account;
import dev.millrace.provider.Connector;
import dev.millrace.provider.Provider;
import dev.millrace.provider.WebhookScheme;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Accounts at Stripe. */
public final class StripeConnector implements Connector {
  @Override
  public String rail() { return "card"; }

  @Override
  public String simulatorPath() { return ""; }

  @Override
  public String simulatorSecret() { return "whsec_simulator"; }

  @Override
  public Provider open(Vertx vertx, Account account) {
    return new StripeProvider(vertx, account.name(), account.url(), account.text("key"),
        account.positive("concurrency"), account.millis("timeout"));
  }

  @Override
  public @Nullable WebhookScheme webhooks(Account account, Duration tolerance) {
    var secrets = account.webhookSecrets();
    return secrets.isEmpty()
        ? null
        : new StripeWebhooks(account.name(), account.text("account"), secrets, tolerance);
  }
}
