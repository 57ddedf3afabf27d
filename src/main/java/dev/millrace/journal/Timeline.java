package dev.millrace.journal;

import dev.millrace.payment.EventType;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/** All that happened to one payment, whoever wrote it down, in order and as of one snapshot. */
public final class Timeline {
  /** One line of a payment's history. {@code data} is an event's, an attempt's or a posting's own fields. */
  public record Moment(OffsetDateTime at, String kind, String name, int version, JsonObject data) {}

  /**
   * In the order of what is sorted by: the time, what an event brought with it after the event, and a
   * payment's events by their versions also where a transaction that began earlier came later.
   */
  private static final String TIMELINE = """
    WITH event AS (
      SELECT *, max(recorded) OVER (ORDER BY version) AS sorted FROM journal WHERE subject = $1::uuid
    )
    SELECT recorded, 'event', type, version,
           data::jsonb || jsonb_build_object('actor', actor, 'trace_id', substr(traceparent, 4, 32)), sorted, position, 0
      FROM event
    UNION ALL
    SELECT started, 'attempt', provider, number,
           jsonb_build_object('reference', reference, 'number', number, 'provider', provider, 'kind', kind,
             'operation', operation, 'reason', reason, 'outcome', outcome, 'provider_reference', provider_reference,
             'detail', detail, 'started', started, 'finished', finished,
             'latency_ms', round(extract(epoch FROM finished - started) * 1000)), started, 9223372036854775804, 0
      FROM attempt WHERE payment_id = $1::uuid
    UNION ALL
    SELECT created, 'operation', kind, 0,
           jsonb_build_object('id', id, 'kind', kind, 'status', status, 'amount', nullif(amount, 0), 'reason', reason,
             'attempt', attempt, 'provider_reference', provider_reference, 'failure_code', failure_code,
             'failure_message', failure_message, 'updated', updated), created, 9223372036854775803, 0
      FROM operation WHERE payment_id = $1::uuid
    UNION ALL
    SELECT p.received, 'webhook', r.type, 0,
           jsonb_build_object('provider', p.provider, 'account', p.account, 'event', p.event_id, 'outcome', r.outcome,
             'processed', r.processed), p.received, 9223372036854775805, 0
      FROM provider_event_result r JOIN provider_event p ON p.xid = r.xid AND p.position = r.position
     WHERE r.payment_id = $1::uuid
    UNION ALL
    SELECT a.recorded, 'act', a.act, 0,
           a.data::jsonb || jsonb_build_object('operator', a.operator, 'subject', a.subject),
           a.recorded, 9223372036854775807, 0
      FROM audit a
     WHERE a.subject IN (SELECT $3::text UNION ALL
                         SELECT 'dead_letter/' || l.id FROM dead_letter l WHERE l.payment_id = $1::uuid)
    UNION ALL
    SELECT d.created, 'delivery', d.type, 0,
           jsonb_build_object('id', d.id, 'webhook_endpoint', d.endpoint, 'xid', d.xid::text, 'position', d.position,
             'status', d.status, 'attempts', d.attempts, 'last_status', d.last_status, 'last_error', d.last_error,
             'finished', d.finished), d.created, 9223372036854775806, 0
      FROM event j JOIN webhook_endpoint e ON e.merchant = j.merchant AND e.livemode = j.livemode AND e.deleted IS NULL
      JOIN webhook_delivery d ON d.endpoint = e.id AND d.xid = j.xid AND d.position = j.position
    UNION ALL
    SELECT j.recorded, 'posting', p.account, j.version, posting_json(p, j.type), j.sorted, p.position, p.line + 1
      FROM posting p JOIN event j ON j.xid = p.xid AND j.position = p.position
    UNION ALL
    SELECT j.recorded, 'posting', p.account, j.version,
           posting_json(p, j.type) || jsonb_build_object('settlement', j.subject), j.recorded, p.position, p.line + 1
      FROM posting p JOIN journal j ON j.xid = p.xid AND j.position = p.position WHERE j.subject = ANY($2::uuid[])
    ORDER BY 6, 7, 8"""
      .replace("posting_json(p, j.type)", """
        jsonb_build_object('account', p.account, 'currency', p.currency,
          'direction', CASE WHEN p.amount > 0 THEN 'debit' ELSE 'credit' END, 'amount', abs(p.amount),
          'position', p.position, 'memo', p.memo, 'of', j.type)""");
  private static final String SETTLED = EventType.SETTLED.wire();
  private static final String BATCHES = """
    SELECT data ->> 'settlement' FROM journal WHERE subject = $1::uuid AND type = '%s'""".formatted(SETTLED);

  private final Sql sql;

  public Timeline(Sql sql) { this.sql = sql; }

  /**
   * Every event, operation, attempt, provider's webhook, delivery to the merchant, operator's act and posting
   * of a payment, and the postings of its settlement batches, in order.
   */
  public Future<List<Moment>> of(UUID payment) {
    return sql.query(BATCHES, Tuple.of(payment)).compose(rows -> {
      var batches = new ArrayList<UUID>();
      for (Row row : rows)
        batches.add(Objects.requireNonNull(TypeId.parse(TypeId.SETTLEMENT, row.getString(0))));
      return moments(payment, batches).compose(all -> {
        // Settled in between, it has a batch whose postings were not asked for.
        long settled = all.stream().filter(m -> m.kind.equals("event") && m.name.equals(SETTLED)).count();
        return settled > batches.size() ? of(payment) : Future.succeededFuture(all);
      });
    });
  }

  private Future<List<Moment>> moments(UUID payment, List<UUID> batches) {
    return sql.query(TIMELINE, Tuple.of(payment, batches.toArray(new UUID[0]),
        TypeId.format(TypeId.PAYMENT, payment))).map(rows -> {
          var list = new ArrayList<Moment>(rows.size());
          for (Row row : rows) {
            list.add(
                new Moment(row.getOffsetDateTime(0), row.getString(1), row.getString(2), row.getInteger(3),
                    row.getJsonObject(4)));
          }
          return list;
        });
  }
}
