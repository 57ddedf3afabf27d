package dev.millrace.journal;

import dev.millrace.payment.Operation.Kind;
import dev.millrace.platform.Sql;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads captures, cancellations and refunds. */
public final class OperationReads {
  private static final String OF_PAYMENT = OperationRow.SELECT
      + """
        WHERE o.payment_id = $1::uuid AND ($2::text IS NULL OR o.kind = $2::text) AND ($3::uuid IS NULL OR o.id < $3::uuid)
        ORDER BY o.id DESC LIMIT $4::int""";
  private static final String ONE = OperationRow.SELECT
      + "WHERE o.id = $1::uuid AND o.payment_id = $2::uuid";
  private static final String DECIDED = OperationRow.SELECT
      + """
        WHERE o.id = ANY($1::uuid[]) AND (o.status IN ('succeeded', 'failed') OR EXISTS (
          SELECT FROM attempt a WHERE a.payment_id = o.payment_id AND a.operation = o.id AND a.outcome = 'pending'))""";

  private final Sql sql;

  /** {@code sql} runs one statement. */
  public OperationReads(Sql sql) {
    this.sql = sql;
  }

  private Future<List<OperationRow>> rows(String statement, Tuple parameters) {
    return sql.query(statement, parameters).map(rows -> {
      var list = new ArrayList<OperationRow>(rows.size());
      rows.forEach(row -> list.add(OperationRow.of(row)));
      return list;
    });
  }

  /**
   * What was asked of a payment, newest first, older than {@code after}; one more than the limit when there
   * are more. {@code kind} null: all kinds.
   */
  public Future<List<OperationRow>> of(UUID payment, @Nullable Kind kind, @Nullable UUID after, int limit) {
    return rows(OF_PAYMENT, Tuple.tuple().addValue(payment).addValue(kind == null ? null : kind.wire())
        .addValue(after).addValue(limit + 1));
  }

  /** One operation of a payment; null when there is none. */
  public Future<@Nullable OperationRow> one(UUID payment, UUID id) {
    return rows(ONE, Tuple.of(id, payment)).map(list -> list.isEmpty() ? null : list.getFirst());
  }

  /**
   * Those of these operations that have ended, or which the provider has taken and will decide later, hours
   * or days perhaps; in no order.
   */
  public Future<List<OperationRow>> decided(Collection<UUID> ids) {
    return rows(DECIDED, Tuple.of((Object) ids.toArray(new UUID[0])));
  }
}
