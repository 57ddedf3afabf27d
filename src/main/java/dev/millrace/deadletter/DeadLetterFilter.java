package dev.millrace.deadletter;

import dev.millrace.platform.CardNumbers;
import dev.millrace.platform.InstantText;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.TypeId;
import io.vertx.sqlclient.Tuple;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which dead letters are meant; null means any. What is not understood is refused, so that nothing is done to
 * more of them than was meant.
 *
 * @param error what the last error contains, in any case of letters
 */
public record DeadLetterFilter(@Nullable String status, @Nullable String task, @Nullable UUID payment,
    @Nullable String error, @Nullable OffsetDateTime createdAfter, @Nullable OffsetDateTime createdBefore) {

  public static final Set<String> FIELDS = Set.of("status", "task", "payment", "error", "created_after",
      "created_before");
  public static final List<String> STATUSES = List.of("open", "replaying", "replayed", "discarded",
      "closed");
  private static final List<String> TASKS = List.of("charge", "operation", "poison", "forged", "webhook",
      "inquiry");
  private static final int ERROR_CHARS_MAX = 200;

  /**
   * By the fields' names; other names are the caller's own. {@code statuses}: those that make sense there.
   */
  public static DeadLetterFilter of(Map<String, String> given, List<String> statuses) {
    return new DeadLetterFilter(choice(given, "status", statuses), choice(given, "task", TASKS),
        payment(given),
        error(given), time(given, "created_after"), time(given, "created_before"));
  }

  private static OperatorRefusal refused(String field, String remedy, String value) {
    return new OperatorRefusal(400,
        "`" + field + "` must be " + remedy + ", not `" + CardNumbers.hidden(value) + "`");
  }

  private static @Nullable String choice(Map<String, String> given, String field, List<String> known) {
    String value = given.get(field);
    if (value == null || known.contains(value)) return value;
    throw refused(field, "one of " + String.join(", ", known), value);
  }

  private static @Nullable UUID payment(Map<String, String> given) {
    String value = given.get("payment");
    UUID id = value == null ? null : TypeId.parse(TypeId.PAYMENT, value);
    if (value != null && id == null) throw refused("payment", "a payment's id (pay_…)", value);
    return id;
  }

  private static @Nullable String error(Map<String, String> given) {
    String value = given.get("error");
    if (value != null && (value.isBlank() || value.length() > ERROR_CHARS_MAX || value.indexOf('\0') >= 0))
      throw refused("error", "a part of the last error, 1 to " + ERROR_CHARS_MAX + " characters", value);
    // It would stand in the audit.
    if (value != null && CardNumbers.in(value))
      throw refused("error", "a part of the last error without a card number", value);
    return value;
  }

  private static @Nullable OffsetDateTime time(Map<String, String> given, String field) {
    String value = given.get(field);
    if (value == null) return null;
    Instant instant = InstantText.read(value);
    if (instant == null)
      throw refused(field, "a time in Unix seconds, or in ISO 8601 with an offset (2026-11-21T18:00:00Z)",
          value);
    return instant.atOffset(ZoneOffset.UTC);
  }

  /** A whole number within bounds; {@code otherwise} when none is given. */
  public static int number(Map<String, String> given, String field, int max, int otherwise) {
    String value = given.get(field);
    if (value == null) return otherwise;
    if (value.matches("\\d{1,9}") && Integer.parseInt(value) >= 1 && Integer.parseInt(value) <= max)
      return Integer.parseInt(value);
    throw refused(field, "an integer from 1 to " + max, value);
  }

  /** The dead letter of this id, of a path or of the page before. */
  public static long id(String field, String value) {
    if (value.matches("\\d{1,18}")) return Long.parseLong(value);
    throw refused(field, "a dead letter's id, a number", value);
  }

  /**
   * Its conditions, whose values are appended to {@code values}. Only what is asked for, so that an index can
   * serve it.
   */
  String where(Tuple values) {
    var conditions = new ArrayList<String>(List.of("true"));
    if (status != null) conditions.add("status = " + next(values, status) + "::text");
    if (task != null) conditions.add("task = " + next(values, task) + "::text");
    if (payment != null) conditions.add("payment_id = " + next(values, payment) + "::uuid");
    if (error != null)
      conditions.add("position(lower(" + next(values, error) + "::text) IN lower(error)) > 0");
    if (createdAfter != null) conditions.add("created > " + next(values, createdAfter) + "::timestamptz");
    if (createdBefore != null) conditions.add("created < " + next(values, createdBefore) + "::timestamptz");
    return String.join(" AND ", conditions);
  }

  private static String next(Tuple values, Object value) {
    values.addValue(value);
    return "$" + values.size();
  }
}
