package dev.millrace.ops;

import dev.millrace.platform.Database;
import dev.millrace.platform.NodeState;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.SocketAddress;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether requests should be sent to this node: once all its roles are up, as long as Postgres answers and
 * nobody has told it to stop.
 * Redis and Kafka may be away without a merchant noticing. Each look asks the servers anew, and takes a
 * second or two at most.
 */
final class Readiness {
  private static final Logger LOG = LoggerFactory.getLogger(Readiness.class);
  private static final Set<String> READY = Set.of("up", "degraded");

  private final Vertx vertx;
  private final Database database;
  private final Redis redis;
  private final String kafkaBootstrap;
  private final NodeState state;

  Readiness(Vertx vertx, Database database, Redis redis, String kafkaBootstrap, NodeState state) {
    this.vertx = vertx;
    this.database = database;
    this.redis = redis;
    this.kafkaBootstrap = kafkaBootstrap;
    this.state = state;
  }

  /** 200 or 503, by what {@link #look} has found. */
  static int code(JsonObject found) {
    return READY.contains(found.getString("status")) ? 200 : 503;
  }

  /**
   * {@code status} of the node, and of each server {@code up} or {@code down}; {@code starting} names the
   * roles that are not up yet. Never fails.
   */
  Future<JsonObject> look() {
    Future<String> postgres = database.query("SELECT 1", Tuple.tuple()).map("up").otherwise("down");
    Future<String> cache = redis.send(Request.cmd(Command.PING)).timeout(500, TimeUnit.MILLISECONDS).map("up")
        .otherwise("down");
    Future<String> kafka = kafka();
    return Future.join(postgres, cache, kafka).map(v -> {
      var starting = state.starting();
      var found = new JsonObject()
          .put("status", status(starting, postgres.result(), cache.result(), kafka.result()))
          .put("postgres", postgres.result()).put("redis", cache.result()).put("kafka", kafka.result());
      return starting.isEmpty() ? found : found.put("starting", new JsonArray(starting));
    });
  }

  /** Whether its first broker takes a connection. */
  private Future<String> kafka() {
    String first = kafkaBootstrap.split(",", 2)[0];
    int colon = first.lastIndexOf(':');
    var client = vertx.createNetClient();
    return client
        .connect(SocketAddress.inetSocketAddress(Integer.parseInt(first.substring(colon + 1)),
            first.substring(0, colon)))
        .timeout(1_000, TimeUnit.MILLISECONDS).map("up").otherwise("down")
        .onComplete(v -> client.close().onFailure(e -> LOG.debug("close error=\"{}\"", e.getMessage())));
  }

  private String status(List<String> starting, String postgres, String redis, String kafka) {
    if (state.leaving()) return "leaving";
    if (!starting.isEmpty()) return "starting";
    if (postgres.equals("down")) return "down";
    return redis.equals("down") || kafka.equals("down") ? "degraded" : "up";
  }
}
