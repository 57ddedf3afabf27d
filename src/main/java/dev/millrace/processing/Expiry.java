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

  private final PacedLoop loop;
  private final PaymentReads payments;
  private final AppendWriter journal;
  private final long intervalMs;
  private final long longestMs;

  /**
   * {@code intervalMs}: between rounds that find some; {@code longestMs}: while none is to run out, in case
   * one is made that will sooner.
   */
  Expiry(Vertx vertx, Database database, AppendWriter journal, long intervalMs, long longestMs) {
    this.loop = new PacedLoop(vertx, "expiry_failed", intervalMs, this::round);
    this.payments = new PaymentReads(database);
    this.journal = journal;
    this.intervalMs = intervalMs;
    this.longestMs = Math.max(intervalMs, longestMs);
  }

  void start() { loop.start(intervalMs); }

  /** Answers when to look next. */
  private Future<Long> round() {
    return payments.expired(PAGE).compose(ids -> ids.isEmpty()
        ? payments.nextExpiryMs()
            .map(ms -> ms == null ? longestMs : Math.clamp(ms, intervalMs, longestMs))
        : Future.join(ids.stream().map(this::expire).toList()).map(intervalMs));
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
