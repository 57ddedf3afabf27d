package dev.millrace.simulator.book;

import java.util.ArrayList;
import java.util.List;

/**
 * The movements of a payment and what it has come to by them. Kept beside the entries, as few payments have
 * any movement.
 */
final class PaymentHistory {
  private final Entry entry;
  private final List<Movement> movements = new ArrayList<>(2);
  private final PaymentState now;

  PaymentHistory(Entry entry) {
    this.entry = entry;
    this.now = new PaymentState(entry, movements);
  }

  void add(Movement movement) {
    movements.add(movement);
    now.apply(movement);
  }

  PaymentState now() {
    return now;
  }

  /** The payment as it was just after one of its movements. */
  PaymentState at(Movement movement) {
    return new PaymentState(entry, movements.subList(0, movements.indexOf(movement) + 1));
  }
}
