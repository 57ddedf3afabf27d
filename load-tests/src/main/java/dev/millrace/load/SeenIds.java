package dev.millrace.load;

/**
 * A set of identifiers in 16 to 32 bytes each: it keeps 64 bits of a hash. Of two million ids the chance that
 * any two are taken for one is one in ten million. Not thread-safe.
 */
final class SeenIds {
  private static final int CAPACITY_MIN = 1 << 12;
  private static final long FNV_BASIS = 0xcbf29ce484222325L;
  private static final long FNV_PRIME = 0x100000001b3L;

  private long[] slots = new long[CAPACITY_MIN];
  private int size;

  /** FNV-1a of ASCII bytes, its bits mixed; never 0. */
  static long hash(byte[] bytes, int from, int to) {
    long hash = FNV_BASIS;
    for (int i = from; i < to; i++) {
      hash = (hash ^ bytes[i]) * FNV_PRIME;
    }
    return mixed(hash);
  }

  /** The same of ASCII characters. */
  static long hash(CharSequence id) {
    long hash = FNV_BASIS;
    for (int i = 0; i < id.length(); i++) {
      hash = (hash ^ id.charAt(i)) * FNV_PRIME;
    }
    return mixed(hash);
  }

  /** The finalizer of MurmurHash3. */
  private static long mixed(long hash) {
    long mixed = (hash ^ hash >>> 33) * 0xff51afd7ed558ccdL;
    mixed = (mixed ^ mixed >>> 33) * 0xc4ceb9fe1a85ec53L;
    mixed ^= mixed >>> 33;
    return mixed == 0 ? 1 : mixed;
  }

  /** Whether the id of this hash is new. */
  boolean add(long hash) {
    if (2 * size >= slots.length) {
      grow();
    }
    if (!place(slots, hash)) {
      return false;
    }
    size++;
    return true;
  }

  int size() {
    return size;
  }

  private void grow() {
    var larger = new long[2 * slots.length];
    for (long hash : slots) {
      if (hash != 0) {
        place(larger, hash);
      }
    }
    slots = larger;
  }

  private static boolean place(long[] slots, long hash) {
    int slot = (int) hash & slots.length - 1;
    while (slots[slot] != 0) {
      if (slots[slot] == hash) {
        return false;
      }
      slot = slot + 1 & slots.length - 1;
    }
    slots[slot] = hash;
    return true;
  }
}
