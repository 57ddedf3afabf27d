package dev.millrace.journal;

/**
 * A place in the journal: everything up to and including the event of this transaction and position.
 *
 * @param xid an unsigned 64-bit number, as Postgres counts transactions
 */
public record Cursor(long xid, long position) implements Comparable<Cursor> {
  public static final Cursor START = new Cursor(0, 0);

  /** Before everything that a transaction from {@code horizon} on writes. */
  static Cursor below(String horizon) {
    return new Cursor(Long.parseUnsignedLong(horizon), 0);
  }

  /** The transaction as SQL takes it, {@code $1::text::xid8}. */
  public String xidText() {
    return Long.toUnsignedString(xid);
  }

  @Override
  public int compareTo(Cursor other) {
    int byXid = Long.compareUnsigned(xid, other.xid);
    return byXid != 0 ? byXid : Long.compare(position, other.position);
  }

  public boolean after(Cursor other) {
    return compareTo(other) > 0;
  }
}
