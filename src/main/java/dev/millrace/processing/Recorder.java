package dev.millrace.processing;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.AttemptStore;
import dev.millrace.journal.PaymentReads;
import dev.millrace.payment.Payment;
import dev.millrace.platform.TypeId;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what a provider's word means into the journal. A payment that moved on in between is read again and
 * the word judged anew, so none is lost to a race.
 */
final class Recorder {
  private static final Logger LOG = LoggerFactory.getLogger(Recorder.class);
  private static final int ROUNDS_MAX = 20;

  /** What became of a word: the payment as it stood when it was judged last, and what was found then. */
  record Recorded(PaymentSnapshot work, Finding finding) {}

  /** The journal knows nothing of it, and will not. */
  static final class NoSuchPayment extends RuntimeException {
    private static final long serialVersionUID = 1;

    NoSuchPayment(String message) { super(message, null, false, false); }
  }

  private final AppendWriter journal;
  private final PaymentReads payments;
  private final AttemptStore attempts;
  private final MeterRegistry registry;
  private final MoneyAlerts alerts;

  Recorder(AppendWriter journal, PaymentReads payments, AttemptStore attempts, MeterRegistry registry) {
    this.journal = journal;
    this.payments = payments;
    this.attempts = attempts;
    this.registry = registry;
    this.alerts = new MoneyAlerts(registry);
  }

  /** The payment of this id as it stands; fails with {@link NoSuchPayment}. */
  Future<PaymentSnapshot> read(UUID id) {
    return payments.history(id).map(history -> {
      if (history == null)
        throw new NoSuchPayment("no such payment: " + TypeId.format(TypeId.PAYMENT, id));
      return PaymentSnapshot.of(history);
    });
  }

  /** Judges and writes. {@code attempt}: the call that is answered by it, to be written with the events. */
  Future<Recorded> record(PaymentSnapshot work, @Nullable Attempt attempt, Function<Payment, Finding> judge) {
    return record(work, attempt, judge, PaymentSnapshot.GATEWAY);
  }

  /** The same, asked for by {@code actor}. */
  Future<Recorded> record(PaymentSnapshot work, @Nullable Attempt attempt, Function<Payment, Finding> judge,
      String actor) {
    return record(work, attempt, judge, actor, ROUNDS_MAX);
  }

  private Future<Recorded> record(PaymentSnapshot work, @Nullable Attempt attempt,
      Function<Payment, Finding> judge, String actor, int rounds) {
    Finding finding = judge.apply(work.payment());
    if (finding instanceof Finding.Conflict conflict) alert(work.id(), conflict);
    if (!(finding instanceof Finding.NewEvents happened)) {
      var recorded = new Recorded(work, finding);
      return finding instanceof Finding.NothingNew && attempt != null
          // A webhook was quicker than the answer to our own call: the payment has its events, the call only
          // its end.
          ? attempts.finish(attempt).map(recorded)
          : Future.succeededFuture(recorded);
    }
    return journal
        .append(work.append(actor, attempt == null ? List.of() : List.of(attempt), happened.events()))
        .compose(appended -> {
          if (appended) {
            alerts.of(work.id(), work.payment(), happened.events());
            return Future.succeededFuture(new Recorded(work, finding));
          }
          if (rounds == 0)
            return Future
                .failedFuture(new IllegalStateException("the payment moved on " + ROUNDS_MAX + " times"));
          return read(work.id()).compose(now -> record(now, attempt, judge, actor, rounds - 1));
        });
  }

  private void alert(UUID payment, Finding.Conflict conflict) {
    registry.counter("millrace.provider.conflict", "alert", conflict.alert()).increment();
    LOG.error("alert={} payment={} message=\"{}\"", conflict.alert(), TypeId.format(TypeId.PAYMENT, payment),
        conflict.message());
  }
}
