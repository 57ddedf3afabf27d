package dev.millrace.processing;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Lets no two pieces of work for one payment run at once in this process; of those that wait, one is enough,
 * because each does all that is open. Between processes the payment's version decides. Owned by one event
 * loop.
 */
final class PaymentSingleFlight {
  private static final class Turn {
    /** Null while nobody waits. */
    @Nullable
    Promise<FollowUp> next;
  }

  private final Map<UUID, Turn> turns = new HashMap<>();

  /** Runs {@code work} when nobody else works for this payment; joins whoever waits for that already. */
  Future<FollowUp> run(UUID payment, Supplier<Future<FollowUp>> work) {
    Turn turn = turns.get(payment);
    if (turn == null) {
      turns.put(payment, new Turn());
      return start(payment, work);
    }
    if (turn.next == null) turn.next = Promise.promise();
    return turn.next.future();
  }

  private Future<FollowUp> start(UUID payment, Supplier<Future<FollowUp>> work) {
    return Future.succeededFuture().compose(v -> work.get()).onComplete(done -> {
      Turn turn = turns.remove(payment);
      if (turn == null || turn.next == null) return;
      turns.put(payment, new Turn());
      start(payment, work).onComplete(turn.next);
    });
  }
}
