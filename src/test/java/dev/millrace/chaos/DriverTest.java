package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.testing.Await;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

/** What is asked for, and how often a life asks, follows from the seed, before nodes that take everything. */
final class DriverTest {
  private static final int ASKED = 60;

  /**
   * A node that accepts all; every payment is at once whatever its life waits for. Notes what came first
   * under each key.
   */
  private static final class Node implements AutoCloseable {
    final HttpServer server;
    final Map<String, String> asked;

    Node(Map<String, String> asked) throws IOException {
      this.asked = asked;
      server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext("/", this::take);
      server.start();
    }

    String url() { return "http://127.0.0.1:" + server.getAddress().getPort(); }

    private void take(HttpExchange exchange) throws IOException {
      String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      String path = exchange.getRequestURI().getPath();
      var answer = new JsonObject();
      int status = 202;
      if (exchange.getRequestMethod().equals("GET")) {
        status = 200;
        answer.put("status", path.endsWith("held") ? "authorized" : "settled");
      } else if (path.startsWith("/webhooks/")) {
        status = 200;
        asked.putIfAbsent(new JsonObject(body).getString("id"), "told " + path);
      } else {
        String key = exchange.getRequestHeaders().getFirst("Idempotency-Key");
        asked.putIfAbsent(key, path + " " + body);
        answer.put("id", key + (body.contains("\"manual\"") ? "-held" : ""));
      }
      byte[] bytes = answer.toBuffer().getBytes();
      exchange.sendResponseHeaders(status, bytes.length);
      exchange.getResponseBody().write(bytes);
      exchange.close();
    }

    @Override
    public void close() { server.stop(0); }
  }

  /** What was asked for in the first lives, by key. */
  private static Map<String, String> asked(long seed) throws IOException {
    var asked = new ConcurrentHashMap<String, String>();
    try (var a = new Node(asked); var b = new Node(asked)) {
      var nodes = new ArrayList<Balancer.Node>();
      for (Node node : List.of(a, b)) nodes.add(new Balancer.Node(node.url(), node.url()));
      try (var balancer = new Balancer(nodes)) {
        var driver = Driver.start(balancer, "sk_test", List.of("usd", "eur"), seed, 100);
        Await.until(Duration.ofSeconds(30), "enough is asked for", () -> asked.size() >= 2 * ASKED);
        driver.stop();
      }
    }
    var first = new TreeMap<String, String>();
    asked.forEach((key, what) -> {
      String life = key.replaceFirst("^(chaos-" + seed + "-|evt_chaos[0-9a-f]+n)", "").replaceFirst("-.*",
          "");
      if (Integer.parseInt(life) < ASKED / 2) first.put(key, what);
    });
    return first;
  }

  @Test
  void sameSeed_asksForTheSame() throws IOException {
    var once = asked(7);
    assertThat(once).hasSizeGreaterThan(ASKED / 2);
    assertThat(asked(7)).isEqualTo(once);
  }

  @Test
  void otherSeed_asksForSomethingElse() throws IOException {
    assertThat(asked(8).values()).isNotEqualTo(asked(7).values());
  }
}
