package dev.millrace.simulator;

import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.InstantSource;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A running stand-in payment provider. What it has answered is in its book, durably; closing and starting
 * again on the same directory changes nothing a client can see but requests under way, settings, and saved
 * answers that charged nothing.
 */
public final class Simulator {
  private final Vertx vertx;
  private final String deploymentId;
  private final int port;

  private Simulator(Vertx vertx, String deploymentId, int port) {
    this.vertx = vertx;
    this.deploymentId = deploymentId;
    this.port = port;
  }

  /**
   * Reads the book and listens. Fails if the port is taken, the book is in use by another simulator, or one
   * of its lines is broken (the message names it); a torn last line is cut off.
   */
  public static Future<Simulator> start(Vertx vertx, SimulatorOptions options) {
    return start(vertx, options, new SplittableRandom(), InstantSource.system());
  }

  static Future<Simulator> start(Vertx vertx, SimulatorOptions options, RandomGenerator dice,
      InstantSource clock) {
    var provider = new SimulatorVerticle(options, dice, clock);
    return vertx.deployVerticle(provider, new DeploymentOptions().setInstances(1))
        .map(id -> new Simulator(vertx, id, provider.port()));
  }

  /** The TCP port it listens on. */
  public int port() {
    return port;
  }

  /** Cuts its connections and closes the book; what has been charged is on disk. */
  public Future<Void> close() {
    return vertx.undeploy(deploymentId);
  }
}
