package dev.millrace.api;

import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Site;
import dev.millrace.testing.StripeSender;
import dev.millrace.testing.TestServers;
import java.sql.SQLException;
import java.util.Map;

/**
 * One gateway with every role for the tests of this package, started once a JVM and ended with it. Its
 * provider and its settlement are quick, and a request may take a second to arrive.
 */
final class ApiSite {
  static final long REQUEST_TIMEOUT_MS = 1_000;

  /** Active beside the one with which the simulator signs, as while a secret is being rotated. */
  static final String NEXT_SECRET = "whsec_next";

  private static final Site SITE = Site.on(TestServers.shared());
  private static final GatewayProcess GATEWAY = SITE.start(
      "simulator,api,relay,processor,settlement,notifier,ops",
      Map.of("MILLRACE_API_REQUEST_TIMEOUT", "1s", "MILLRACE_SIMULATOR_LATENCY_MS_MIN", "1",
          "MILLRACE_SIMULATOR_LATENCY_MS_MAX", "3", "MILLRACE_SETTLEMENT_INTERVAL", "100ms",
          "MILLRACE_PROVIDER_STRIPE_WEBHOOK_SECRETS", StripeSender.SECRET + "," + NEXT_SECRET,
          "MILLRACE_WEBHOOKS_PRIVATE_ADDRESSES", "allow"));

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(SITE::close));
  }

  private ApiSite() {}

  static Site site() { return SITE; }

  static GatewayProcess gateway() { return GATEWAY; }

  static String url(String path) { return GATEWAY.apiUrl() + path; }

  /** As the database's owner. */
  static void execute(String sql) {
    try (var connection = SITE.database(); var statement = connection.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }
}
