package dev.millrace.processing;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is to be done with a payment after its steps: of its charge and of each open operation what there is
 * to do, so that none hides the other's.
 *
 * @param stuck what a person must look at; trying again does not mend it
 * @param waits what is to be looked at again later; null when there is nothing
 */
record FollowUp(List<Stuck> stuck, @Nullable Waits waits) {
  /** It contradicts what is known, or cannot be. */
  record Stuck(RetryKind handler, String reason) {}

  /**
   * Look at it again later.
   *
   * @param turn whether it only waits for its turn: its provider was not called, and no try is used up
   */
  record Waits(RetryKind handler, String reason, boolean turn) {}

  /** Nothing: it is at rest, waits for settlement or is in another's hands. */
  static final FollowUp DONE = new FollowUp(List.of(), null);

  static FollowUp again(RetryKind handler, String reason) {
    return new FollowUp(List.of(), new Waits(handler, reason, false));
  }

  /** Its turn has not come. */
  static FollowUp later(RetryKind handler) {
    return new FollowUp(List.of(), new Waits(handler, "its turn at the provider has not come", true));
  }

  static FollowUp stuck(RetryKind handler, String reason) {
    return new FollowUp(List.of(new Stuck(handler, reason)), null);
  }

  /** This and the other. A failed try outweighs a turn that has not come. */
  FollowUp and(FollowUp other) {
    Waits both = waits == null || (other.waits != null && waits.turn) ? other.waits : waits;
    return new FollowUp(Stream.concat(stuck.stream(), other.stuck.stream()).toList(), both);
  }

  /** All that a person must look at, as one text; empty when there is nothing. */
  String problem() {
    return stuck.stream().map(Stuck::reason).distinct().collect(Collectors.joining("; "));
  }
}
