package dev.millrace.inbox;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.deadletter.Failure;
import dev.millrace.deadletter.Origin;
import dev.millrace.inbox.ProviderEventHandler.Disposition;
import dev.millrace.journal.AttemptStore;
import dev.millrace.journal.AttemptStore.KnownCall;
import dev.millrace.journal.AttemptStore.ProviderName;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.Follower;
import dev.millrace.journal.Follower.Batch;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.Database;
import dev.millrace.platform.FaultPoint;
import dev.millrace.platform.Lease;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.inbox.InboxStore.Kept;
import dev.millrace.inbox.InboxStore.Parked;
import dev.millrace.inbox.InboxStore.Result;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.time.InstantSource;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Works off what providers told us, in the order in which it was kept: what decides a payment's
 * outcome is appended to the payment, through the journal and by its version, so a notice that is late,
 * doubled, out of order or read twice after a crash changes nothing twice. One whose payment is not known yet
 * is parked, tried again after each window, and at last given up: as a dead letter with an alert where it
 * bears a reference of ours, else as another's. One worker is active at a time, by a fenced lease.
 */
public final class InboxProcessor {
  private static final Logger LOG = LoggerFactory.getLogger(InboxProcessor.class);
  private static final int BATCH_MAX = 500;
  private static final long DUE_EVERY_MS = 500;

  /** What is to be written of one webhook: a result or a place in the park. */
  private record Judged(@Nullable Result result, @Nullable Parked parked) {}

  private final Follower<Kept> follower;
  private final InboxStore inbox;
  private final AttemptStore attempts;
  private final Map<String, WebhookScheme> schemes;
  private final ProviderEventHandler payments;
  private final DeadLetterStore letters;
  private final List<Duration> windows;
  private final InstantSource clock;
  private final MeterRegistry registry;
  private long dueAskedMs;
  /** Some may be parked, and their time may come while nothing else does. */
  private boolean anyParked = true;

  /** {@code schemes} by {@code provider/account}; {@code windows}: the waits of the park. */
  public InboxProcessor(Vertx vertx, Lease lease, InboxStore inbox, Database database,
      Map<String, WebhookScheme> schemes,
      ProviderEventHandler payments,
      DeadLetterStore letters, List<Duration> windows, InstantSource clock,
      AdaptiveInterval interval, MeterRegistry registry) {
    this.inbox = inbox;
    this.attempts = new AttemptStore(database);
    this.schemes = schemes;
    this.payments = payments;
    this.letters = letters;
    this.windows = windows;
    this.clock = clock;
    this.registry = registry;
    this.follower = new Follower<>(vertx, lease, "inbox", "millrace.inbox.lag.seconds", interval,
        new Judging(), registry);
  }

  public void start() { follower.start(); }

  /** There may be webhooks to work off. On the event loop that it was made on. */
  public void wake() {
    anyParked = true;
    follower.wake();
  }

  private OffsetDateTime now() { return clock.instant().atOffset(ZoneOffset.UTC); }

  private final class Judging implements Follower.Task<Kept> {
    @Override
    public Future<Cursor> begin(long epoch) {
      anyParked = true;
      return inbox.cursor();
    }

    @Override
    public Future<Batch<Kept>> read(Cursor after) {
      return inbox.read(after, BATCH_MAX)
          .map(rows -> new Batch<>(rows, rows.isEmpty() ? after : rows.getLast().place(),
              rows.size() == BATCH_MAX));
    }

    @Override
    public OffsetDateTime written(Kept kept) { return kept.since(); }

    @Override
    public Future<Boolean> handle(Batch<Kept> batch, long epoch) {
      // Those in the park came before, of the same payments perhaps.
      return parked(epoch).compose(more -> batch.rows().isEmpty()
          ? Future.succeededFuture(more)
          : process(epoch, batch.rows(), batch.end(), batch.rows().size()).map(more));
    }

    @Override
    public long pauseMs(int rows, long intervalMs) {
      return anyParked ? Math.min(intervalMs, DUE_EVERY_MS) : intervalMs;
    }
  }

  /** Those in the park whose time has come; true when there may be more of them. */
  private Future<Boolean> parked(long epoch) {
    long nowMs = System.nanoTime() / 1_000_000;
    if (nowMs - dueAskedMs < DUE_EVERY_MS) return Future.succeededFuture(false);
    dueAskedMs = nowMs;
    return inbox.due(now(), BATCH_MAX).compose(batch -> batch.isEmpty()
        ? lookForParked()
        : process(epoch, batch, Cursor.START, 0).map(v -> batch.size() == BATCH_MAX));
  }

  private Future<Boolean> lookForParked() {
    if (!anyParked) return Future.succeededFuture(false);
    return inbox.anyParked().map(any -> {
      anyParked = any;
      return false;
    });
  }

  private Future<Void> process(long epoch, List<Kept> batch, Cursor place, int passed) {
    var events = new ArrayList<ProviderEvent>(batch.size());
    var references = new HashMap<String, UUID>();
    var names = new HashSet<ProviderName>();
    for (Kept kept : batch) {
      ProviderEvent event = read(kept);
      events.add(event);
      String reference = reference(event);
      UUID ours = reference == null ? null : TypeId.parse(TypeId.ATTEMPT, reference);
      if (reference != null && ours != null) references.put(reference, ours);
      String name = name(event);
      if (name != null) names.add(new ProviderName(kept.provider(), name));
    }
    return attempts.known(references.values()).compose(known -> attempts.named(names).compose(named -> {
      var judged = new ArrayList<Future<Judged>>(batch.size());
      // Those of one payment in their order, those of several side by side.
      var last = new HashMap<UUID, Future<Judged>>();
      for (int i = 0; i < batch.size(); i++) {
        Kept kept = batch.get(i);
        ProviderEvent event = events.get(i);
        UUID reference = references.get(reference(event));
        KnownCall call = reference == null ? null : known.get(reference);
        String name = name(event);
        UUID payment = call != null
            ? call.payment()
            : name == null ? null : named.get(new ProviderName(kept.provider(), name));
        Future<Judged> before = payment == null ? null : last.get(payment);
        Future<Judged> one = before == null
            ? judge(kept, event, payment, call)
            : before.transform(done -> done.failed() && done.cause() instanceof Unavailable
                ? Future.failedFuture(done.cause())
                : judge(kept, event, payment, call));
        if (payment != null) last.put(payment, one);
        judged.add(one);
      }
      return Future.join(judged).compose(all -> write(epoch, all.<Judged>list(), place, passed));
    }));
  }

  /** Our reference of a call that it is about; null when it names none. */
  private static @Nullable String reference(ProviderEvent event) {
    return switch (event) {
      case ProviderEvent.AttemptOutcome told -> told.reference();
      case ProviderEvent.Notice notice -> notice.reference();
      case ProviderEvent.Unsolicited change -> change.reference();
      case ProviderEvent.Unreadable u -> u.payment() != null && ours(u.payment()) ? u.payment() : null;
      case ProviderEvent.Ignored _ -> null;
    };
  }

  /** What the provider calls the payment that it is about; null when it does not say. */
  private static @Nullable String name(ProviderEvent event) {
    return switch (event) {
      case ProviderEvent.Unsolicited change -> change.providerReference();
      case ProviderEvent.Notice notice -> notice.providerReference();
      case ProviderEvent.Unreadable unreadable -> unreadable.payment();
      case ProviderEvent.AttemptOutcome _, ProviderEvent.Ignored _ -> null;
    };
  }

  private ProviderEvent read(Kept kept) {
    WebhookScheme scheme = schemes.get(kept.provider() + "/" + kept.account());
    return scheme == null
        ? new ProviderEvent.Unreadable("",
            "no account " + kept.provider() + "/" + kept.account() + " is configured")
        : scheme.read(kept.body());
  }

  /** Whether nobody but us can have given it. */
  private static boolean ours(String reference) {
    return TypeId.parse(TypeId.ATTEMPT, reference) != null;
  }

  private Future<Judged> judge(Kept kept, ProviderEvent event, @Nullable UUID payment,
      @Nullable KnownCall call) {
    return switch (event) {
      case ProviderEvent.Ignored i -> result(kept, null, i, EventOutcome.IGNORED, null);
      // What others do at the same account need not be understood.
      case ProviderEvent.Unreadable u when u.payment() != null && payment == null ->
        later(kept, u, null, "no payment of ours is called " + u.payment(),
            ours(u.payment()) ? EventOutcome.UNMATCHED : EventOutcome.FOREIGN);
      case ProviderEvent.Unreadable u -> {
        LOG.error("alert=webhook_unreadable provider={} account={} event={} error=\"{}\"", kept.provider(),
            kept.account(), kept.eventId(), u.reason());
        yield bury(kept, payment, u.reason())
            .compose(v -> result(kept, payment, u, EventOutcome.UNREADABLE, u.reason()));
      }
      case ProviderEvent.AttemptOutcome told -> call == null
          ? later(kept, told, null, "no payment of ours has the reference " + told.reference(),
              ours(told.reference()) ? EventOutcome.UNMATCHED : EventOutcome.FOREIGN)
          : taken(kept, told, call.payment(), payments.attemptOutcome(call, told.outcome()));
      case ProviderEvent.Unsolicited change -> payment == null
          ? unknown(kept, change, change.reference(), change.providerReference())
          : taken(kept, change, payment, payments.unsolicited(payment, kept.provider(), change.fact()));
      case ProviderEvent.Notice notice -> payment == null
          ? unknown(kept, notice, notice.reference(), notice.providerReference())
          : taken(kept, notice, payment, payments.notice(payment, kept.provider(), kept.eventId(), notice));
    };
  }

  /**
   * Others may use the same account: what is not ours in the end is theirs, but where it bears a reference
   * that only we can have given.
   */
  private Future<Judged> unknown(Kept kept, ProviderEvent event, @Nullable String reference,
      @Nullable String name) {
    return reference != null && ours(reference)
        ? later(kept, event, null, "no payment of ours has the reference " + reference
            + (name == null ? "" : ", nor is called " + name), EventOutcome.UNMATCHED)
        : later(kept, event, null, "no payment of ours is called " + name, EventOutcome.FOREIGN);
  }

  private Future<Judged> taken(Kept kept, ProviderEvent event, UUID payment, Future<Disposition> taken) {
    return taken.transform(told -> {
      if (told.failed()) {
        // While Postgres is away all of them wait; what is refused for its own sake holds up nobody else.
        return told.cause() instanceof Unavailable
            ? Future.failedFuture(told.cause())
            : later(kept, event, payment, "the payment did not take it: " + told.cause().getMessage(),
                EventOutcome.UNMATCHED);
      }
      return switch (told.result()) {
        case Disposition.Applied _ -> result(kept, payment, event, EventOutcome.APPLIED, null);
        case Disposition.Unchanged _ -> result(kept, payment, event, EventOutcome.UNCHANGED, null);
        case Disposition.Later l -> later(kept, event, payment,
            "the payment cannot take it yet: " + l.reason(),
            EventOutcome.UNMATCHED);
        case Disposition.Conflict c -> bury(kept, payment, c.reason())
            .compose(v -> result(kept, payment, event, EventOutcome.CONFLICT, Failure.storable(c.reason())));
      };
    });
  }

  /** The reasons of its tries, and this one. */
  private static List<Failure> reasons(Kept kept, String last) {
    return Failure.with(Failure.of(kept.errors()), Failure.now(last));
  }

  private Future<Void> bury(Kept kept, @Nullable UUID payment, String error) {
    String source = String.join("/", DeadLetterStore.WEBHOOK, kept.provider(), kept.account(),
        kept.eventId());
    return letters.bury(new DeadLetterStore.Letter(payment, DeadLetterStore.WEBHOOK, kept.tries() + 1,
        reasons(kept, error), "", Origin.of(source, kept.eventId(), kept.body(), Map.of())));
  }

  private Future<Judged> result(Kept kept, @Nullable UUID payment, ProviderEvent event, EventOutcome outcome,
      @Nullable String detail) {
    registry.counter("millrace.inbox.processed", "outcome", outcome.wire()).increment();
    return Future
        .succeededFuture(new Judged(new Result(kept, payment, event.type(), outcome, detail), null));
  }

  /**
   * Its payment is not known, or cannot take it yet: the park. After the last window it is {@code end}:
   * {@code UNMATCHED}, which is a dead letter, or else of no consequence.
   */
  private Future<Judged> later(Kept kept, ProviderEvent event, @Nullable UUID payment, String reason,
      EventOutcome end) {
    if (kept.tries() < windows.size())
      return Future.succeededFuture(new Judged(null, new Parked(kept,
          now().plus(windows.get(kept.tries())), Failure.json(reasons(kept, reason)))));
    if (end != EventOutcome.UNMATCHED) return result(kept, payment, event, end, Failure.storable(reason));
    LOG.error("alert=webhook_unmatched provider={} account={} event={} error=\"{}\"", kept.provider(),
        kept.account(), kept.eventId(), reason);
    return bury(kept, payment, reason)
        .compose(v -> result(kept, payment, event, end, reason));
  }

  private Future<Void> write(long epoch, List<Judged> all, Cursor place, int passed) {
    FaultPoint.reach("inbox", "before_result");
    var results = new ArrayList<Result>();
    var parked = new ArrayList<Parked>();
    for (Judged one : all) {
      if (one.result != null) results.add(one.result);
      if (one.parked != null) parked.add(one.parked);
    }
    anyParked |= !parked.isEmpty();
    return inbox.write(epoch, results, parked, place, passed)
        .compose(held -> held
            ? Future.succeededFuture()
            : Future.failedFuture("the lease went to another worker"));
  }

  /** Finishes the batch in hand and stops. */
  public Future<Void> close() {
    return follower.close();
  }
}
