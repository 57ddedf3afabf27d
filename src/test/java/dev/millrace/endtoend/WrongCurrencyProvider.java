package dev.millrace.endtoend;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A provider at Stripe's wire that charges in euros whatever it is asked for, and refuses one amount as a bad
 * request.
 */
final class WrongCurrencyProvider implements AfterAllCallback {
  static final long BAD_REQUEST = 4_000;
  private static final String REFUSAL = "{\"error\":{\"type\":\"invalid_request_error\","
      + "\"code\":\"parameter_invalid\",\"message\":\"No.\"}}";
  private static final String CHARGE = "{\"id\":\"pi_1\",\"object\":\"payment_intent\",\"status\":\"succeeded\","
      + "\"amount\":1999,\"amount_received\":1999,\"currency\":\"eur\"}";
  private final HttpServer server;

  WrongCurrencyProvider() {
    try {
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    server.createContext("/", exchange -> {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      boolean bad = body.contains("amount=" + BAD_REQUEST);
      byte[] answer = (bad ? REFUSAL : CHARGE).getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(bad ? 400 : 200, answer.length);
      exchange.getResponseBody().write(answer);
      exchange.close();
    });
    server.start();
  }

  /** What makes it the gateway's only provider, and {@code more}. */
  Map<String, String> settings(Map<String, String> more) {
    var all = new HashMap<>(more);
    all.putAll(Map.of("MILLRACE_PROVIDER_ACCOUNTS", "stripe", "MILLRACE_ROUTING_RULES", "card -> stripe",
        "MILLRACE_PROVIDER_STRIPE_URL", "http://127.0.0.1:" + server.getAddress().getPort(),
        "MILLRACE_PROVIDER_STRIPE_WEBHOOK_SECRETS", "whsec_own"));
    return all;
  }

  @Override
  public void afterAll(ExtensionContext context) { server.stop(0); }
}
