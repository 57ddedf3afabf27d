package dev.millrace.simulator.book;

/**
 * The ids a book gives out: its own random id and a line's number, so they need no memory and cannot collide
 * between books. A movement's has an M where an entry's has its first digit.
 */
public final class BookIds {
  private static final int NUMBER_CHARS = 10;
  private final String bookId;

  public BookIds(String bookId) {
    this.bookId = bookId;
  }

  public String entry(String prefix, int ordinal) {
    return prefix + bookId + digits(ordinal, NUMBER_CHARS);
  }

  public String movement(String prefix, int number) {
    return prefix + bookId + "M" + digits(number, NUMBER_CHARS - 1);
  }

  public String of(String prefix, BookLine line) {
    return switch (line) {
      case Entry entry -> entry(prefix, entry.ordinal());
      case Movement movement -> movement(prefix, movement.number());
    };
  }

  /** The ordinal of the entry that has this id, or -1 if this book never gives it out. */
  public int ordinal(String prefix, String id) {
    int number = number(id, prefix.length() + bookId.length());
    return number >= 0 && id.equals(entry(prefix, number)) ? number : -1;
  }

  /** The number of the movement that has this id, or -1 if this book never gives it out. */
  public int movementNumber(String prefix, String id) {
    int number = number(id, prefix.length() + bookId.length() + 1);
    return number >= 0 && id.equals(movement(prefix, number)) ? number : -1;
  }

  /** A number made of the book's id. */
  public long hash() {
    long hash = 0xcbf29ce484222325L;
    for (int i = 0; i < bookId.length(); i++) {
      hash = (hash ^ bookId.charAt(i)) * 0x100000001b3L;
    }
    return hash;
  }

  /** Nobody pays with it; it only has to look like a secret and stay the same. */
  public String secret(int ordinal) {
    return Long.toString((bookId.hashCode() * 31L + ordinal) * 0x9e3779b97f4a7c15L & Long.MAX_VALUE, 36);
  }

  private static int number(String id, int from) {
    if (id.length() <= from || id.length() > from + NUMBER_CHARS) {
      return -1;
    }
    try {
      return Integer.parseInt(id, from, id.length(), 36);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  private static String digits(int number, int chars) {
    String digits = Integer.toString(number, 36);
    return "0".repeat(chars - digits.length()) + digits;
  }
}
