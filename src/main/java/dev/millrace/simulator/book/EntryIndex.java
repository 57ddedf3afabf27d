package dev.millrace.simulator.book;

import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A hash index of entries by a text they carry, at 8 to 16 bytes an entry: the keys stay in the entries. */
final class EntryIndex {
  private final Function<Entry, @Nullable String> keyOf;
  private @Nullable Entry[] table = new Entry[1024];
  private int used;

  EntryIndex(Function<Entry, @Nullable String> keyOf) {
    this.keyOf = keyOf;
  }

  @Nullable
  Entry get(String key) {
    return table[slot(key)];
  }

  /** Puts an entry under its key in place of the one returned; an entry without a key is not indexed. */
  @Nullable
  Entry put(Entry entry) {
    String key = keyOf.apply(entry);
    if (key == null) {
      return null;
    }
    int slot = slot(key);
    Entry before = table[slot];
    table[slot] = entry;
    if (before == null && ++used * 2 > table.length) {
      grow();
    }
    return before;
  }

  private int slot(String key) {
    int mask = table.length - 1;
    int hash = key.hashCode() * 0x9e3779b9;
    int slot = (hash ^ (hash >>> 15)) & mask;
    for (;;) {
      Entry there = table[slot];
      if (there == null || key.equals(keyOf.apply(there))) {
        return slot;
      }
      slot = (slot + 1) & mask;
    }
  }

  private void grow() {
    @Nullable
    Entry[] old = table;
    table = new Entry[old.length * 2];
    for (Entry entry : old) {
      String key = entry == null ? null : keyOf.apply(entry);
      if (key != null) {
        table[slot(key)] = entry;
      }
    }
  }
}
