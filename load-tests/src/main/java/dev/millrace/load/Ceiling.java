package dev.millrace.load;

import io.vertx.core.AbstractVerticle;
import io.vertx.core.Deployable;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServer;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import io.vertx.ext.web.handler.BodyHandler;
import java.util.function.Supplier;

/**
 * The most that Vert.x could do here: a server that routes, reads and answers a payment, or a provider's
 * webhook, as the gateway does, and keeps nothing. One event loop a core. Its rate under the same generator
 * is what the gateway's own is compared with. Argument: the port.
 */
public final class Ceiling extends AbstractVerticle {
  private static final String ID = "pay_0199f3c2a1b07d3e8f4a5b6c7d8e9f00";
  private final int port;

  private Ceiling(int port) {
    this.port = port;
  }

  public static void main(String[] args) {
    LoadTest.exitWithParent();
    int port = Integer.parseInt(args[0]);
    serve(Runtime.getRuntime().availableProcessors(), port, () -> new Ceiling(port));
  }

  /** Deploys a server on so many event loops; ends the process if it cannot. */
  static void serve(int loops, int port, Supplier<Deployable> server) {
    var vertx = EventLoops.vertx(loops);
    System.out.println("ceiling: " + loops + " event loops, transport " + EventLoops.transport().name());
    vertx.deployVerticle(server, new DeploymentOptions().setInstances(loops)).onFailure(failure -> {
      System.err.println("ceiling: cannot serve on port " + port + ": " + failure);
      System.exit(1);
    });
  }

  @Override
  public void start(Promise<Void> started) {
    listen(vertx, port, context -> answer(context, context.body().asJsonObject())).<Void>mapEmpty()
        .onComplete(started);
  }

  /** A payment API of one call. */
  static Future<HttpServer> listen(Vertx vertx, int port, Handler<RoutingContext> create) {
    var router = Router.router(vertx);
    router.route().handler(BodyHandler.create(false).setBodyLimit(16_384));
    router.get("/v1/payments/:id").handler(context -> context.response().setStatusCode(404).end());
    router.post("/v1/payments/:id/capture").handler(context -> context.response().setStatusCode(404).end());
    router.post("/v1/payments/:id/void").handler(context -> context.response().setStatusCode(404).end());
    router.post("/v1/payments").handler(create);
    router.post("/webhooks/:provider/:account").handler(Ceiling::received);
    return vertx.createHttpServer().requestHandler(router).listen(port, "127.0.0.1");
  }

  /** Reads the event; the signature, though it is there, is not checked. */
  private static void received(RoutingContext context) {
    var event = context.body().asJsonObject();
    var answer = new JsonObject().put("received", event.getString("id") != null);
    context.response().setStatusCode(200).putHeader("Content-Type", "application/json")
        .end(answer.toBuffer());
  }

  /** Some 400 bytes of JSON. */
  static void answer(RoutingContext context, JsonObject request) {
    var payment = new JsonObject().put("id", ID)
        .put("object", "payment")
        .put("amount", request.getInteger("amount"))
        .put("amount_captured", 0)
        .put("amount_refunded", 0)
        .put("currency", request.getString("currency"))
        .put("status", "accepted")
        .put("payment_method", request.getString("payment_method"))
        .put("reference", request.getString("reference"))
        .put("created_at", "2026-01-01T00:00:00.000Z")
        .put("next", new JsonObject().put("self", "/v1/payments/" + ID).put("timeline",
            "/v1/payments/" + ID + "/timeline"));
    context.response().setStatusCode(202).putHeader("Content-Type", "application/json")
        .end(payment.toBuffer());
  }
}
