package dev.millrace.simulator.book;

import dev.millrace.simulator.book.Movement.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What was done under which reference of a caller: payments, and captures, cancels and refunds. A payment
 * takes eight bytes and its place in an index.
 */
public final class References {
  private static final int NONE = -1;

  private final List<Entry> entries;
  private final EntryIndex newest = new EntryIndex(Entry::reference);
  private final Map<String, List<Movement>> movements = new HashMap<>();
  private int[] previous = new int[1024];
  /** How many payments under the reference have moved money, up to this one. */
  private int[] moved = new int[1024];
  private int duplicates;

  /** {@code entries}: of the book, which each new one has been added to before it is added here. */
  References(List<Entry> entries) {
    this.entries = entries;
  }

  void add(Entry entry) {
    int at = entry.ordinal();
    if (at == previous.length) {
      previous = Arrays.copyOf(previous, at * 2);
      moved = Arrays.copyOf(moved, at * 2);
    }
    Entry before = newest.put(entry);
    previous[at] = before == null ? NONE : before.ordinal();
    moved[at] = before == null ? 0 : moved[before.ordinal()];
    if (entry.opening() == Entry.Opening.CHARGED || entry.opening() == Entry.Opening.AUTHORIZED) {
      move(at);
    }
  }

  /** {@code entry}: of the payment that has moved. */
  void add(Movement movement, Entry entry) {
    if (!movement.carriedOut()) {
      return;
    }
    if (movement.kind() == Kind.COMPLETION || movement.kind() == Kind.TRY_CHARGED) {
      Entry last = entry.reference() == null ? null : newest.get(entry.reference());
      move(last == null ? entry.ordinal() : last.ordinal());
    } else if (movement.reference() != null && movement.kind().isOperation()) {
      List<Movement> same = movements.computeIfAbsent(key(movement.kind(), movement.reference()),
          call -> new ArrayList<>(1));
      same.add(movement);
      duplicates += same.size() == 2 ? 1 : 0;
    }
  }

  /** The newest payments of a reference, newest first, at most {@code limit}. */
  public List<Entry> payments(String reference, int limit) {
    var found = new ArrayList<Entry>();
    Entry last = newest.get(reference);
    for (int at = last == null ? NONE : last.ordinal(); at != NONE && found.size() < limit;) {
      found.add(entries.get(at));
      at = previous[at];
    }
    return found;
  }

  /** The captures, cancels or refunds of a reference that were carried out, in order. */
  public List<Movement> movements(Kind kind, String reference) {
    return movements.getOrDefault(key(kind, reference), List.of());
  }

  /** How many references were carried out more than once. */
  public int duplicates() {
    return duplicates;
  }

  private void move(int newestOfReference) {
    duplicates += ++moved[newestOfReference] == 2 ? 1 : 0;
  }

  private static String key(Kind kind, String reference) {
    return kind.text() + " " + reference;
  }
}
