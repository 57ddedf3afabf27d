package dev.millrace;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.provider.stripe.StripeWebhooks;
import java.util.Map;

/** The providers' accounts whose webhooks are taken, from the configuration. */
final class WebhookSchemes {
  private static final String SIMULATOR_SECRET = "whsec_simulator";

  private WebhookSchemes() {}

  /** By {@code provider/account}; new ones for each event loop. */
  static Map<String, WebhookScheme> of(Config config) {
    var secrets = config.list("provider.stripe.webhook-secrets");
    if (!config.text("provider.stripe.url").equals("simulator") && secrets.contains(SIMULATOR_SECRET)) {
      throw new ConfigException(
          "`provider.stripe.webhook-secrets` still holds the simulator's secret, which everybody"
              + " knows: set it to those of your webhook endpoint at Stripe, or to an empty list");
    }
    String account = config.text("provider.stripe.account");
    return secrets.isEmpty()
        ? Map.of()
        : Map.of("stripe/" + account,
            new StripeWebhooks(account, secrets, config.duration("inbox.tolerance")));
  }
}
