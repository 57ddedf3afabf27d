package dev.millrace.load;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The figures of one phase, by column name, and what went wrong in it. */
record Row(String phase, Map<String, Double> figures, Map<String, Long> errors, List<String> problems) {

  /** Throughput, latency, errors and CPU per accepted request of a measurement. */
  static Row of(String phase, Measurement measurement) {
    return of(phase, measurement, measurement.window().accepted());
  }

  /** The same with CPU per one of `count` other things done meanwhile. */
  static Row of(String phase, Measurement measurement, long count) {
    var figures = new LinkedHashMap<String, Double>();
    var window = measurement.window();
    figures.put("accepted/s", measurement.acceptedPerSecond());
    figures.put("p50 ms", window.latencyMillis(50));
    figures.put("p99 ms", window.latencyMillis(99));
    figures.put("p99.9 ms", window.latencyMillis(99.9));
    figures.put("heap used MiB", measurement.heapMax().usedMib());
    figures.put("heap max MiB", measurement.heapMax().maxMib());
    measurement.cpuSeconds()
        .forEach((component, seconds) -> figures.put(component, seconds * 1e6 / count));
    return new Row(phase, figures, window.errors(), List.of());
  }

  Row with(String column, double figure) {
    figures.put(column, figure);
    return this;
  }

  Row with(List<String> moreProblems) {
    return new Row(phase, figures, errors, moreProblems);
  }

  double figure(String column) {
    return figures.getOrDefault(column, Double.NaN);
  }
}
