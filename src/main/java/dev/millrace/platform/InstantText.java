package dev.millrace.platform;

import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Instants as callers write them. */
public final class InstantText {
  private static final Pattern UNIX_SECONDS = Pattern.compile("\\d{1,11}");
  private static final Pattern ISO_8601 = Pattern
      .compile("\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,9})?(Z|[+-]\\d{2}:\\d{2})");

  private InstantText() {}

  /** Unix seconds, or ISO 8601 with an offset; null when it is none. */
  public static @Nullable Instant read(String text) {
    if (UNIX_SECONDS.matcher(text).matches()) return Instant.ofEpochSecond(Long.parseLong(text));
    if (!ISO_8601.matcher(text).matches()) return null;
    try {
      return OffsetDateTime.parse(text).toInstant().truncatedTo(ChronoUnit.MICROS);
    } catch (DateTimeParseException e) {
      return null;
    }
  }
}
