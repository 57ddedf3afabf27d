package dev.millrace.start;

import dev.millrace.platform.Config;
import dev.millrace.platform.Links;
import dev.millrace.provider.Account;
import dev.millrace.simulator.webhook.WebhookTarget;
import dev.millrace.simulator.book.Wire;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Where the simulator sends the webhooks of each of its wires: to the first account that speaks it. */
public final class SimulatorWebhooks {
  private static final Map<String, Wire> WIRES = Map.of("", Wire.STRIPE, "/adyen/v71", Wire.ADYEN, "/bank",
      Wire.BANK);

  private SimulatorWebhooks() {}

  public static Map<Wire, WebhookTarget> of(Config config) {
    var targets = new EnumMap<Wire, WebhookTarget>(Wire.class);
    String gateway = config.text("simulator.webhook-url");
    if (gateway.isEmpty()) return targets;
    String base = gateway.equals("gateway") ? Links.api(config) : gateway;
    for (Account account : Account.all(config).values()) {
      Wire wire = WIRES.get(account.connector().simulatorPath());
      List<String> secrets = account.webhookSecrets();
      if (wire != null && account.simulated() && !secrets.isEmpty())
        targets.putIfAbsent(wire, new WebhookTarget(
            base + "/webhooks/" + account.name() + "/" + account.text("account"), secrets.getFirst()));
    }
    return targets;
  }
}
