package dev.millrace.api;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/**
 * How often something may happen from one source in a minute. Remembers the {@value #SOURCES_MAX} last; owned
 * by one event loop.
 */
final class SourceLimit {
  private static final int SOURCES_MAX = 10_000;
  private static final long MINUTE_MS = 60_000;

  private static final class Window {
    long startMs;
    int count;
  }

  private final int perMinute;
  private final LongSupplier clockMs;
  private final Map<String, Window> windows = new LinkedHashMap<>(64, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<String, Window> eldest) { return size() > SOURCES_MAX; }
  };

  /** {@code clockMs} is monotonic. */
  SourceLimit(int perMinute, LongSupplier clockMs) {
    this.perMinute = perMinute;
    this.clockMs = clockMs;
  }

  /** Whether the next one would be one too many. */
  boolean used(String source) {
    Window window = windows.get(source);
    return window != null && window.count >= perMinute && clockMs.getAsLong() - window.startMs < MINUTE_MS;
  }

  /** Counts one; false when it is one too many. */
  boolean take(String source) {
    Window window = windows.computeIfAbsent(source, s -> new Window());
    long now = clockMs.getAsLong();
    if (window.count == 0 || now - window.startMs >= MINUTE_MS) {
      window.startMs = now;
      window.count = 0;
    }
    window.count++;
    return window.count <= perMinute;
  }
}
