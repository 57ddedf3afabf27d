package dev.millrace.journal;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.HashMap;
import java.util.Map;

/**
 * How much work there is and how much of it is done, summed over the counters that every writer keeps for
 * itself.
 */
public final class WorkCounters {
  private final Sql sql;

  public WorkCounters(Sql sql) { this.sql = sql; }

  /** Counts of work: accepted, at rest, settled, events in the journal, events published. */
  public Future<Map<String, Long>> counts() {
    return sql.query(
        """
          SELECT coalesce(sum(accepted), 0)::bigint, coalesce(sum(rested), 0)::bigint, coalesce(sum(settled), 0)::bigint,
                 coalesce(sum(events), 0)::bigint, (%s)
            FROM work"""
            .formatted(CursorStore.passed("relay")),
        Tuple.tuple()).map(rows -> {
          var row = rows.iterator().next();
          var work = new HashMap<String, Long>();
          work.put("accepted", row.getLong(0));
          work.put("finished", row.getLong(1));
          work.put("open", row.getLong(0) - row.getLong(1));
          work.put("settled", row.getLong(2));
          work.put("journal", row.getLong(3));
          work.put("published", row.getLong(4));
          return work;
        });
  }
}
