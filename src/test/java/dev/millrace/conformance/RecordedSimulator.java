package dev.millrace.conformance;

import dev.millrace.provider.Order;
import dev.millrace.provider.Provider;
import dev.millrace.provider.adyen.AdyenProvider;
import dev.millrace.provider.stripe.StripeProvider;
import dev.millrace.simulator.Simulator;
import dev.millrace.simulator.SimulatorOptions;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.webhook.WebhookTarget;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Loop;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

/** The simulator behind a proxy that keeps every answer, with a receiver that keeps every webhook. */
final class RecordedSimulator implements AutoCloseable {
  static final String KEY = "sk_test_simulator";
  private static final String ADYEN_KEY = "5ACE7B1A6C9E4D0F8E2B3A4C5D6E7F8091A2B3C4D5E6F708192A3B4C5D6E7F80";
  private static final Duration BOUND = Duration.ofSeconds(15);

  /** {@code path} is without the query. */
  record Call(String method, String path, int status, String body) {
    JsonObject json() { return new JsonObject(body); }
  }

  private final Loop loop = new Loop();
  private final HttpClient client = loop.vertx().createHttpClient();
  private final List<Call> calls = new CopyOnWriteArrayList<>();
  private final List<JsonObject> webhooks = new CopyOnWriteArrayList<>();
  private final HttpServer receiver;
  private final HttpServer proxy;
  private final Simulator simulator;
  private final Provider provider;

  RecordedSimulator(Path directory, Wire wire) {
    receiver = Loop
        .result(loop.vertx().createHttpServer().requestHandler(this::received).listen(0, "127.0.0.1"));
    String hook = "http://127.0.0.1:" + receiver.actualPort() + "/";
    simulator = Loop
        .result(Simulator.start(loop.vertx(), new SimulatorOptions("127.0.0.1", 0, directory, KEY, 0, 0,
            0, Map.of(wire, new WebhookTarget(hook, wire == Wire.ADYEN ? ADYEN_KEY : "whsec_1")))));
    proxy = Loop.result(loop.vertx().createHttpServer().requestHandler(this::forward).listen(0, "127.0.0.1"));
    provider = loop.on(() -> wire == Wire.ADYEN
        ? new AdyenProvider(loop.vertx(),
            new AdyenProvider.Settings("adyen", url() + "/adyen/v71", KEY, "Bookshop",
                1, 5_000),
            InstantSource.system())
        : new StripeProvider(loop.vertx(), "stripe", url(), KEY, 1, 5_000));
    control("PUT", "/settings", "{\"webhook_delay_ms_min\":0,\"webhook_delay_ms_max\":0,\"dispute_ms\":1,"
        + "\"processing_ms\":1,\"try_ms\":1}");
  }

  String url() { return "http://127.0.0.1:" + proxy.actualPort(); }

  private void received(HttpServerRequest request) {
    request.body().onSuccess(body -> {
      webhooks.add(body.toJsonObject());
      request.response().end("[accepted]");
    });
  }

  private void forward(HttpServerRequest request) {
    request.body()
        .compose(body -> client.request(request.method(), simulator.port(), "127.0.0.1", request.uri())
            .compose(out -> {
              out.headers().addAll(request.headers());
              return out.send(body);
            }))
        .compose(answer -> answer.body().map(body -> {
          if (request.path().matches("/(adyen/v71|v1)/.*"))
            calls.add(
                new Call(request.method().name(), request.path(), answer.statusCode(), body.toString()));
          request.response().setStatusCode(answer.statusCode()).headers().addAll(answer.headers());
          request.response().end(body);
          return body;
        }))
        .onFailure(e -> request.response().setStatusCode(599).end(Buffer.buffer(String.valueOf(e))));
  }

  Provider.Outcome execute(Order order) { return loop.result(() -> provider.execute(order)); }

  Provider.Outcome inquire(Order order) { return loop.result(() -> provider.inquire(order)); }

  /** Something that whoever runs the test brings about by hand. */
  void control(String method, String path, String body) {
    var answer = Http.send(method, "http://127.0.0.1:" + simulator.port() + path, Map.of(), body);
    if (answer.status() != 200) throw new AssertionError(path + " " + body + ": " + answer.body());
  }

  List<Call> calls() { return calls; }

  List<JsonObject> webhooks() { return webhooks; }

  void awaitWebhook(String what, Predicate<JsonObject> told) {
    Await.until(BOUND, what, () -> webhooks.stream().anyMatch(told));
  }

  @Override
  public void close() {
    Loop.result(loop.on(provider::close));
    Loop.result(simulator.close());
    Loop.result(proxy.close());
    Loop.result(receiver.close());
    loop.close();
  }
}
