package dev.millrace.simulator.wire;

import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.Wire;

/**
 * How a wire says what happened. What is said of the book is built from the book alone: asked twice, or after
 * a restart, it is the same bytes.
 */
public interface WireAnswers {
  Wire wire();

  /** In which units it says amounts. */
  WireUnits units();

  /** What the wire calls the payment, or the movement where it has a name of its own. */
  String id(BookLine line);

  /** The answer to the request that made the entry, first time and replayed. */
  Answer created(Entry entry, boolean expanded);

  /** The answer to the request that made the movement, or was refused by it. */
  Answer done(Movement movement, boolean expanded);

  /** How many webhooks tell of the line. */
  int events(BookLine line);

  /** What one of them says, from 0, the same id and bytes each time it is sent. */
  String event(BookLine line, int number);

  Answer unauthorized();

  Answer differentParameters();

  Answer keyInUse();

  Answer badKey(int charsMax);

  /** Nothing was carried out. */
  Answer internalError();

  /** Nothing was carried out, and nothing is remembered. */
  Answer overloaded(String why);

  /** Too many calls: nothing was looked at, nothing is remembered. */
  Answer throttled();

  /** Whether a call that was answered {@link #internalError} is answered so again under its key. */
  boolean savesFailures();
}
