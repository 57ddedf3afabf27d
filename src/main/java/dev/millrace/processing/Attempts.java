package dev.millrace.processing;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.platform.Database;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers;
import io.vertx.core.Future;
import io.vertx.sqlclient.Tuple;

/**
 * Who may call a provider under a reference, so that nobody calls while another's call may still be on its way: providers
 * promise that a reference is carried out once, and this is what stands between a payer and a provider that forgets it.
 * Writing the intent gives the right to the first call; a later one has to be claimed, and is given once the last one is
 * known not to have left, or has had its time.
 */
final class Attempts {
  private static final String OPEN = """
    SELECT reference, number, provider, kind, operation, reason,
           coalesce((extract(epoch FROM clock_timestamp() - absent_since) * 1000)::bigint, -1)
      FROM attempt WHERE reference = $1::uuid""";
  private static final String CLAIM = """
    UPDATE attempt SET started = clock_timestamp(), finished = NULL, outcome = NULL, detail = NULL, absent_since = NULL
     WHERE reference = $1::uuid AND (outcome = 'not_executed'
        OR outcome IS NULL AND started < clock_timestamp() - make_interval(secs => $2::float8))
    RETURNING 1""";
  private static final String ABSENT = """
    UPDATE attempt SET absent_since = clock_timestamp() WHERE reference = $1::uuid AND absent_since IS NULL""";
  private static final String NOT_EXECUTED = """
    UPDATE attempt SET finished = clock_timestamp(), outcome = 'not_executed', detail = $2::text
     WHERE reference = $1::uuid AND outcome IS NULL""";

  /**
   * {@code absentMs}: since the provider first said that it has no record of it, after the last call under this reference;
   * -1 when it has not. A provider that hung may carry out what it was sent long before; that it answers shows that it is past it.
   */
  record Open(Attempt attempt, long absentMs) {
    /** Whether the provider has had time enough since then: its saying so again is evidence. */
    boolean absentFor(Providers.Times times) {
      return absentMs >= times.absenceAfter();
    }
  }

  /** A right to call, for as long as nobody else can have it. {@code sinceNanos}: from before it was given. */
  record Right(long sinceNanos, long lifetimeMs) {
    /** To be asked for before the intent is written. */
    static Right from(Providers.Times times) {
      return new Right(System.nanoTime(), times.turn());
    }

    /** A process that slept in between may find it in another's hands; the call itself needs the rest of the time. */
    boolean expired() {
      return System.nanoTime() - sinceNanos > lifetimeMs * 1_000_000;
    }
  }

  private final Database database;

  Attempts(Database database) { this.database = database; }

  /** The call under this reference; fails when there is none. */
  Future<Open> open(String reference) {
    return database.query(OPEN, Tuple.of(TypeId.parse(TypeId.ATTEMPT, reference))).map(rows -> {
      if (rows.size() == 0) throw new IllegalStateException("no attempt " + reference);
      var row = rows.iterator().next();
      return new Open(new Attempt(row.getUUID(0), row.getInteger(1), row.getString(2), row.getString(3),
          row.getUUID(4), row.getString(5), null, null, null), row.getLong(6));
    });
  }

  /** Notes that the provider has no record of it, if it is the first time that it says so. */
  Future<Void> absent(Attempt attempt) {
    return database.query(ABSENT, Tuple.of(attempt.reference())).mapEmpty();
  }

  /** Whether the call may be made again, by us alone. */
  Future<Boolean> claim(Attempt attempt, long absenceAfterMs) {
    return database.query(CLAIM, Tuple.of(attempt.reference(), absenceAfterMs / 1_000.0))
        .map(rows -> rows.size() == 1);
  }

  /** What the call came to. When it did not leave, the right is given back, unless it may be another's by now. */
  Future<Outcome> used(Attempt attempt, Right right, Outcome outcome) {
    String reason = switch (outcome) {
      case Outcome.NotExecuted n -> n.reason();
      case Outcome.Deferred _ -> "waited too long for its turn";
      case Outcome.Charged _, Outcome.Authorized _, Outcome.ActionRequired _, Outcome.Pending _,
          Outcome.Declined _, Outcome.Unknown _, Outcome.Voided _, Outcome.Refunded _, Outcome.Absent _ ->
        null;
    };
    return reason == null || right.expired()
        ? Future.succeededFuture(outcome)
        : database.query(NOT_EXECUTED, Tuple.of(attempt.reference(), reason)).map(outcome);
  }
}
