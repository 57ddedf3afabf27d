package dev.millrace.simulator.settings;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * What every call on every wire meets with, inquiries too, while the provider is down. A change holds from
 * the next call on.
 */
public enum Outage {
  NONE,
  /** Calls are taken and never answered; nothing is carried out. */
  HANG,
  /** Calls are answered 503; nothing is carried out. */
  UNAVAILABLE;

  private final String text = name().toLowerCase(Locale.ROOT);

  String text() {
    return text;
  }

  /** @throws IllegalArgumentException when there is none of this name */
  static Outage of(@Nullable Object name) {
    for (Outage outage : values()) {
      if (outage.text.equals(name)) {
        return outage;
      }
    }
    throw new IllegalArgumentException("outage must be none, hang or unavailable");
  }
}
