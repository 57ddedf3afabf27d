package dev.millrace.simulator.webhook;

import dev.millrace.simulator.book.Wire;

/**
 * Where the webhooks of a wire go.
 *
 * @param url
 *          http or https
 * @param secret
 *          what they are signed with; hexadecimal on Adyen's wire, as its HMAC keys are
 */
public record WebhookTarget(String url, String secret) {
  public void check(Wire wire) {
    WebhookEndpoint.check(url);
    if (secret.isEmpty()) {
      throw new IllegalArgumentException("webhookSecret must not be empty where webhookUrl is not");
    }
    if (wire == Wire.ADYEN && !secret.matches("([0-9A-Fa-f]{2})+")) {
      throw new IllegalArgumentException("webhookSecret must be hexadecimal for adyen");
    }
  }

  /** Everything but the secret. */
  @Override
  public String toString() {
    return "WebhookTarget[url=" + url + ", secret=***]";
  }
}
