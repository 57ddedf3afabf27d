package dev.millrace.api;

import dev.millrace.api.Problem.FieldError;
import dev.millrace.platform.InstantText;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The query parameters of one request: each checked, unknown ones refused, all faults reported at once. */
final class Query {
  static final int LIMIT_MAX = 100;
  private static final int LIMIT_DEFAULT = 10;

  private final MultiMap parameters;
  private final List<FieldError> errors = new ArrayList<>();

  Query(MultiMap parameters, Set<String> known) {
    this.parameters = parameters;
    for (String name : parameters.names()) {
      if (!known.contains(name))
        error("(unknown)", "parameter_unknown",
            "The query has a parameter that this call does not know; it knows: "
                + String.join(", ", known.stream().sorted().toList()) + ".");
      else
        if (parameters.getAll(name).size() > 1)
          error(name, "parameter_duplicate", "`" + name + "` stands in the query more than once.");
    }
  }

  private void error(String param, String code, String message) {
    errors.add(new FieldError(param, code, message));
  }

  @Nullable
  String text(String name) {
    return choice(name, value -> !value.isEmpty() && value.length() <= 200 && value.indexOf('\0') < 0,
        "must be a text of 1 to 200 characters.");
  }

  /** One of a fixed set of values. */
  @Nullable
  String choice(String name, java.util.function.Predicate<String> valid, String remedy) {
    String value = parameters.get(name);
    if (value == null || valid.test(value)) return value;
    error(name, "parameter_invalid", "`" + name + "` " + remedy);
    return null;
  }

  int limit() {
    String value = parameters.get("limit");
    if (value == null) return LIMIT_DEFAULT;
    if (value.matches("\\d{1,3}") && Integer.parseInt(value) >= 1 && Integer.parseInt(value) <= LIMIT_MAX)
      return Integer.parseInt(value);
    error("limit", "parameter_invalid", "`limit` must be an integer from 1 to " + LIMIT_MAX + ".");
    return LIMIT_DEFAULT;
  }

  /** Unix seconds, as milliseconds. */
  @Nullable
  Long time(String name) {
    String value = parameters.get(name);
    if (value == null) return null;
    if (value.matches("\\d{1,11}")) return Long.parseLong(value) * 1000;
    error(name, "parameter_invalid", "`" + name + "` must be a time in Unix seconds.");
    return null;
  }

  /** A past instant: Unix seconds, or ISO 8601 with an offset. */
  @Nullable
  Instant past(String name) {
    String value = parameters.get(name);
    if (value == null) return null;
    Instant instant = InstantText.read(value);
    if (instant == null)
      error(name, "parameter_invalid", "`" + name
          + "` must be a time in Unix seconds, or in ISO 8601 with an offset: 2026-11-21T18:00:00Z.");
    else
      if (instant.isAfter(Instant.now()))
        error(name, "parameter_invalid", "`" + name + "` must not lie in the future.");
    return instant;
  }

  /** An identifier; {@code what} it must be, for the message. */
  @Nullable
  UUID id(String name, String prefix, String what) {
    return id(name, List.of(prefix), what);
  }

  /** The same of something that may have one of several prefixes. */
  @Nullable
  UUID id(String name, List<String> prefixes, String what) {
    String value = parameters.get(name);
    if (value == null) return null;
    for (String prefix : prefixes) {
      UUID id = TypeId.parse(prefix, value);
      if (id != null) return id;
    }
    error(name, "parameter_invalid", "`" + name + "` must be " + what + ".");
    return null;
  }

  /**
   * Fails when nothing was found by a cursor: a page after what does not exist would be empty and say
   * nothing. {@code what} it must be the id of.
   */
  static <T> Future<Void> place(String name, Future<@Nullable T> found, String what) {
    return found.compose(object -> object != null
        ? Future.succeededFuture()
        : Future.failedFuture(new ProblemException(Problem.invalid(List.of(new FieldError(name,
            "parameter_invalid",
            "`" + name + "` names no " + what + " that you have in this mode. Send `next` of"
                + " the page before, or leave it out."))))));
  }

  void fault(String name, String message) { error(name, "parameter_invalid", message); }

  /** Throws a {@link ProblemException} with all faults, if there are any. */
  void check() {
    if (!errors.isEmpty()) throw new ProblemException(Problem.invalid(errors));
  }
}
