package dev.millrace.rebuild;

import java.io.PrintStream;
import java.util.Locale;
import java.util.concurrent.TimeUnit;

/** Says once a second how far the replay has come, and how long the rest will take at the rate so far. */
final class Progress {
  private final PrintStream out;
  private final long total;
  private final long began = System.nanoTime();
  private long done;
  private long said = began;

  Progress(PrintStream out, long total) {
    this.out = out;
    this.total = total;
  }

  void passed(int events) {
    done += events;
    long now = System.nanoTime();
    if (now - said < TimeUnit.SECONDS.toNanos(1)) return;
    said = now;
    double rate = rate(now);
    out.printf(Locale.ROOT, "replayed %d of %d events, %.1f %%, %.0f/s, %.0f s to go%n", done, total,
        total == 0 ? 100 : 100.0 * done / total, rate, rate == 0 ? 0 : Math.max(0, total - done) / rate);
  }

  private double rate(long now) { return done * 1e9 / Math.max(1, now - began); }

  void end() {
    long now = System.nanoTime();
    out.printf(Locale.ROOT, "replayed %d events in %.1f s, %.0f/s%n", done, (now - began) / 1e9, rate(now));
  }
}
