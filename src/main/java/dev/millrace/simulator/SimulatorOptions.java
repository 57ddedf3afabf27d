package dev.millrace.simulator;

import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.settings.AnswerSettings;
import dev.millrace.simulator.settings.EffectSettings;
import dev.millrace.simulator.settings.Outage;
import dev.millrace.simulator.settings.SimulatorSettings;
import dev.millrace.simulator.settings.WebhookSettings;
import dev.millrace.simulator.webhook.WebhookTarget;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * How a simulator starts. Latency, failure rate and how webhooks travel can be changed while it runs, with
 * {@code PUT /settings}.
 *
 * @param host
 *          address to listen on
 * @param port
 *          TCP port; 0 takes any free one, see {@link Simulator#port()}
 * @param bookDirectory
 *          directory of the durable book, created if absent; one simulator at a time may have it open
 * @param apiKey
 *          secret every request on a wire has to present
 * @param latencyMsMin
 *          least milliseconds between the arrival of a call that moves money and its execution
 * @param latencyMsMax
 *          most milliseconds between the arrival of a call that moves money and its execution
 * @param failureRate
 *          share of calls that move money, 0 to 1, answered 500 and not carried out
 * @param webhooks
 *          where the webhooks of each wire are sent; a wire that is not named sends none
 */
public record SimulatorOptions(String host, int port, Path bookDirectory, String apiKey, int latencyMsMin,
    int latencyMsMax, double failureRate, Map<Wire, WebhookTarget> webhooks) {

  /** @throws IllegalArgumentException naming the value that is out of its range */
  public SimulatorOptions {
    Objects.requireNonNull(host, "host");
    Objects.requireNonNull(bookDirectory, "bookDirectory");
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("port must be from 0 to 65535, not " + port);
    }
    if (apiKey.isEmpty()) {
      throw new IllegalArgumentException("apiKey must not be empty");
    }
    SimulatorSettings.check(latencyMsMin, latencyMsMax, failureRate);
    webhooks = Map.copyOf(webhooks);
    webhooks.forEach((wire, target) -> target.check(wire));
  }

  /** Webhooks on Stripe's wire only; none where {@code webhookUrl} is empty. */
  public SimulatorOptions(String host, int port, Path bookDirectory, String apiKey, int latencyMsMin,
      int latencyMsMax, double failureRate, String webhookUrl, String webhookSecret) {
    this(host, port, bookDirectory, apiKey, latencyMsMin, latencyMsMax, failureRate, webhookUrl.isEmpty()
        ? Map.of()
        : Map.of(Wire.STRIPE, new WebhookTarget(webhookUrl, webhookSecret)));
  }

  SimulatorSettings settings() {
    return new SimulatorSettings(latencyMsMin, latencyMsMax, failureRate, 0,
        SimulatorSettings.DEFAULT_SLOW_MS, EffectSettings.DEFAULT, Outage.NONE, AnswerSettings.DEFAULT,
        WebhookSettings.DEFAULT);
  }

  /** Everything but the key and the secrets. */
  @Override
  public String toString() {
    return "SimulatorOptions[host=" + host + ", port=" + port + ", bookDirectory=" + bookDirectory
        + ", apiKey=***, latencyMsMin=" + latencyMsMin + ", latencyMsMax=" + latencyMsMax + ", failureRate="
        + failureRate + ", webhooks=" + webhooks + "]";
  }
}
