package dev.millrace.simulator;

import java.util.ArrayList;
import java.util.List;

/** A payment that has movements: what few payments have, kept beside the entries. */
final class Life {
  private final Entry entry;
  private final List<Movement> movements = new ArrayList<>(2);
  private final Standing now;

  Life(Entry entry) {
    this.entry = entry;
    this.now = new Standing(entry, movements);
  }

  void add(Movement movement) {
    movements.add(movement);
    now.apply(movement);
  }

  Standing now() {
    return now;
  }

  /** The payment as it was just after one of its movements. */
  Standing at(Movement movement) {
    return new Standing(entry, movements.subList(0, movements.indexOf(movement) + 1));
  }
}
