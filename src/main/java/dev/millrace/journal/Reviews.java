package dev.millrace.journal;

import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The payments that wait for an operator's decision, each with the screening that had it wait, oldest first.
 */
public final class Reviews {
  private static final String WAITING = """
    SELECT p.id, p.amount, p.currency, j.data::text, j.recorded
      FROM journal j JOIN payment p ON p.id = j.subject
     WHERE j.type = 'payment.screened' AND j.data ->> 'decision' = 'review' AND p.status = 'in_review'
     ORDER BY j.position LIMIT $1::int""";

  /** One payment in review. {@code amount} in the currency's minor unit. */
  public record Review(UUID payment, long amount, String currency, JsonObject screening,
      OffsetDateTime since) {}

  private final Sql sql;

  public Reviews(Sql sql) {
    this.sql = sql;
  }

  /** The first {@code limit} of them. */
  public Future<List<Review>> waiting(int limit) {
    return sql.query(WAITING, Tuple.of(limit)).map(rows -> {
      var reviews = new ArrayList<Review>(rows.size());
      for (Row row : rows)
        reviews.add(new Review(row.getUUID(0), row.getLong(1), row.getString(2),
            new JsonObject(row.getString(3)), row.getOffsetDateTime(4)));
      return reviews;
    });
  }
}
