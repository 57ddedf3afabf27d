package dev.millrace.processing;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.platform.Drain;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.PacedLoop;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import dev.millrace.deadletter.DeadLetterStore.Outcome;
import dev.millrace.deadletter.DeadLetterStore.Taken;
import dev.millrace.inbox.InboxStore;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.MultiGauge;
import io.micrometer.core.instrument.Tags;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Carries out the replays and the inquiries that operators ordered, on every processor, each letter in one's
 * hands at a time. A payment goes the way of any other that is resumed, so a replay that runs twice, at once
 * or after a crash, moves no money twice.
 */
final class DeadLetterReplays {
  private static final Logger LOG = LoggerFactory.getLogger(DeadLetterReplays.class);
  private static final int IN_HAND_MAX = 32;
  private static final long COUNT_EVERY_MS = 5_000;
  private static final List<String> TASKS = List.of(RetryKind.CHARGE.wire(), RetryKind.OPERATION.wire(),
      DeadLetterStore.POISON, DeadLetterStore.FORGED, DeadLetterStore.WEBHOOK, DeadLetterStore.INQUIRY);

  private record End(Outcome outcome, String note) {}

  /**
   * {@code interval}: between looks; {@code leaseMs}: how long one is another's before it is taken for left
   * behind.
   */
  record Timing(AdaptiveInterval interval, long leaseMs) {}

  private final Vertx vertx;
  private final DeadLetterStore letters;
  private final PaymentFlow flow;
  private final RecordProcessor records;
  private final Retries retries;
  private final InboxStore inbox;
  private final Runnable parked;
  private final Timing timing;
  private final MeterRegistry registry;
  private final MultiGauge open;
  private final PacedLoop looking;
  private long lookedNanos = System.nanoTime();
  private int inHand;
  private boolean closed;

  /** {@code parked} runs when a webhook is to be worked off again. */
  DeadLetterReplays(Vertx vertx, DeadLetterStore letters, PaymentFlow flow, RecordProcessor records,
      Retries retries, InboxStore inbox, Runnable parked, Timing timing, MeterRegistry registry) {
    this.parked = parked;
    this.vertx = vertx;
    this.letters = letters;
    this.flow = flow;
    this.records = records;
    this.retries = retries;
    this.inbox = inbox;
    this.timing = timing;
    this.looking = new PacedLoop(vertx, "dead_letters_not_taken", timing.interval.shortestMs(), this::look);
    this.registry = registry;
    this.open = MultiGauge.builder("millrace.dead.letters.open").register(registry);
  }

  void start() {
    looking.start(0);
    count();
  }

  /** Some were ordered. On the owning event loop. */
  void wake() {
    if (timing.interval.quicken()) looking.wake();
  }

  private Future<Long> look() {
    int room = IN_HAND_MAX - inHand;
    long sinceMs = (System.nanoTime() - lookedNanos) / 1_000_000;
    lookedNanos = System.nanoTime();
    if (room == 0) return Future.succeededFuture(timing.interval.next(true));
    // What became due between two looks comes at once; not what became due while this process hung.
    long lateMs = Math.clamp(sinceMs, timing.interval.shortestMs(), timing.interval.longestMs());
    return letters.take(room, timing.leaseMs, lateMs)
        .map(taken -> {
          taken.forEach(this::replay);
          return timing.interval.next(!taken.isEmpty());
        });
  }

  private void replay(Taken letter) {
    inHand++;
    run(letter).compose(end -> letters.end(letter, end.outcome, end.note).onSuccess(counted -> {
      LOG.info("dead_letter_replayed letter={} payment={} outcome={} counted={} note=\"{}\"", letter.id(),
          letter.payment() == null ? "-" : TypeId.format(TypeId.PAYMENT, letter.payment()),
          end.outcome.wire(), counted, end.note);
      if (counted)
        registry.counter("millrace.dead.letter.replays", "outcome", end.outcome.wire()).increment();
    })).onFailure(failure ->
    // It is taken again when its time is over.
    LOG.warn("dead_letter_replay_put_off letter={} error=\"{}\"", letter.id(), failure.getMessage()))
        .onComplete(done -> inHand--);
  }

  /** Fails only while Postgres is away. */
  private Future<End> run(Taken letter) {
    return Future.succeededFuture().compose(v -> switch (letter.task()) {
      case DeadLetterStore.WEBHOOK -> told(letter);
      // Its payment, if there is one, has its own records, or the janitor.
      case DeadLetterStore.FORGED -> Future.succeededFuture(new End(Outcome.FAILED,
          "it was not written by this installation, and is not believed by being replayed: discard it"));
      case DeadLetterStore.INQUIRY -> asked(letter, Objects.requireNonNull(letter.payment()));
      default ->
        driven(letter, letter.payment() != null ? letter.payment() : records.payment(letter.origin()));
    })
        .recover(failure -> failure instanceof Unavailable
            ? Future.failedFuture(failure)
            : Future.succeededFuture(new End(Outcome.FAILED, String.valueOf(failure.getMessage()))));
  }

  private Future<End> driven(Taken letter, UUID payment) {
    return flow.resume(payment)
        .compose(next -> retries.first(payment, next.waits(), letter.traceparent()).map(v -> {
          if (!next.stuck().isEmpty()) return new End(Outcome.FAILED, next.problem());
          return next.waits() == null
              ? new End(Outcome.DONE, "nothing is left to do")
              : new End(Outcome.WAITS, "waits in a retry window again: " + next.waits().reason());
        }));
  }

  /** What an operator ordered: the provider is asked about all that was called, also what is at rest. */
  private Future<End> asked(Taken letter, UUID payment) {
    return flow.readAgain(payment, "operator:" + letter.operator())
        .compose(report -> retries.first(payment, report.waits(), letter.traceparent())
            .map(v -> new End(
                report.unsettled() ? Outcome.FAILED : report.waits() == null ? Outcome.DONE : Outcome.WAITS,
                report.note())));
  }

  /** Webhooks are worked off by one worker, which finds it among those that wait for their payment. */
  private Future<End> told(Taken letter) {
    String[] parts = letter.origin().source().split("/", 4);
    return inbox.again(parts[1], parts[2], parts[3], letter.ordered()).map(again -> switch (again) {
      case PARKED -> {
        parked.run();
        yield new End(Outcome.WAITS, "is worked off again");
      }
      case IN_HAND -> new End(Outcome.FAILED, "it is being worked off at this moment: look again");
      case GONE -> new End(Outcome.FAILED, "it is no longer kept (`inbox.retention`)");
    });
  }

  private void count() {
    if (closed) return;
    letters.open().onComplete(result -> {
      if (result.failed()) LOG.warn("dead_letters_not_counted error=\"{}\"", result.cause().getMessage());
      else show(result.result());
      vertx.setTimer(COUNT_EVERY_MS, id -> count());
    });
  }

  private void show(Map<String, Long> counts) {
    var all = new TreeMap<>(counts);
    TASKS.forEach(task -> all.putIfAbsent(task, 0L));
    open.register(all.entrySet().stream()
        .map(e -> MultiGauge.Row.of(Tags.of("task", e.getKey()), e.getValue())).toList(), true);
  }

  /** Takes no more, and waits up to {@code ms} for those in hand; what is left others take later. */
  Future<Void> close(long ms) {
    closed = true;
    looking.stop();
    return Drain.of(vertx, () -> inHand, ms).mapEmpty();
  }
}
