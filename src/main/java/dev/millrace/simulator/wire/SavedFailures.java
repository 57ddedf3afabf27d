package dev.millrace.simulator.wire;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The keys that were answered 500, with the fingerprint of their parameters. They charged nothing, so they
 * are not in the book: forgotten at a restart, and the oldest where there are too many.
 */
final class SavedFailures {
  private static final int ENTRIES_MAX = 100_000;

  private final Map<String, Long> fingerprints = new LinkedHashMap<>();

  @Nullable
  Long fingerprint(String key) {
    return fingerprints.get(key);
  }

  void save(String key, long fingerprint) {
    fingerprints.put(key, fingerprint);
    if (fingerprints.size() > ENTRIES_MAX) {
      fingerprints.remove(fingerprints.keySet().iterator().next());
    }
  }
}
