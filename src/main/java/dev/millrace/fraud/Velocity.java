package dev.millrace.fraud;

import org.jspecify.annotations.Nullable;

/**
 * A declared count of recent payments; payments for which {@code except} holds are not counted and see a
 * count of 0.
 */
record Velocity(String name, By by, long windowSeconds, @Nullable Expression except) {

  /** What a velocity counts by. */
  enum By {
    MERCHANT, PAYMENT_METHOD
  }

  /** Live and test payments never share a count. */
  VelocityCounters.Counter counter(Candidate candidate) {
    String subject = switch (by) {
      case MERCHANT -> candidate.merchant();
      case PAYMENT_METHOD -> candidate.paymentMethod();
    };
    return new VelocityCounters.Counter(name + (candidate.livemode() ? ":live:" : ":test:") + subject,
        windowSeconds);
  }
}
