package dev.millrace.processing;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.inbox.PayerReturnStore;
import dev.millrace.journal.UnresolvedPayments;
import dev.millrace.platform.Database;
import dev.millrace.platform.PacedLoop;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds payments that nothing drives any more, from Postgres alone: the answer to lost records and lost
 * retries. Every payment is looked at once, {@code ageMs} after it was made, and every operation that has
 * stood still for so long; what is not at rest then is noted and tried again at doubling intervals until it
 * is. Several may run: each row is claimed by one.
 */
final class Janitor {
  private static final Logger LOG = LoggerFactory.getLogger(Janitor.class);

  private final PacedLoop loop;
  private final UnresolvedPayments payments;
  private final PayerReturnStore returns;
  private final DeadLetterStore letters;
  private final long ageMs;
  private final long intervalMs;
  private final Function<UUID, Future<Void>> resume;
  private volatile long unresolved;

  /** {@code resume} drives one payment on; its failures are its own to report. */
  Janitor(Vertx vertx, Database database, DeadLetterStore letters, long ageMs, long intervalMs,
      Function<UUID, Future<Void>> resume, MeterRegistry registry) {
    this.loop = new PacedLoop(vertx, "janitor_failed", intervalMs, this::round);
    this.returns = new PayerReturnStore(database);
    this.letters = letters;
    this.payments = new UnresolvedPayments(database);
    this.ageMs = ageMs;
    this.intervalMs = intervalMs;
    this.resume = resume;
    Gauge.builder("millrace.payments.unresolved", this, j -> j.unresolved).register(registry);
  }

  void start() { loop.start(intervalMs); }

  /** One round; at once again when there is more to look at. */
  private Future<Long> round() {
    return payments.lookAtPayments(ageMs).compose(more -> payments.lookAtOperations(ageMs)
        .compose(v -> payments.claim()).compose(this::drive).compose(v -> payments.forgetResolved())
        .compose(letters::closePassed).compose(v -> returns.forget()).compose(v -> payments.count())
        .map(count -> {
          unresolved = count;
          return more ? 0 : intervalMs;
        }));
  }

  private Future<Void> drive(List<UUID> claimed) {
    if (!claimed.isEmpty()) LOG.info("janitor_resumes payments={}", claimed.size());
    return Future.join(claimed.stream().map(resume).toList()).<Void>mapEmpty().otherwiseEmpty();
  }

  /**
   * Begins no other round, and does not wait for the one in hand: what it drives may take long, and is driven
   * again.
   */
  void close() { loop.stop(); }
}
