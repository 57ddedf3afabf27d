package dev.millrace.fraud;

import io.vertx.core.Future;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Counts in memory, in one window that never ends, and remembers what was asked. */
final class MemoryVelocityCounters implements VelocityCounters {
  final List<Counter> asked = new ArrayList<>();
  private final Map<Counter, Long> counts = new HashMap<>();

  @Override
  public Future<long[]> increment(List<Counter> counters) {
    asked.addAll(counters);
    return Future.succeededFuture(counters.stream().mapToLong(c -> counts.merge(c, 1L, Long::sum)).toArray());
  }
}
