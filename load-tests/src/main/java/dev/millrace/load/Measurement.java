package dev.millrace.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A measurement under load: the generator's window and, over the same time, what the gateway had done at
 * even intervals (the first sample at the start, the last at the end) and the CPU each component used.
 */
record Measurement(Window window, List<Sample> samples, Map<String, Double> cpuSeconds, Ops.Heap heapMax) {

  /** `seconds` after the start, as the answer came back. */
  record Sample(double seconds, Ops.Work work) {}

  /**
   * Lets the running load go on for `seconds`, asking the gateway `intervals` times. Fails if a process dies.
   * `ended` gets the window that ends as the measurement begins, and then the measurement's own, each at that
   * moment.
   */
  static Measurement measure(Installation site, Generator generator, int seconds, int intervals, Consumer<Window> ended) {
    var samples = new ArrayList<Sample>();
    var heap = new Ops.Heap(Double.NaN, Double.NaN);
    ended.accept(generator.cut());
    long start = System.nanoTime();
    var cpu = site.cpuSeconds();
    for (int i = 0; i <= intervals; i++) {
      Clock.sleepSeconds((double) seconds * i / intervals - (System.nanoTime() - start) / 1e9);
      site.check();
      if (i == intervals) {
        break;
      }
      samples.add(sample(site, start));
      heap = larger(heap, site.ops.heap());
    }
    var window = generator.cut();
    var used = used(cpu, site.cpuSeconds());
    ended.accept(window);
    samples.add(sample(site, start));
    return new Measurement(window, samples, used, heap);
  }

  /** The same against a server that keeps no books: window and CPU only. */
  static Measurement measureBare(Installation site, Generator generator, int seconds) {
    generator.cut();
    var cpu = site.cpuSeconds();
    Clock.sleepSeconds(seconds);
    site.check();
    var window = generator.cut();
    return new Measurement(window, List.of(), used(cpu, site.cpuSeconds()), new Ops.Heap(Double.NaN, Double.NaN));
  }

  private static Sample sample(Installation site, long start) {
    var work = site.ops.work();
    return new Sample((System.nanoTime() - start) / 1e9, work);
  }

  private static Ops.Heap larger(Ops.Heap one, Ops.Heap other) {
    return Double.isNaN(one.usedMib()) || other.usedMib() > one.usedMib() ? other : one;
  }

  private static Map<String, Double> used(Map<String, Double> before, Map<String, Double> after) {
    var used = new LinkedHashMap<String, Double>();
    after.forEach((component, seconds) -> used.put(component, seconds - before.getOrDefault(component, 0.0)));
    return used;
  }

  double acceptedPerSecond() {
    return window.accepted() / window.seconds();
  }

  double settledPerSecond() {
    var first = samples.getFirst();
    var last = samples.getLast();
    return (last.work().settled() - first.work().settled()) / (last.seconds() - first.seconds());
  }

  /** Events that the journal grew by, those of settlement batches included. */
  double eventsPerSecond() {
    var first = samples.getFirst();
    var last = samples.getLast();
    return (last.work().journal() - first.work().journal()) / (last.seconds() - first.seconds());
  }

  /** Open payments at a fraction (0 to 1) of the measured time. */
  long openAt(double fraction) {
    return samples.get((int) Math.round(fraction * (samples.size() - 1))).work().open();
  }

  long openMax() {
    return samples.stream().mapToLong(sample -> sample.work().open()).max().orElse(0);
  }

  /**
   * By how many payments a second the backlog grew: the slope of the least-squares line through all samples.
   */
  double openSlope() {
    double meanSeconds = samples.stream().mapToDouble(Sample::seconds).average().orElse(0);
    double meanOpen = samples.stream().mapToDouble(sample -> sample.work().open()).average().orElse(0);
    double covariance = 0;
    double variance = 0;
    for (var sample : samples) {
      covariance += (sample.seconds() - meanSeconds) * (sample.work().open() - meanOpen);
      variance += (sample.seconds() - meanSeconds) * (sample.seconds() - meanSeconds);
    }
    return covariance / variance;
  }
}
