package dev.millrace.ledger;

import static dev.millrace.platform.Columns.int4;
import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;
import static dev.millrace.platform.Columns.uuid;

import dev.millrace.platform.Columns;
import dev.millrace.platform.Parameters;
import java.util.UUID;

/** Writing postings, as a part of the statement that appends the journal's entries to which they belong. */
public final class Postings {
  /**
   * A posting and its place: the entry, by subject and version, and the number of the line there, from 0 on.
   */
  public record Line(UUID subject, int version, int number, Posting posting) {}

  public static final Columns<Line> COLUMNS = Columns.of(
      uuid("subject", Line::subject),
      int4("version", Line::version),
      int4("line", Line::number),
      text("account", l -> l.posting.account()),
      text("currency", l -> l.posting.currency()),
      int8("amount", l -> l.posting.amount()),
      text("memo", l -> l.posting.memo()));

  private Postings() {}

  /**
   * The {@code INSERT} of those lines whose entries were appended. {@code entries} names what the appending
   * part of the statement returns of each: position, subject, version and livemode.
   */
  public static String insert(Parameters.Rows<Line> lines, String entries) {
    return """
      INSERT INTO posting (position, line, livemode, account, currency, amount, memo)
      SELECT ev.position, q.line, ev.livemode, q.account, q.currency, q.amount, q.memo
        FROM (%s) AS q
        JOIN %s ev ON ev.subject = q.subject AND ev.version = q.version
      """.formatted(lines.select(), entries);
  }
}
