package dev.millrace.processing;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.deadletter.Failure;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import java.time.InstantSource;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Drives on a payment that the janitor has found. What still has to wait comes again of itself; what a person
 * must look at is a dead letter, unless it is one already. Never fails: the janitor comes by again.
 */
final class Sweep {
  private static final Logger LOG = LoggerFactory.getLogger(Sweep.class);

  private final PaymentFlow flow;
  private final DeadLetterStore letters;
  private final Patience patience;
  private final InstantSource clock;

  Sweep(PaymentFlow flow, DeadLetterStore letters, Patience patience, InstantSource clock) {
    this.flow = flow;
    this.letters = letters;
    this.patience = patience;
    this.clock = clock;
  }

  Future<Void> resume(UUID payment) {
    return flow.resume(payment).compose(next -> next.stuck().isEmpty()
        ? waited(payment)
        : letters.buryOnce(payment, next.stuck().getFirst().handler().wire(), Failure.now(next.problem()),
            false))
        .recover(failure -> {
          LOG.warn("janitor_resume_failed payment={} error=\"{}\"", TypeId.format(TypeId.PAYMENT, payment),
              failure.getMessage());
          return Future.succeededFuture();
        });
  }

  /** What its provider has not decided on for too long is a letter, until it has. */
  private Future<Void> waited(UUID payment) {
    return flow.read(payment).compose(p -> {
      String exhausted = patience.exhausted(p, clock.millis());
      return exhausted == null
          ? Future.succeededFuture()
          : letters.buryOnce(payment,
              (p.status() == Status.PROCESSING ? RetryKind.CHARGE : RetryKind.OPERATION).wire(),
              Failure.now(exhausted), true);
    });
  }
}
