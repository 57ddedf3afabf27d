package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.Config;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.Verdict;
import dev.millrace.simulator.Simulator;
import dev.millrace.simulator.SimulatorOptions;
import dev.millrace.simulator.webhook.WebhookTarget;
import dev.millrace.simulator.book.Wire;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Loop;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** The three connectors that ship at the simulator, with what its webhooks say as each connector reads it. */
final class SimulatedProviders implements AutoCloseable {
  private static final Duration BOUND = Duration.ofSeconds(10);

  private final Loop loop = new Loop();
  private final HttpServer receiver;
  private final Simulator simulator;
  private final Map<String, Provider> providers = new HashMap<>();
  private final Map<String, WebhookScheme> schemes = new HashMap<>();
  private final Map<String, List<ProviderEvent>> events = new HashMap<>();

  SimulatedProviders(Path directory) {
    receiver = Loop.result(
        loop.vertx().createHttpServer().requestHandler(this::received).listen(0, "127.0.0.1"));
    Config keys = config(0);
    var targets = new EnumMap<Wire, WebhookTarget>(Wire.class);
    for (Wire wire : Wire.values()) {
      String name = wire.name().toLowerCase(Locale.ROOT);
      events.put(name, new CopyOnWriteArrayList<>());
      targets.put(wire, new WebhookTarget("http://127.0.0.1:" + receiver.actualPort() + "/" + name,
          Account.all(keys).get(name).connector().simulatorSecret()));
    }
    simulator = Loop.result(Simulator.start(loop.vertx(), new SimulatorOptions("127.0.0.1", 0, directory,
        keys.text("provider.stripe.key"), 0, 0, 0, targets)));
    Account.all(config(simulator.port())).forEach((name, account) -> {
      schemes.put(name, account.connector().webhooks(account, Duration.ofSeconds(300)));
      providers.put(name, loop.on(() -> account.connector().open(loop.vertx(), account)));
    });
  }

  private static Config config(int port) {
    return Config.load(Map.of("MILLRACE_PROVIDER_ACCOUNTS", "stripe,adyen,bank", "MILLRACE_ROUTING_RULES",
        "-> bank", "MILLRACE_SIMULATOR_PORT", String.valueOf(port), "MILLRACE_PROVIDER_DEFAULTS_TIMEOUT",
        "1s"));
  }

  /** The key that the simulator wants. */
  String key() { return config(0).text("provider.stripe.key"); }

  String url() { return "http://127.0.0.1:" + simulator.port(); }

  /** Changes the simulator's settings while something is done. */
  void during(String settings, Runnable act) {
    String before = Http.get(url() + "/settings").body();
    try {
      assertThat(Http.send("PUT", url() + "/settings", Map.of(), settings).status()).isEqualTo(200);
      act.run();
    } finally {
      assertThat(Http.send("PUT", url() + "/settings", Map.of(), before).body()).isEqualTo(before);
    }
  }

  /** How many entries the simulator's book has of an order beyond the first. */
  long duplicates(Order order) {
    return Http.get(url() + "/book").body().lines().filter(line -> line.contains(order.reference())).count()
        - 1;
  }

  private void received(HttpServerRequest request) {
    String wire = request.path().substring(1);
    request.body().onSuccess(body -> {
      WebhookScheme scheme = schemes.get(wire);
      Verdict verdict = scheme.verify(request.headers(), body.getBytes(), Instant.now());
      events.get(wire).add(verdict instanceof Verdict.Genuine
          ? scheme.read(body)
          : new ProviderEvent.Unreadable("", verdict.toString()));
      Buffer answer = scheme.answer();
      request.response().end(answer == null ? Buffer.buffer() : answer);
    });
  }

  Provider.Outcome execute(String wire, Order order) {
    return loop.result(() -> providers.get(wire).execute(order));
  }

  Provider.Outcome inquire(String wire, Order order) {
    return loop.result(() -> providers.get(wire).inquire(order));
  }

  /** Waits until a webhook of this wire says so. */
  void awaitEvent(String wire, String what, Predicate<ProviderEvent> said) {
    Await.until(BOUND, what + " of " + wire + ", among " + events.get(wire),
        () -> events.get(wire).stream().anyMatch(said));
  }

  List<ProviderEvent> events(String wire) { return events.get(wire); }

  @Override
  public void close() {
    providers.values().forEach(provider -> Loop.result(loop.on(provider::close)));
    Loop.result(simulator.close());
    Loop.result(receiver.close());
    loop.close();
  }
}
