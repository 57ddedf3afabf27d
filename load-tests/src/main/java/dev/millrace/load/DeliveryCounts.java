package dev.millrace.load;

import org.HdrHistogram.Histogram;

/**
 * What arrived between two moments where the gateway sends events to. The delay is that from the event's own
 * timestamp, in whole milliseconds, by the one clock of the machine.
 */
final class DeliveryCounts {
  private static final long DELAY_MS_MAX = 3_600_000;

  private final long start = System.nanoTime();
  private final Histogram delay = new Histogram(DELAY_MS_MAX, 3);
  private double seconds;
  private long count;

  /** One more, whose delay is not asked for or not known. */
  void arrived() {
    count++;
  }

  /** The delay of one that has been counted. */
  void delayed(long millis) {
    delay.recordValue(Math.min(DELAY_MS_MAX, Math.max(0, millis)));
  }

  DeliveryCounts end() {
    seconds = (System.nanoTime() - start) / 1e9;
    return this;
  }

  long count() {
    return count;
  }

  double perSecond() {
    return count / seconds;
  }

  /** The columns on the delay. */
  Row into(Row row) {
    return delay.getTotalCount() == 0
        ? row
        : row.with("delay p50 ms", delay.getValueAtPercentile(50))
            .with("delay p99 ms", delay.getValueAtPercentile(99)).with("delay max ms", delay.getMaxValue());
  }
}
