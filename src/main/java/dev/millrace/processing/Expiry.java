package dev.millrace.processing;

import dev.millrace.journal.Append;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.PaymentReads;
import dev.millrace.payment.Commands;
import dev.millrace.payment.Commands.Decision;
import dev.millrace.platform.Database;
import dev.millrace.platform.PacedLoop;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.UUID;

/**
 * Ends authorizations that nobody captured and actions that no payer completed in time: it requests a
 * cancellation of each, which then goes the way of every cancellation, and again an hour after a provider has
 * refused one. Several may run: of two requests one finds the version it expects.
 */
final class Expiry {
  /** The reason of a cancellation that ends in {@code payment.expired}. */
  static final String REASON = "expired";
  private static final int PAGE = 500;
  private static final long SHORTEST_MS = 1_000;
  /** A time that is set after a look, and is over before the next, ends so much late at most. */
  private static final long LONGEST_MS = 5_000;

  private final PacedLoop loop;
  private final PaymentReads payments;
  private final AppendWriter journal;

  Expiry(Vertx vertx, Database database, AppendWriter journal) {
    this.loop = new PacedLoop(vertx, "expiry_failed", SHORTEST_MS, this::round);
    this.payments = new PaymentReads(database);
    this.journal = journal;
  }

  void start() { loop.start(SHORTEST_MS); }

  /** Answers when to look next: when the next one is due. */
  private Future<Long> round() {
    return payments.expired(PAGE).compose(ids -> ids.isEmpty()
        ? payments.nextExpiryMs()
            .map(ms -> ms == null ? LONGEST_MS : Math.clamp(ms, SHORTEST_MS, LONGEST_MS))
        : Future.join(ids.stream().map(this::expire).toList()).map(SHORTEST_MS));
  }

  private Future<Void> expire(UUID id) {
    return payments.history(id).compose(history -> {
      if (history == null) return Future.succeededFuture();
      PaymentSnapshot work = PaymentSnapshot.of(history);
      // Somebody may have moved it on, or asked for something, since it was found.
      Decision decision = Commands.cancel(work.payment(), TypeId.format(TypeId.CANCELLATION, TypeId.next()),
          REASON);
      if (!(decision instanceof Decision.Accepted accepted)) return Future.succeededFuture();
      Append append = work.append(List.of(), List.of(accepted.event()));
      return journal.append(append).mapEmpty();
    });
  }

  void close() { loop.stop(); }
}
