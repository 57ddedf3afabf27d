package dev.millrace.webhook;

import java.time.Duration;
import java.util.List;

/**
 * How deliveries are made.
 *
 * @param windows how long a delivery waits for its next attempt after the first failed one, the second, …
 * @param jitterPercent by how much of itself, at most, each wait is lengthened
 * @param inFlightMax calls at once, over all endpoints; slow and failing ones may have half of it
 * @param inMemoryMax deliveries in memory, over all endpoints; one of each endpoint in any case
 * @param breakerFailures consecutive failures after which an endpoint is only probed
 * @param cooldown how long after that it is probed first; doubled with each failed probe
 * @param probeEvery the longest time between two probes
 * @param drainPerSecond dead letters of a recovered endpoint that are delivered again in a second
 * @param disableAfter failing for so long without a success disables an endpoint
 */
public record DeliveryPolicy(List<Duration> windows, int jitterPercent, int inFlightMax, int inMemoryMax,
    int breakerFailures,
    Duration cooldown, Duration probeEvery, int drainPerSecond, Duration disableAfter) {

  /**
   * What a delivery takes to its last attempt at the longest: the windows with their whole jitter, and two
   * probes.
   */
  Duration lifetime() {
    return windows.stream().reduce(Duration.ZERO, Duration::plus).multipliedBy(100L + jitterPercent)
        .dividedBy(100)
        .plus(probeEvery.multipliedBy(2));
  }
}
