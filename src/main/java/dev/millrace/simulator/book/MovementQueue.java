package dev.millrace.simulator.book;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.Queue;

/**
 * Adds movements to payments. The movements of one payment are added one after the other, so that each is
 * checked against what is on disk already. Owned by one event loop.
 */
public final class MovementQueue {
  /** Someone who wants a payment moved. Hears one of the four ends. */
  public interface Requester extends Book.Waiting {
    /** Whether there is still something to do as the payment stands. */
    default boolean applicable(PaymentState now) {
      return true;
    }

    /** There was nothing to do any more. */
    default void inapplicable() {}

    /** The movement it comes to as the payment stands. */
    Movement draft(PaymentState now, int number);

    /** The book cannot be written to any more; nothing was carried out. */
    void unwritable();
  }

  private final Book book;
  /** The payments with a movement on its way to the disk, and who waits for it to arrive. */
  private final Map<Integer, Queue<Requester>> waiting = new HashMap<>();

  public MovementQueue(Book book) {
    this.book = book;
  }

  /** Moves the payment now, or once those before have been carried out. */
  public void add(int payment, Requester requester) {
    Queue<Requester> turn = waiting.get(payment);
    if (turn != null) {
      turn.add(requester);
    } else {
      waiting.put(payment, new ArrayDeque<>(1));
      carryOut(payment, requester);
    }
  }

  private void carryOut(int payment, Requester requester) {
    PaymentState now = book.state(payment);
    if (!book.writable()) {
      requester.unwritable();
      next(payment);
    } else if (!requester.applicable(now)) {
      requester.inapplicable();
      next(payment);
    } else {
      book.append(requester.draft(now, book.nextMovement()), new Turn(payment, requester));
    }
  }

  private void next(int payment) {
    Queue<Requester> turn = waiting.get(payment);
    Requester requester = turn == null ? null : turn.poll();
    if (requester == null) {
      waiting.remove(payment);
    } else {
      carryOut(payment, requester);
    }
  }

  /** One movement on its way to the disk. */
  private final class Turn implements Book.Waiting {
    private final int payment;
    private final Requester requester;

    Turn(int payment, Requester requester) {
      this.payment = payment;
      this.requester = requester;
    }

    @Override
    public void durable(BookLine line) {
      requester.durable(line);
      next(payment);
    }

    @Override
    public void lost() {
      requester.lost();
      next(payment);
    }
  }
}
