package dev.millrace.testing;

import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the metrics of a gateway say of one of its queues, over all instances whose names begin so. */
public final class QueueGauge {
  private static final Duration BOUND = Duration.ofSeconds(15);
  private static final Pattern LINE = Pattern
      .compile(
          "millrace_queue_(depth|limit|rejected_total)\\{instance=\"([^\"]*)\",queue=\"([^\"]*)\"} (\\S+)");

  private final GatewayProcess gateway;
  private final String queue;
  private final String instance;
  private final double rejectedBefore;

  private QueueGauge(GatewayProcess gateway, String queue, String instance) {
    this.gateway = gateway;
    this.queue = queue;
    this.instance = instance;
    this.rejectedBefore = read("rejected_total");
  }

  public static QueueGauge of(GatewayProcess gateway, String queue) { return of(gateway, queue, ""); }

  public static QueueGauge of(GatewayProcess gateway, String queue, String instance) {
    return new QueueGauge(gateway, queue, instance);
  }

  /** The names of all queues that a gateway has. */
  public static Set<String> names(GatewayProcess gateway) {
    var names = new TreeSet<String>();
    lines(gateway).forEach(line -> names.add(line.group(3)));
    return names;
  }

  private static Iterable<Matcher> lines(GatewayProcess gateway) {
    return Http.get(gateway.opsUrl() + "/metrics").body().lines().map(LINE::matcher).filter(Matcher::matches)
        .toList();
  }

  private double read(String what) {
    double sum = Double.NaN;
    for (Matcher line : lines(gateway)) {
      if (line.group(1).equals(what) && line.group(3).equals(queue) && line.group(2).startsWith(instance))
        sum = (Double.isNaN(sum) ? 0 : sum) + Double.parseDouble(line.group(4));
    }
    if (Double.isNaN(sum)) throw new AssertionError("no millrace_queue_" + what + " of " + queue);
    return sum;
  }

  public double depth() { return read("depth"); }

  public double limit() { return read("limit"); }

  /** How many were refused since this gauge was made. */
  public double rejected() {
    return read("rejected_total") - rejectedBefore;
  }

  /** Waits until the depth is the limit. */
  public void awaitFull() {
    Await.until(BOUND, queue + " is full, with " + limit(), () -> depth() == limit());
  }

  public void awaitRejected() {
    Await.until(BOUND, queue + " has refused", () -> rejected() > 0);
  }

  public void awaitEmpty() {
    Await.until(BOUND, queue + " is empty", () -> depth() == 0);
  }
}
