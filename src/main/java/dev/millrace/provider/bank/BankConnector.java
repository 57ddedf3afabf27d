package dev.millrace.provider.bank;

import dev.millrace.provider.Account;
import dev.millrace.provider.Connector;
import dev.millrace.provider.Method;
import dev.millrace.provider.Provider;
import dev.millrace.provider.WebhookScheme;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Accounts at a bank that debits payers' accounts over the ACH network. */
public final class BankConnector implements Connector {
  @Override
  public String rail() { return Method.ACH; }

  @Override
  public String simulatorPath() { return "/bank"; }

  @Override
  public String simulatorSecret() { return "banksec_simulator"; }

  @Override
  public Provider open(Vertx vertx, Account account) {
    return new BankProvider(vertx, account.name(), account.url(), account.text("key"),
        account.positive("concurrency"), account.millis("timeout"));
  }

  @Override
  public @Nullable WebhookScheme webhooks(Account account, Duration tolerance) {
    var secrets = account.webhookSecrets();
    return secrets.isEmpty()
        ? null
        : new BankWebhooks(account.name(), account.text("account"), secrets, tolerance);
  }
}
