package dev.millrace.journal;

/**
 * Appending to the journal, as a part of a larger statement: the two tables that every append writes, the
 * journal and the counter of its work, as text for a {@code WITH} part. For what is appended to a payment
 * there is {@link AppendStatement}.
 */
public final class JournalEntries {
  /** What follows {@link #insert} when postings are to be made for the entries. */
  public static final String FOR_POSTINGS = " RETURNING position, subject, version, livemode";
  /** What follows {@link #insert} when the place in the journal is to be known. */
  public static final String PLACE = " RETURNING xid::text, position";

  private JournalEntries() {}

  /**
   * The {@code INSERT} of one entry for each row of {@code source}, which has the subject as {@code id}, and
   * {@code merchant} and {@code livemode}. What else an entry has are SQL expressions over that row; {@code
   * data} is text.
   */
  public static String insert(String source, String version, String type, String actor, String traceparent,
      String data) {
    return """
      INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data)
      SELECT id, %s, %s, merchant, livemode, %s, %s, %s::json FROM %s""".formatted(version, type, actor,
        traceparent, data, source);
  }

  /** The {@code INSERT} that counts the rows of {@code entries} as events of {@code writer}, both SQL. */
  public static String count(String writer, String entries) {
    return """
      INSERT INTO work AS w (writer, events) SELECT %s, count(*) FROM %s
      ON CONFLICT (writer) DO UPDATE SET events = w.events + excluded.events""".formatted(writer, entries);
  }
}
