package dev.millrace.simulator;

/** The settings as they are now; a change holds for what begins, or becomes durable, from then on. */
final class CurrentSettings {
  private Settings now;

  CurrentSettings(Settings now) {
    this.now = now;
  }

  Settings now() {
    return now;
  }

  void change(Settings changed) {
    now = changed;
  }
}
