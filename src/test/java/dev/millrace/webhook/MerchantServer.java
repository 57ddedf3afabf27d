package dev.millrace.webhook;

import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerRequest;
import java.util.Map;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiConsumer;

/** A merchant's server: notes what it is sent, and answers by path as it is told. */
public final class MerchantServer implements AutoCloseable {
  /** One request, as it came. */
  public record Got(String path, Map<String, String> headers, String body, long atNanos) {
    public String id() { return headers.get("webhook-id"); }
  }

  private final HttpServer server;
  private final List<Got> got = new CopyOnWriteArrayList<>();
  private final Map<String, BiConsumer<HttpServerRequest, Got>> manners = new ConcurrentHashMap<>();

  public MerchantServer(Vertx vertx) {
    server = await(vertx.createHttpServer().requestHandler(this::take).listen(0, "127.0.0.1"));
  }

  static <T> T await(Future<T> future) {
    try {
      return future.await(10, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  private void take(HttpServerRequest request) {
    request.body().onSuccess(body -> {
      var headers = new ConcurrentHashMap<String, String>();
      request.headers().forEach((name, value) -> headers.put(name.toLowerCase(java.util.Locale.ROOT), value));
      var one = new Got(request.path(), headers, body.toString(), System.nanoTime());
      got.add(one);
      manners.getOrDefault(request.path(), (r, g) -> r.response().end("ok")).accept(request, one);
    });
  }

  /** What is answered at a path from now on. */
  public MerchantServer at(String path, BiConsumer<HttpServerRequest, Got> manner) {
    manners.put(path, manner);
    return this;
  }

  /** A path that always answers with a status. */
  public MerchantServer status(String path, int status) {
    return at(path, (r, g) -> r.response().setStatusCode(status).end());
  }

  /** A path that never answers. */
  public MerchantServer silent(String path) {
    return at(path, (r, g) -> {});
  }

  public List<Got> got() { return got; }

  public List<Got> got(String path) { return got.stream().filter(g -> g.path.equals(path)).toList(); }

  public int port() { return server.actualPort(); }

  public String url(String path) { return "http://127.0.0.1:" + port() + path; }

  static void endless(HttpServerRequest request, int status) {
    var response = request.response().setStatusCode(status).setChunked(true);
    Buffer chunk = Buffer.buffer("x".repeat(1_000));
    Runnable[] more = new Runnable[1];
    more[0] = () -> {
      if (response.closed()) return;
      response.write(chunk).onSuccess(v -> more[0].run());
    };
    more[0].run();
  }

  @Override
  public void close() { await(server.close()); }
}
