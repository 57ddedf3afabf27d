package dev.millrace.fraud;

import dev.cel.runtime.CelVariableResolver;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the expressions see of one payment. Values are resolved on demand by their qualified name, so that a
 * screening builds no map and no message. Owned by one screening; not thread-safe.
 */
final class Facts implements CelVariableResolver {

  /** The variables that are the same for every payment, and the numbers of the velocities. */
  record Shared(Map<String, Optional<Object>> lists, Map<String, Integer> velocityIndex) {

    static Shared of(Map<String, Map<String, Boolean>> lists, List<Velocity> velocities) {
      Map<String, Optional<Object>> byName = new HashMap<>();
      lists.forEach((name, entries) -> byName.put("lists." + name, Optional.of(entries)));
      Map<String, Integer> index = new HashMap<>();
      for (int i = 0; i < velocities.size(); i++) {
        index.put("velocity." + velocities.get(i).name(), i);
      }
      return new Shared(Map.copyOf(byName), Map.copyOf(index));
    }
  }

  private final Shared shared;
  private final Candidate candidate;
  private final long[] counts;

  Facts(Shared shared, Candidate candidate) {
    this.shared = shared;
    this.candidate = candidate;
    this.counts = new long[shared.velocityIndex().size()];
  }

  /** Sets the count of the velocity with this number; until then it is 0. */
  void count(int velocity, long count) {
    counts[velocity] = count;
  }

  @Override
  public Optional<Object> find(String name) {
    return switch (name) {
      case "payment.amount" -> Optional.of(candidate.amount());
      case "payment.currency" -> Optional.of(candidate.currency());
      case "payment.payment_method" -> Optional.of(candidate.paymentMethod());
      case "payment.merchant" -> Optional.of(candidate.merchant());
      case "payment.livemode" -> Optional.of(candidate.livemode());
      case "payment.metadata" -> Optional.of(candidate.metadata());
      default -> findShared(name);
    };
  }

  private Optional<Object> findShared(String name) {
    Integer velocity = shared.velocityIndex().get(name);
    return velocity != null
        ? Optional.of(counts[velocity])
        : shared.lists().getOrDefault(name, Optional.empty());
  }
}
