package dev.millrace.ledger;

/**
 * The statements that keep balances and read those of any past instant, by the time at which events were
 * recorded.
 *
 * <p>A balance at an instant is the sum of the postings recorded until then. Not all of them are read: a row
 * of {@code balance_history} has the sum of an account's transactions below a horizon, and of the account's
 * postings after that only those are looked at that can have been recorded by then.
 *
 * <ul>
 * <li><b>The row counts as a whole.</b> Its horizon is the {@code xmin} of the snapshot that summed it up:
 * every transaction below has ended. {@code at} was read from the clock after that snapshot was taken, and an
 * event is recorded with the time at which its transaction began. So all that the row holds was recorded
 * before {@code at}, and a row whose {@code at} is not after the instant holds nothing that is too late; what
 * it lacks lies at its horizon or above. The same goes for {@code floor} of a mark: postings below need no
 * look at the journal.
 * <li><b>Nothing is looked at from the ceiling on.</b> {@code ceiling} is the {@code xmax} of a snapshot
 * taken after {@code began}: who has such an id got it later than that. No transaction of the service lasts
 * longer than {@code transaction_timeout} (V5: 5 minutes), so one that began until the instant had ended, and
 * had its id, long before a mark that began 10 minutes after it. The {@code xmin} would not do: any writer on
 * the server, of another database even, holds it back. A session without the timeout reads without the
 * ceiling: as exact, but slower the longer ago.
 * <li><b>A row is never far.</b> Each roll-up writes one for every account of which it and those before it
 * have taken {@value #POSTINGS} postings since the last: a read goes through so many, and through those of
 * the minutes around the instant. All currencies of the account get a row then, so that one without a row had
 * nothing.
 * </ul>
 *
 * An instant of the last minutes is exact for what has been committed; a transaction under way may still add
 * to it, as its time is that of its beginning. The clock of the server must not go back.
 */
final class BalanceHistory {
  /** Of an account, between two rows of its history. */
  static final int POSTINGS = 10_000;

  /**
   * Takes postings below the horizon into the roll-up; the row lock on rollup keeps two from doing it at
   * once. One that had to wait for the lock sees balances of before: it writes no history.
   */
  static final String ROLL_UP = """
    WITH was AS MATERIALIZED (SELECT horizon FROM rollup),
    last AS MATERIALIZED (SELECT horizon FROM rollup FOR UPDATE),
    next AS MATERIALIZED (
      SELECT pg_snapshot_xmin(s) AS floor, pg_snapshot_xmax(s) AS ceiling, now() AS began, clock_timestamp() AS at
        FROM pg_current_snapshot() AS s
    ), fresh AS MATERIALIZED (
      SELECT p.account, p.livemode, p.currency, sum(p.amount) AS amount, count(*) AS postings
        FROM posting p WHERE p.xid >= (SELECT horizon FROM last) AND p.xid < (SELECT floor FROM next)
       GROUP BY p.account, p.livemode, p.currency
    ), taken AS (
      INSERT INTO balance AS b (account, livemode, currency, amount)
      SELECT account, livemode, currency, amount FROM fresh
      ON CONFLICT (account, livemode, currency) DO UPDATE SET amount = b.amount + excluded.amount
      RETURNING account, livemode, currency, amount
    ), counted AS (
      INSERT INTO balance_depth AS d (account, postings, kept)
      SELECT account, n, CASE WHEN n >= %1$d AND current THEN n ELSE 0 END
        FROM (SELECT account, sum(postings)::bigint AS n, (SELECT horizon FROM was) = (SELECT horizon FROM last) AS current
                FROM fresh GROUP BY account) AS f
      ON CONFLICT (account) DO UPDATE
        SET postings = d.postings + excluded.postings,
            kept = CASE WHEN d.postings + excluded.postings - d.kept >= %1$d
                             AND (SELECT horizon FROM was) = (SELECT horizon FROM last)
                        THEN d.postings + excluded.postings ELSE d.kept END
      RETURNING account, postings = kept AS due
    ), kept AS (
      INSERT INTO balance_history (account, at, livemode, currency, horizon, amount)
      SELECT b.account, next.at, b.livemode, b.currency, next.floor, b.amount
        FROM (SELECT account, livemode, currency, amount FROM taken
              UNION ALL
              SELECT account, livemode, currency, amount FROM balance b
               WHERE account IN (SELECT account FROM counted WHERE due)
                 AND (account, livemode, currency) NOT IN (SELECT account, livemode, currency FROM fresh)) AS b, next
       WHERE b.account IN (SELECT account FROM counted WHERE due)
    ), marked AS (
      INSERT INTO balance_mark (at, began, floor, ceiling)
      SELECT at, began, floor, ceiling FROM next
       WHERE NOT EXISTS (SELECT FROM balance_mark m WHERE m.at > next.at - interval '1 minute')
    )
    UPDATE rollup SET horizon = next.floor FROM next, last WHERE next.floor > last.horizon"""
      .formatted(POSTINGS);

  /** The first transaction that can hold nothing of an instant, for a statement that has it as parameter. */
  static String ceiling(String parameter) {
    return """
      coalesce((
        SELECT ceiling FROM balance_mark
         WHERE began >= %s + interval '10 minutes'
           AND current_setting('transaction_timeout', true)::interval BETWEEN interval '1 ms' AND interval '5 minutes'
         ORDER BY began LIMIT 1), '18446744073709551615'::xid8)"""
        .formatted(parameter);
  }

  /**
   * $1: accounts, null for all; $2: the instant. Each part goes through an index, however little the planner
   * knows.
   */
  static final String AS_OF = """
    WITH point AS MATERIALIZED (
      SELECT coalesce((SELECT floor FROM balance_mark WHERE at <= $2::timestamptz ORDER BY at DESC LIMIT 1), '0'::xid8) AS floor,
             %s AS ceiling
    ), known AS (
      SELECT account FROM balance WHERE ($1::text[] IS NULL OR account = ANY($1::text[]))
      UNION
      SELECT account FROM posting
       WHERE xid >= (SELECT horizon FROM rollup) AND ($1::text[] IS NULL OR account = ANY($1::text[]))
    ), base AS MATERIALIZED (
      SELECT k.account, h.at, coalesce(h.horizon, '0'::xid8) AS horizon, t.floor, t.ceiling
        FROM known k CROSS JOIN point t LEFT JOIN LATERAL (
          SELECT at, horizon FROM balance_history b WHERE b.account = k.account AND b.at <= $2::timestamptz
           ORDER BY at DESC LIMIT 1) h ON true
    )
    SELECT account, livemode, currency, sum(amount)::numeric FROM (
      SELECT base.account, h.livemode, h.currency, h.amount FROM base CROSS JOIN LATERAL (
        SELECT livemode, currency, amount FROM balance_history b WHERE b.account = base.account AND b.at = base.at OFFSET 0) h
      UNION ALL
      SELECT base.account, p.livemode, p.currency, p.amount FROM base CROSS JOIN LATERAL (
        SELECT livemode, currency, amount FROM posting
         WHERE account = base.account AND xid >= base.horizon AND xid < base.floor OFFSET 0) p
      UNION ALL
      SELECT base.account, p.livemode, p.currency, p.amount FROM base CROSS JOIN LATERAL (
        SELECT livemode, currency, amount FROM posting q
         WHERE account = base.account AND xid >= greatest(base.horizon, base.floor) AND xid < base.ceiling
           AND (SELECT recorded FROM journal j WHERE j.xid = q.xid AND j.position = q.position) <= $2::timestamptz OFFSET 0) p
    ) parts GROUP BY account, livemode, currency ORDER BY account, livemode, currency"""
      .formatted(ceiling("$2::timestamptz"));

  private BalanceHistory() {}
}
