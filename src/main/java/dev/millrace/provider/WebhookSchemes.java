package dev.millrace.provider;

import dev.millrace.platform.Config;
import java.util.HashMap;
import java.util.Map;

/** The providers' accounts whose webhooks are taken, from the configuration. */
public final class WebhookSchemes {
  private WebhookSchemes() {}

  /** By {@code provider/account}; new ones for each event loop. */
  public static Map<String, WebhookScheme> of(Config config) {
    var schemes = new HashMap<String, WebhookScheme>();
    for (Account account : Account.all(config).values()) {
      WebhookScheme scheme = account.connector().webhooks(account, config.duration("inbox.tolerance"));
      if (scheme != null) schemes.put(scheme.provider() + "/" + scheme.account(), scheme);
    }
    return schemes;
  }
}
