package dev.millrace.start;

import dev.millrace.platform.Config;
import dev.millrace.platform.Servers;
import java.util.Set;

/** The one block that a start prints: where everything is, and a payment to try. */
public final class Banner {
  private Banner() {}

  public static String of(Config config, Servers servers, Set<String> roles) {
    var out = new StringBuilder("\nMillrace is running: ").append(String.join(", ", roles)).append("\n");
    if (roles.contains("api")) line(out, "API", url(config, "api"));
    if (roles.contains("ops"))
      line(out, "ops", url(config, "ops") + "/health/ready, /metrics, /ops/trial-balance");
    if (roles.contains("simulator")) line(out, "simulator", url(config, "simulator") + "/book");
    line(out, "Postgres", servers.postgresUrl());
    line(out, "Redis", servers.redisUri());
    line(out, "Kafka", servers.kafkaBootstrap());
    if (roles.contains("api") && servers.embeddedPostgres()) {
      line(out, "demo key", DemoMerchant.KEY);
      out.append("""

        Try a payment:

          curl -s %s/v1/payments -H 'Authorization: Bearer %s' \\
            -H "Idempotency-Key: $(date +%%s%%N)" -H 'Content-Type: application/json' -H 'Prefer: wait=10' \\
            -d '{"amount":1999,"currency":"usd","payment_method":"pm_card_visa","reference":"order-1"}'

        Ctrl-C drains and stops.
        """.formatted(url(config, "api"), DemoMerchant.KEY));
    }
    return out.toString();
  }

  private static void line(StringBuilder out, String name, String value) {
    out.append(String.format("  %-10s %s%n", name, value));
  }

  private static String url(Config config, String section) {
    boolean tls = !section.equals("simulator") && !config.text(section + ".tls-certificate").isEmpty();
    return (tls ? "https://" : "http://") + config.text(section + ".host") + ":"
        + config.port(section + ".port");
  }
}
