package dev.millrace.journal;

import dev.millrace.platform.CommitMeter;
import dev.millrace.platform.GroupCommit;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Unavailable;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Row;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;

/** Appends events to payments in group commits. Owned by one event loop. */
public final class AppendWriter {
  private final PgLink pg;
  private final String writer;
  private final GroupCommit<Append, Boolean> commits;

  /** {@code writer} names this writer's work counter: one writer a name. */
  public AppendWriter(Vertx vertx, PgLink pg, String writer, int queueLimit, int batchMax,
      MeterRegistry registry) {
    this.pg = pg;
    this.writer = writer;
    var meter = new CommitMeter(registry, "append", writer, queueLimit);
    this.commits = new GroupCommit<>(vertx, queueLimit, batchMax, batchMax / 4, meter, this::commit);
  }

  /**
   * Appends all events or none.
   *
   * @return true when committed; false when the payment has moved on from the expected version and nothing
   *   was written. Fails with {@link Unavailable}: after {@link Unavailable#outcomeUnknown()} read the
   *   payment before going on
   */
  public Future<Boolean> append(Append append) { return commits.submit(append).result(); }

  private Future<List<Boolean>> commit(List<Append> batch) {
    // Two appends to one payment cannot both find it at the version they expect: the second is stale by
    // definition.
    var seen = new HashSet<UUID>();
    var distinct = new ArrayList<Append>(batch.size());
    var first = new boolean[batch.size()];
    for (int i = 0; i < batch.size(); i++) {
      first[i] = seen.add(batch.get(i).payment());
      if (first[i]) distinct.add(batch.get(i));
    }
    return pg.query(AppendStatement.SQL, AppendStatement.parameters(distinct, writer)).map(rows -> {
      var moved = new HashSet<UUID>();
      for (Row row : rows) moved.add(row.getUUID(0));
      var results = new ArrayList<Boolean>(batch.size());
      for (int i = 0; i < batch.size(); i++) results.add(first[i] && moved.contains(batch.get(i).payment()));
      return results;
    });
  }
}
