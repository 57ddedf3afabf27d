package dev.millrace.webhook;

import dev.millrace.platform.CommitMeter;
import dev.millrace.platform.GroupCommit;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Unavailable;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;

/**
 * Makes providers' webhooks durable, as they came, in group commits. {@code (provider, account, event id)} is unique:
 * a repetition changes nothing. Owned by one event loop.
 */
public final class Inbox {
  /** One webhook whose signature was right. */
  public record Received(String provider, String account, String eventId, Buffer body) {}

  private static final String INSERT = """
    INSERT INTO provider_event (provider, account, event_id, body)
    SELECT unnest($1::text[]), unnest($2::text[]), unnest($3::text[]), unnest($4::bytea[]) ON CONFLICT DO NOTHING""";
  /** Two writers that have some in common must not wait for each other. */
  private static final Comparator<Received> BY_KEY = Comparator.comparing(Received::eventId)
      .thenComparing(Received::account).thenComparing(Received::provider);

  private final PgLink pg;
  private final GroupCommit<Received, Boolean> commits;

  public Inbox(Vertx vertx, PgLink pg, String writer, int queueLimit, int batchMax, MeterRegistry registry) {
    this.pg = pg;
    this.commits = new GroupCommit<>(vertx, queueLimit, batchMax, batchMax / 4,
        new CommitMeter(registry, "inbox", writer, queueLimit), this::commit);
  }

  /** Completes once it is durable; {@link Unavailable} when the queue is full or Postgres is away: let it be repeated. */
  public Future<Boolean> keep(Received webhook) {
    return commits.submit(webhook).result();
  }

  /** Whether the next one would be refused. */
  public boolean full() { return commits.full(); }

  public void countRejection() { commits.countRejection(); }

  /** Whether Postgres can be reached. */
  public boolean up() { return pg.up(); }

  private Future<List<Boolean>> commit(List<Received> batch) {
    var sorted = new ArrayList<>(batch);
    sorted.sort(BY_KEY);
    int n = sorted.size();
    var providers = new String[n];
    var accounts = new String[n];
    var ids = new String[n];
    var bodies = new Buffer[n];
    for (int i = 0; i < n; i++) {
      Received one = sorted.get(i);
      providers[i] = one.provider;
      accounts[i] = one.account;
      ids[i] = one.eventId;
      bodies[i] = one.body;
    }
    return pg.execute(INSERT, Tuple.of(providers, accounts, ids, bodies))
        .map(rows -> Collections.nCopies(n, Boolean.TRUE));
  }
}
