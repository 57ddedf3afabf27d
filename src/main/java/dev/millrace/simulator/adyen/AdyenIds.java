package dev.millrace.simulator.adyen;

import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import java.util.Locale;

/**
 * The pspReferences a book gives out: 16 upper-case letters and digits, half of them from the book's own id
 * and half from the line's number, so they need no memory.
 */
public final class AdyenIds {
  private static final int BOOK_CHARS = 8;
  private static final int NUMBER_CHARS = 7;
  private static final char PAYMENT = 'P';
  private static final char MOVEMENT = 'M';
  private static final long BOOKS = 2_821_109_907_456L;

  private final BookIds ids;
  private final String book;

  public AdyenIds(BookIds ids) {
    this.ids = ids;
    this.book = digits(Math.floorMod(ids.hash(), BOOKS), BOOK_CHARS);
  }

  String payment(int ordinal) {
    return book + digits(ordinal, NUMBER_CHARS) + PAYMENT;
  }

  String movement(int number) {
    return book + digits(number, NUMBER_CHARS) + MOVEMENT;
  }

  /** That of the try that was charged, where it was not the first. */
  String payment(PaymentState state) {
    Movement charged = state.last(Kind.TRY_CHARGED);
    return charged == null ? payment(state.entry().ordinal()) : movement(charged.number());
  }

  String of(BookLine line) {
    return switch (line) {
      case Entry entry -> payment(entry.ordinal());
      case Movement movement -> movement(movement.number());
    };
  }

  /** The ordinal of the payment that has this reference, or -1 if this book never gives it out. */
  int ordinal(String pspReference) {
    int number = number(pspReference);
    return number >= 0 && payment(number).equals(pspReference) ? number : -1;
  }

  /** The number of the movement that has this reference, or -1 if this book never gives it out. */
  int movementNumber(String pspReference) {
    int number = number(pspReference);
    return number >= 0 && movement(number).equals(pspReference) ? number : -1;
  }

  private static int number(String pspReference) {
    if (pspReference.length() != BOOK_CHARS + NUMBER_CHARS + 1) {
      return -1;
    }
    try {
      long number = Long.parseLong(pspReference, BOOK_CHARS, BOOK_CHARS + NUMBER_CHARS, 36);
      return number >= 0 && number <= Integer.MAX_VALUE ? (int) number : -1;
    } catch (NumberFormatException e) { // Not one of ours.
      return -1;
    }
  }

  /** What the payer's browser brings back from the page, for {@code /payments/details}. */
  String redirectResult(int ordinal) {
    return payment(ordinal) + "!" + ids.secret(ordinal);
  }

  /** The ordinal of the payment whose page gave this out, or -1. */
  int ordinalOfRedirect(String redirectResult) {
    int end = redirectResult.indexOf('!');
    int ordinal = end < 0 ? -1 : ordinal(redirectResult.substring(0, end));
    return ordinal >= 0 && redirectResult(ordinal).equals(redirectResult) ? ordinal : -1;
  }

  private static String digits(long number, int chars) {
    String digits = Long.toString(number, 36).toUpperCase(Locale.ROOT);
    return "0".repeat(chars - digits.length()) + digits;
  }
}
