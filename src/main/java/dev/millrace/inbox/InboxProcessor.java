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
import dev.millrace.platform.Database;
import dev.millrace.payment.Status;
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
 * is parked, tried again after each window, and at last given up as a dead letter with an alert. One worker
 * is active at a time, by a fenced lease.
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

  /** {@code schemes} by {@code provider/account}; {@code windows}: the waits of the park. */
  public InboxProcessor(Vertx vertx, Lease lease, InboxStore inbox, Database database,
      Map<String, WebhookScheme> schemes,
      ProviderEventHandler payments,
      DeadLetterStore letters, List<Duration> windows, InstantSource clock, long pollMs,
      MeterRegistry registry) {
    this.inbox = inbox;
    this.attempts = new AttemptStore(database);
    this.schemes = schemes;
    this.payments = payments;
    this.letters = letters;
    this.windows = windows;
    this.clock = clock;
    this.registry = registry;
    this.follower = new Follower<>(vertx, lease, "inbox", "millrace.inbox.lag.seconds", pollMs, pollMs,
        new Judging(),
        registry);
  }

  public void start() { follower.start(); }

  private OffsetDateTime now() { return clock.instant().atOffset(ZoneOffset.UTC); }

  private final class Judging implements Follower.Task<Kept> {
    @Override
    public Future<Cursor> begin(long epoch) { return inbox.cursor(); }

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
      Future<Void> fresh = batch.rows().isEmpty()
          ? Future.succeededFuture()
          : process(epoch, batch.rows(), batch.end(), batch.rows().size());
      return fresh.compose(v -> parked(epoch));
    }
  }

  /** Those in the park whose time has come; true when there may be more of them. */
  private Future<Boolean> parked(long epoch) {
    long nowMs = System.nanoTime() / 1_000_000;
    if (nowMs - dueAskedMs < DUE_EVERY_MS) return Future.succeededFuture(false);
    dueAskedMs = nowMs;
    return inbox.due(now(), BATCH_MAX).compose(batch -> batch.isEmpty()
        ? Future.succeededFuture(false)
        : process(epoch, batch, Cursor.START, 0).map(v -> batch.size() == BATCH_MAX));
  }

  private Future<Void> process(long epoch, List<Kept> batch, Cursor place, int passed) {
    var notices = new ArrayList<ProviderEvent>(batch.size());
    var references = new HashMap<String, UUID>();
    var names = new HashSet<ProviderName>();
    for (Kept kept : batch) {
      ProviderEvent notice = read(kept);
      notices.add(notice);
      if (notice instanceof ProviderEvent.AttemptOutcome told) {
        UUID reference = TypeId.parse(TypeId.ATTEMPT, told.reference());
        if (reference != null) references.put(told.reference(), reference);
      }
      if (notice instanceof ProviderEvent.Unsolicited befell)
        names.add(new ProviderName(kept.provider(), befell.providerReference()));
    }
    return attempts.known(references.values()).compose(known -> attempts.named(names).compose(named -> {
      var judged = new ArrayList<Future<Judged>>(batch.size());
      for (int i = 0; i < batch.size(); i++)
        judged.add(judge(batch.get(i), notices.get(i), references, known, named));
      return Future.join(judged).compose(all -> write(epoch, all.<Judged>list(), place, passed));
    }));
  }

  private ProviderEvent read(Kept kept) {
    WebhookScheme scheme = schemes.get(kept.provider() + "/" + kept.account());
    return scheme == null
        ? new ProviderEvent.Unreadable("",
            "no account " + kept.provider() + "/" + kept.account() + " is configured")
        : scheme.read(kept.body());
  }

  private Future<Judged> judge(Kept kept, ProviderEvent notice, Map<String, UUID> references,
      Map<UUID, KnownCall> known, Map<ProviderName, UUID> named) {
    return switch (notice) {
      case ProviderEvent.Ignored i -> result(kept, null, i, "ignored", null);
      case ProviderEvent.Unreadable u -> {
        LOG.error("alert=webhook_unreadable provider={} account={} event={} error=\"{}\"", kept.provider(),
            kept.account(), kept.eventId(), u.reason());
        yield bury(kept, null, u.reason())
            .compose(v -> result(kept, null, u, "unreadable", u.reason()));
      }
      case ProviderEvent.AttemptOutcome told -> {
        UUID reference = references.get(told.reference());
        KnownCall match = reference == null ? null : known.get(reference);
        if (match == null)
          yield later(kept, told, null, "no payment of ours has the reference " + told.reference());
        yield taken(kept, told, match.payment(), payments.attemptOutcome(match, told.outcome()));
      }
      case ProviderEvent.Unsolicited befell -> {
        UUID payment = named.get(new ProviderName(kept.provider(), befell.providerReference()));
        if (payment == null)
          yield later(kept, befell, null, "no payment of ours is called " + befell.providerReference());
        yield taken(kept, befell, payment, payments.unsolicited(payment, kept.provider(), befell.fact()));
      }
    };
  }

  private Future<Judged> taken(Kept kept, ProviderEvent notice, UUID payment, Future<Disposition> taken) {
    return taken.transform(told -> {
      if (told.failed()) {
        // While Postgres is away all of them wait; what is refused for its own sake holds up nobody else.
        return told.cause() instanceof Unavailable
            ? Future.failedFuture(told.cause())
            : later(kept, notice, payment, "the payment did not take it: " + told.cause().getMessage());
      }
      return switch (told.result()) {
        case Disposition.Applied _ -> result(kept, payment, notice, "applied", null);
        case Disposition.Unchanged _ -> result(kept, payment, notice, "unchanged", null);
        case Disposition.Later l ->
          later(kept, notice, payment, "the payment cannot take it yet: " + l.reason());
        case Disposition.Conflict c -> bury(kept, payment, c.reason())
            .compose(v -> result(kept, payment, notice, "conflict", Failure.storable(c.reason())));
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

  private Future<Judged> result(Kept kept, @Nullable UUID payment, ProviderEvent notice, String outcome,
      @Nullable String detail) {
    registry.counter("millrace.inbox.processed", "outcome", outcome).increment();
    return Future
        .succeededFuture(new Judged(new Result(kept, payment, notice.type(), outcome, detail), null));
  }

  /** Its payment is not known, or cannot take it yet: the park, or after the last window the dead letters. */
  private Future<Judged> later(Kept kept, ProviderEvent notice, @Nullable UUID payment, String reason) {
    if (kept.tries() < windows.size())
      return Future.succeededFuture(new Judged(null, new Parked(kept,
          now().plus(windows.get(kept.tries())), Failure.json(reasons(kept, reason)))));
    LOG.error("alert=webhook_unmatched provider={} account={} event={} error=\"{}\"", kept.provider(),
        kept.account(), kept.eventId(), reason);
    return bury(kept, payment, reason)
        .compose(v -> result(kept, payment, notice, "unmatched", reason));
  }

  private Future<Void> write(long epoch, List<Judged> all, Cursor place, int passed) {
    FaultPoint.reach("inbox", "before_result");
    var results = new ArrayList<Result>();
    var parked = new ArrayList<Parked>();
    for (Judged one : all) {
      if (one.result != null) results.add(one.result);
      if (one.parked != null) parked.add(one.parked);
    }
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
