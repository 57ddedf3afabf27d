package dev.millrace.start;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import dev.millrace.simulator.Simulator;
import dev.millrace.simulator.SimulatorOptions;
import io.vertx.core.Vertx;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

/** Starts the simulator as configured. Not in the production build. */
final class SimulatorPart implements OptionalParts.SimulatorStarter {
  @Override
  public Callable<?> start(Config config, Vertx vertx) throws Exception {
    SimulatorOptions options;
    try {
      options = new SimulatorOptions(config.text("simulator.host"), config.port("simulator.port"),
          Path.of(config.text("data.directory")).resolve("simulator"), config.text("simulator.key"),
          config.integer("simulator.latency-ms-min"), config.integer("simulator.latency-ms-max"),
          config.decimal("simulator.failure-rate"), SimulatorWebhooks.of(config));
    } catch (IllegalArgumentException e) {
      throw new ConfigException("`simulator`: " + e.getMessage());
    }
    Simulator simulator = StartStep.await("simulator.port", options.port(), Simulator.start(vertx, options));
    return () -> simulator.close().await(StartStep.STOP_TIMEOUT_S, TimeUnit.SECONDS);
  }
}
