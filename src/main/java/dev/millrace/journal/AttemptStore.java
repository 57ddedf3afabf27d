package dev.millrace.journal;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.payment.Status;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The calls to providers ({@code attempt}) and the names that providers have for payments
 * ({@code provider_object}). A call is written with its intent, and mostly completed with its outcome, by
 * {@link AppendStatement} together with the events; here stands everything else that is asked or noted of it.
 * Each statement is one step of its own: what two ask for at once, one gets.
 */
public final class AttemptStore {
  private static final String OPEN = """
    SELECT reference, number, provider, kind, operation, reason,
           coalesce((extract(epoch FROM clock_timestamp() - absent_since) * 1000)::bigint, -1)
      FROM attempt WHERE reference = $1::uuid""";
  private static final String OF_PAYMENT = """
    SELECT reference, number, provider, kind, operation, reason, outcome, provider_reference, detail
      FROM attempt WHERE payment_id = $1::uuid ORDER BY reference""";
  private static final String CLAIM = """
    UPDATE attempt SET started = clock_timestamp(), finished = NULL, outcome = NULL, detail = NULL, absent_since = NULL
     WHERE reference = $1::uuid AND (outcome = 'not_executed'
        OR coalesce(outcome, 'pending') = 'pending' AND started < clock_timestamp() - make_interval(secs => $2::float8))
    RETURNING 1""";
  private static final String ABSENT = """
    UPDATE attempt SET absent_since = clock_timestamp() WHERE reference = $1::uuid AND absent_since IS NULL""";
  private static final String NOT_EXECUTED = """
    UPDATE attempt SET finished = clock_timestamp(), outcome = 'not_executed', detail = $2::text
     WHERE reference = $1::uuid AND outcome IS NULL""";
  private static final String FINISH = """
    UPDATE attempt SET finished = clock_timestamp(), outcome = $2::text, provider_reference = $3::text,
           detail = $4::text
     WHERE reference = $1::uuid AND (finished IS NULL OR outcome = 'pending')""";
  private static final String KNOWN = """
    SELECT a.reference, a.payment_id, p.status, a.number, a.provider, a.kind, a.operation, a.reason,
           p.provider_reference, p.amount_charged, p.currency
      FROM attempt a JOIN payment p ON p.id = a.payment_id WHERE a.reference = ANY($1::uuid[])""";
  private static final String NAMED = """
    SELECT o.provider, o.reference, o.payment_id FROM provider_object o
      JOIN (SELECT unnest($1::text[]) AS provider, unnest($2::text[]) AS reference) AS n USING (provider, reference)""";

  /**
   * A call, and for how long its provider has said that it has no record of it: since it first said so after
   * the last call under this reference; -1 when it has not. A provider that hung may carry out what it was
   * sent long before; that it answers shows that it is past it.
   */
  public record Open(Attempt attempt, long absentMs) {
    /** Whether the provider has had time enough since then: only now is its saying so again proof. */
    public boolean absentFor(long absenceAfterMs) {
      return absentMs >= absenceAfterMs;
    }
  }

  /**
   * A call of ours, the payment that it is for, and where that stood when it was looked up: its status, the
   * provider's name of it, what was charged, and its currency.
   */
  public record KnownCall(UUID payment, @Nullable Status status, @Nullable String providerReference,
      @Nullable Long amountCharged, String currency, Attempt attempt) {}

  /** What a provider calls a payment. */
  public record ProviderName(String provider, String reference) {}

  private final Sql sql;

  public AttemptStore(Sql sql) { this.sql = sql; }

  /** The call under this reference; fails when there is none. */
  public Future<Open> open(String reference) {
    return sql.query(OPEN, Tuple.of(TypeId.parse(TypeId.ATTEMPT, reference))).map(rows -> {
      if (rows.size() == 0) throw new IllegalStateException("no attempt " + reference);
      var row = rows.iterator().next();
      return new Open(new Attempt(row.getUUID(0), row.getInteger(1), row.getString(2), row.getString(3),
          row.getUUID(4), row.getString(5), null, null, null), row.getLong(6));
    });
  }

  /** Every call of a payment, oldest first, with what came of it as far as that is known. */
  public Future<List<Attempt>> of(UUID payment) {
    return sql.query(OF_PAYMENT, Tuple.of(payment)).map(rows -> {
      var calls = new ArrayList<Attempt>(rows.size());
      for (Row row : rows)
        calls.add(new Attempt(row.getUUID(0), row.getInteger(1), row.getString(2), row.getString(3),
            row.getUUID(4), row.getString(5), row.getString(6), row.getString(7), row.getString(8)));
      return calls;
    });
  }

  /**
   * Takes the right to make the call again; false when somebody else's call under this reference may still be
   * on its way, or its outcome is known. That it is pending is none.
   *
   * @param absenceAfterMs how long a call is given to arrive
   */
  public Future<Boolean> claim(Attempt attempt, long absenceAfterMs) {
    return sql.query(CLAIM, Tuple.of(attempt.reference(), absenceAfterMs / 1_000.0))
        .map(rows -> rows.size() == 1);
  }

  /** Notes that the provider has no record of it, if it is the first time that it says so. */
  public Future<Void> absent(Attempt attempt) {
    return sql.query(ABSENT, Tuple.of(attempt.reference())).mapEmpty();
  }

  /** Notes that the call never left, so that it may be claimed at once. */
  public Future<Void> notExecuted(Attempt attempt, String reason) {
    return sql.query(NOT_EXECUTED, Tuple.of(attempt.reference(), reason)).mapEmpty();
  }

  /**
   * Notes how the call ended where its payment has no more events of it: a webhook was quicker than the
   * answer, or the provider has only taken the order.
   */
  public Future<Void> finish(Attempt attempt) {
    return sql.query(FINISH, Tuple.of(attempt.reference(), attempt.outcome(), attempt.providerReference(),
        attempt.detail())).mapEmpty();
  }

  /** The calls under these references, by reference; those that are not ours are left out. */
  public Future<Map<UUID, KnownCall>> known(Collection<UUID> references) {
    if (references.isEmpty()) return Future.succeededFuture(Map.of());
    return sql.query(KNOWN, Tuple.of((Object) references.toArray(UUID[]::new))).map(rows -> {
      var known = new HashMap<UUID, KnownCall>();
      for (Row row : rows)
        known.put(row.getUUID(0), new KnownCall(row.getUUID(1), Status.ofWire(row.getString(2)),
            row.getString(8), row.getLong(9), row.getString(10),
            new Attempt(row.getUUID(0), row.getInteger(3), row.getString(4), row.getString(5), row.getUUID(6),
                row.getString(7), null, null, null)));
      return known;
    });
  }

  /** The payments that providers call so; names of none of ours are left out. */
  public Future<Map<ProviderName, UUID>> named(Set<ProviderName> names) {
    if (names.isEmpty()) return Future.succeededFuture(Map.of());
    var list = List.copyOf(names);
    return sql
        .query(NAMED, Tuple.of(list.stream().map(ProviderName::provider).toArray(String[]::new),
            (Object) list.stream().map(ProviderName::reference).toArray(String[]::new)))
        .map(rows -> {
          var payments = new HashMap<ProviderName, UUID>();
          for (Row row : rows)
            payments.put(new ProviderName(row.getString(0), row.getString(1)), row.getUUID(2));
          return payments;
        });
  }
}
