package dev.millrace.inbox;

import static dev.millrace.platform.Columns.bytea;
import static dev.millrace.platform.Columns.int2;
import static dev.millrace.platform.Columns.int4;
import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;

import dev.millrace.platform.Columns;
import dev.millrace.platform.CommitMeter;
import dev.millrace.platform.GroupCommit;
import dev.millrace.platform.Parameters;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Unavailable;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.Vertx;
import io.vertx.pgclient.PgException;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Makes providers' webhooks durable, as they came, in group commits. {@code (provider, account, event id)} is
 * unique: a repetition changes nothing. Owned by one event loop.
 */
public final class InboxWriter {
  /** One webhook as it will be stored; {@code size} of its body as it came. */
  private record Received(String provider, String account, String eventId, int size,
      BodyCompression.Written body) {}

  /** One in its commit, {@code position} as it came: of a payment's, the first must be worked off first. */
  private record Placed(long position, Received webhook) {}

  private static final Parameters PARAMETERS = new Parameters();
  private static final Parameters.Rows<Placed> ROWS = PARAMETERS.rows(Columns.of(
      int8("position", Placed::position),
      text("provider", p -> p.webhook.provider),
      text("account", p -> p.webhook.account),
      text("event_id", p -> p.webhook.eventId),
      int2("form", p -> (short) p.webhook.body.form()),
      int4("size", p -> p.webhook.size),
      bytea("body", p -> p.webhook.body.bytes())));
  private static final String INSERT_NEW = """
    INSERT INTO provider_event (position, provider, account, event_id, form, size, body) OVERRIDING SYSTEM VALUE
    """
      + ROWS.select();
  private static final String INSERT = INSERT_NEW + " ON CONFLICT DO NOTHING";
  /** How long after a repetition the next ones are looked for first: providers repeat in swarms. */
  private static final long CAREFUL_NANOS = 1_000_000_000;
  /** Two writers that have some in common must not wait for each other. */
  private static final Comparator<Placed> BY_KEY = Comparator.comparing((Placed p) -> p.webhook.eventId)
      .thenComparing(p -> p.webhook.account).thenComparing(p -> p.webhook.provider);

  /** Webhooks are large, so that a commit spends most of its time with the disk: several overlap. */
  private record Committer(PgLink pg, GroupCommit<Received, Boolean> commits) {}

  private final List<Committer> committers = new ArrayList<>();
  private final BodyCompression forms = new BodyCompression();
  private long repeatedAt = System.nanoTime() - CAREFUL_NANOS;

  /** {@code connections}: each commits batches of its own; {@code queueLimit}: of each. */
  public InboxWriter(Vertx vertx, List<PgLink> connections, String writer, int queueLimit, int batchMax,
      MeterRegistry registry) {
    for (PgLink pg : connections) {
      var meter = new CommitMeter(registry, "inbox", writer + "-" + committers.size(), queueLimit);
      committers.add(new Committer(pg,
          new GroupCommit<>(vertx, queueLimit, batchMax, batchMax / 2, meter, batch -> commit(pg, batch))));
    }
  }

  private Committer shortest() {
    Committer shortest = committers.getFirst();
    for (Committer one : committers) if (one.commits.depth() < shortest.commits.depth()) shortest = one;
    return shortest;
  }

  /** A webhook, by the provider's name of it. */
  public record Webhook(String eventId, Buffer body) {}

  /**
   * What came in one request, in its order. Completes once all of it is durable; {@link Unavailable} when the
   * queue is full or Postgres is away: let it be repeated.
   */
  public Future<Void> keep(String provider, String account, List<Webhook> webhooks) {
    // By one connection: the commits of two are in no order.
    GroupCommit<Received, Boolean> commits = shortest().commits;
    return Future.join(webhooks.stream()
        .map(w -> commits.submit(
            new Received(provider, account, w.eventId, w.body.length(), forms.write(w.body.getBytes())))
            .result())
        .toList()).mapEmpty();
  }

  /** Whether the next one would be refused. */
  public boolean full() { return shortest().commits.full(); }

  public void countRejection() { shortest().commits.countRejection(); }

  /** Whether Postgres can be reached. */
  public boolean up() {
    return committers.stream().allMatch(one -> one.pg.up());
  }

  /** Takes it that all are new, which is cheaper than looking first, until one is not. */
  private Future<List<Boolean>> commit(PgLink pg, List<Received> batch) {
    Tuple rows = rows(batch);
    return (System.nanoTime() - repeatedAt < CAREFUL_NANOS
        ? pg.query(INSERT, rows)
        : pg.query(INSERT_NEW, rows).recover(failure -> {
          if (!(failure instanceof PgException e && "provider_event_once".equals(e.getConstraint())))
            return Future.failedFuture(failure);
          repeatedAt = System.nanoTime();
          return pg.query(INSERT, rows);
        })).map(done -> Collections.nCopies(batch.size(), Boolean.TRUE));
  }

  /** Written in the order of their keys, and read in that of their positions. */
  private static Tuple rows(List<Received> batch) {
    var sorted = new ArrayList<Placed>(batch.size());
    for (Received webhook : batch) sorted.add(new Placed(sorted.size() + 1, webhook));
    sorted.sort(BY_KEY);
    return PARAMETERS.values().with(ROWS, sorted).tuple();
  }
}
