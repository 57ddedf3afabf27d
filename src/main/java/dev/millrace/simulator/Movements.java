package dev.millrace.simulator;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * Adds movements to payments, one at a time each: what a movement is checked against is on disk. Owned by one
 * event loop.
 */
final class Movements {
  /** Someone who wants a payment moved. Hears one of the four ends. */
  interface Asking extends Book.Waiting {
    /** Whether there is still something to do as the payment stands. */
    default boolean stands(Standing now) {
      return true;
    }

    /** There was nothing to do any more. */
    default void left() {}

    /** The movement it comes to as the payment stands. */
    Movement draft(Standing now, int number);

    /** The book cannot be written to any more; nothing was carried out. */
    void unwritable();
  }

  private final Book book;
  /** The payments with a movement on its way to the disk, and who waits for it to arrive. */
  private final Map<Integer, Queue<Asking>> waiting = new HashMap<>();

  Movements(Book book) {
    this.book = book;
  }

  /** Moves the payment now, or once those before have been carried out. */
  void add(int payment, Asking asking) {
    Queue<Asking> turn = waiting.get(payment);
    if (turn != null) {
      turn.add(asking);
    } else {
      waiting.put(payment, new ArrayDeque<>(1));
      carryOut(payment, asking);
    }
  }

  private void carryOut(int payment, Asking asking) {
    Standing now = book.standing(payment);
    if (!book.writable()) {
      asking.unwritable();
      next(payment);
    } else if (!asking.stands(now)) {
      asking.left();
      next(payment);
    } else {
      book.append(asking.draft(now, book.nextMovement()), new Turn(payment, asking));
    }
  }

  private void next(int payment) {
    Queue<Asking> turn = waiting.get(payment);
    Asking asking = turn == null ? null : turn.poll();
    if (asking == null) {
      waiting.remove(payment);
    } else {
      carryOut(payment, asking);
    }
  }

  /** One movement on its way to the disk. */
  private final class Turn implements Book.Waiting {
    private final int payment;
    private final Asking asking;

    Turn(int payment, Asking asking) {
      this.payment = payment;
      this.asking = asking;
    }

    @Override
    public void durable(Line line) {
      asking.durable(line);
      next(payment);
    }

    @Override
    public void lost() {
      asking.lost();
      next(payment);
    }
  }
}
