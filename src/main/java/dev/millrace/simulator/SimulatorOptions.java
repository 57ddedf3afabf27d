package dev.millrace.simulator;

import java.nio.file.Path;
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
 *          secret every request to {@code /v1/} has to present
 * @param latencyMsMin
 *          least milliseconds between a new payment's arrival and its charge
 * @param latencyMsMax
 *          most milliseconds between a new payment's arrival and its charge
 * @param failureRate
 *          share of new payments, 0 to 1, answered 500 without a charge
 * @param webhookUrl
 *          where webhooks are sent, http or https; empty: none are
 * @param webhookSecret
 *          what they are signed with; not empty where there is a URL
 */
public record SimulatorOptions(String host, int port, Path bookDirectory, String apiKey, int latencyMsMin,
    int latencyMsMax, double failureRate, String webhookUrl, String webhookSecret) {

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
    Settings.check(latencyMsMin, latencyMsMax, failureRate);
    if (!webhookUrl.isEmpty()) {
      WebhookEndpoint.check(webhookUrl);
      if (webhookSecret.isEmpty()) {
        throw new IllegalArgumentException("webhookSecret must not be empty where webhookUrl is not");
      }
    }
  }

  Settings settings() {
    return new Settings(latencyMsMin, latencyMsMax, failureRate, 0, Settings.DEFAULT_SLOW_MS,
        WebhookSettings.DEFAULT);
  }

  /** Everything but the key and the secret. */
  @Override
  public String toString() {
    return "SimulatorOptions[host=" + host + ", port=" + port + ", bookDirectory=" + bookDirectory
        + ", apiKey=***, latencyMsMin=" + latencyMsMin + ", latencyMsMax=" + latencyMsMax + ", failureRate="
        + failureRate + ", webhookUrl=" + webhookUrl + ", webhookSecret=***]";
  }
}
