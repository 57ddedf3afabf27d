package dev.millrace.simulator.settings;

/** The settings as they are now; a change holds for what begins, or becomes durable, from then on. */
public final class CurrentSettings {
  private SimulatorSettings now;

  public CurrentSettings(SimulatorSettings now) {
    this.now = now;
  }

  public SimulatorSettings now() {
    return now;
  }

  public void change(SimulatorSettings changed) {
    now = changed;
  }
}
