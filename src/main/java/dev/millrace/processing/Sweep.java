package dev.millrace.processing;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.deadletter.Failure;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
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

  Sweep(PaymentFlow flow, DeadLetterStore letters) {
    this.flow = flow;
    this.letters = letters;
  }

  Future<Void> resume(UUID payment) {
    return flow.resume(payment)
        .compose(next -> next.stuck().isEmpty()
            ? Future.<Void>succeededFuture()
            : letters.buryOnce(payment, next.stuck().getFirst().handler().wire(),
                Failure.now(next.problem())))
        .recover(failure -> {
          LOG.warn("janitor_resume_failed payment={} error=\"{}\"", TypeId.format(TypeId.PAYMENT, payment),
              failure.getMessage());
          return Future.succeededFuture();
        });
  }
}
