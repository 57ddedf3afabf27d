package dev.millrace.load;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import org.HdrHistogram.Histogram;

/**
 * What the generator saw between two moments. A request counts in the window in which it ended. `latency` is
 * that of accepted requests alone, in microseconds: a quick refusal must not flatter it.
 */
final class Window {
  private static final long LATENCY_US_MAX = 120_000_000;
  private static final int STATUS_MAX = 599;

  private final int acceptedStatus;
  private final long start = System.nanoTime();
  private final long[] byStatus = new long[STATUS_MAX + 1];
  private final Histogram latency = new Histogram(LATENCY_US_MAX, 3);
  private double seconds;
  private long cut;
  private long endless;
  private long overflow;
  private long unanswered;

  /** `acceptedStatus` is the one by which the server says that it took the request. */
  Window(int acceptedStatus) {
    this.acceptedStatus = acceptedStatus;
  }

  /** `retryAfterSeconds` is 0 for an answer that did not say. */
  void answered(int status, long latencyNanos, int retryAfterSeconds) {
    byStatus[Math.min(status, STATUS_MAX)]++;
    if ((status == 429 || status == 503) && retryAfterSeconds == 0) {
      endless++;
    }
    if (status == acceptedStatus) {
      latency.recordValue(Math.min(LATENCY_US_MAX, Math.max(0, latencyNanos / 1000)));
    }
  }

  /** A connection broke, or answered nonsense, with a request in flight: its outcome is unknown. */
  void cut() {
    cut++;
  }

  /** The open model's queue was full: a scheduled request was never sent. */
  void overflow() {
    overflow++;
  }

  Window end(long unansweredRequests) {
    seconds = (System.nanoTime() - start) / 1e9;
    unanswered = unansweredRequests;
    return this;
  }

  double seconds() {
    return seconds;
  }

  long accepted() {
    return byStatus[acceptedStatus];
  }

  long rejected() {
    return byStatus[503] + byStatus[429];
  }

  /** Refusals, 429 or 503, that did not say when to come again. */
  long withoutRetryAfter() {
    return endless;
  }

  /** Requests that got an answer, whichever. */
  long answered() {
    return Arrays.stream(byStatus).sum();
  }

  /** Requests that may have been accepted without the generator having heard of it. */
  long unknown() {
    long serverErrors = Arrays.stream(byStatus, 500, STATUS_MAX + 1).sum() - byStatus[503];
    return cut + unanswered + serverErrors;
  }

  double latencyMillis(double percentile) {
    return latency.getTotalCount() == 0 ? Double.NaN : latency.getValueAtPercentile(percentile) / 1000.0;
  }

  /** Everything that was not accepted, by status or by name. */
  Map<String, Long> errors() {
    var errors = new TreeMap<String, Long>();
    for (int status = 0; status <= STATUS_MAX; status++) {
      if (status != acceptedStatus && byStatus[status] > 0) {
        errors.put(Integer.toString(status), byStatus[status]);
      }
    }
    Map.of("cut", cut, "overflow", overflow, "unanswered", unanswered).forEach((name, count) -> {
      if (count > 0) {
        errors.put(name, count);
      }
    });
    return errors;
  }
}
