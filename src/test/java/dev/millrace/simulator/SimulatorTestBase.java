package dev.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.webhook.WebhookTarget;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A simulator for each test, on a book of its own, and where the test wants webhooks a receiver that they are
 * sent to.
 */
abstract class SimulatorTestBase {
  static final String WEBHOOKS_AT_ONCE = "{\"webhook_delay_ms_min\":0,\"webhook_delay_ms_max\":0}";

  @TempDir
  Path directory;
  RunningSimulator provider;
  /** Null where no wire sends webhooks. */
  WebhookReceiver receiver;
  private final Map<Wire, String> secrets;

  /** {@code secrets}: of the wires that send webhooks. */
  SimulatorTestBase(Map<Wire, String> secrets) {
    this.secrets = secrets;
  }

  SimulatorTestBase() {
    this(Map.of());
  }

  /** Changes the settings each time the simulator has started. */
  void started() throws Exception {}

  @BeforeEach
  final void startAll() throws Exception {
    if (!secrets.isEmpty()) {
      receiver = new WebhookReceiver();
    }
    start();
  }

  private void start() throws Exception {
    var targets = new EnumMap<Wire, WebhookTarget>(Wire.class);
    secrets.forEach((wire, secret) -> targets.put(wire, new WebhookTarget(receiver.url(), secret)));
    provider = new RunningSimulator(directory, targets);
    started();
  }

  /** Stops the simulator and starts it again on the same book. */
  final void restart() throws Exception {
    provider.close();
    start();
  }

  @AfterEach
  final void stopAll() throws Exception {
    if (provider != null) {
      provider.close();
    }
    if (receiver != null) {
      receiver.close();
    }
  }

  final void settings(String change) throws Exception {
    assertThat(provider.put("/settings", change).statusCode()).isEqualTo(200);
  }
}
