package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.api.Problem.FieldError;
import dev.millrace.platform.TypeId;
import io.vertx.core.MultiMap;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class QueryTest {
  private static final Set<String> KNOWN = Set.of("limit", "status", "after", "created");

  private static Query query(String... parameters) {
    var map = MultiMap.caseInsensitiveMultiMap();
    for (int i = 0; i < parameters.length; i += 2) map.add(parameters[i], parameters[i + 1]);
    return new Query(map, KNOWN);
  }

  private static List<FieldError> errors(Query query) {
    ProblemException refusal = catchThrowableOfType(ProblemException.class, query::check);
    assertThat(refusal).as("refused").isNotNull();
    assertThat(refusal.problem().status()).isEqualTo(400);
    return refusal.problem().errors();
  }

  private static FieldError invalid(String param, String message) {
    return new FieldError(param, "parameter_invalid", message);
  }

  @Test
  void query_empty_hasDefaults() {
    var query = query();
    assertThat(query.limit()).isEqualTo(10);
    assertThat(query.text("status")).isNull();
    assertThat(query.choice("status", v -> false, "")).isNull();
    assertThat(query.time("created")).isNull();
    assertThat(query.id("after", TypeId.PAYMENT, "a payment\'s id (pay_…), the last one of the page before"))
        .isNull();
    assertThatCode(query::check).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @CsvSource({"1, 1", "10, 10", "100, 100", "007, 7"})
  void limit_inRange(String text, int limit) {
    var query = query("limit", text);
    assertThat(query.limit()).isEqualTo(limit);
    query.check();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "0", "101", "-1", "+1", "ten", "1.0", " 1", "99999999999999999999", "\u0661"})
  void limit_outOfRange_refused(String text) {
    var query = query("limit", text);
    assertThat(query.limit()).isEqualTo(10);
    assertThat(errors(query)).containsExactly(invalid("limit", "`limit` must be an integer from 1 to 100."));
  }

  @Test
  void time_inSeconds_isInMilliseconds() {
    assertThat(query("created", "1700000000").time("created")).isEqualTo(1_700_000_000_000L);
    assertThat(query("created", "0").time("created")).isZero();
    assertThat(query("created", "99999999999").time("created")).isEqualTo(99_999_999_999_000L);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "-1", "2026-11-20", "1.5", "100000000000"})
  void time_other_refused(String text) {
    var query = query("created", text);
    assertThat(query.time("created")).isNull();
    assertThat(errors(query))
        .containsExactly(invalid("created", "`created` must be a time in Unix seconds."));
  }

  @Test
  void paymentId_valid() {
    UUID id = TypeId.next();
    assertThat(query("after", TypeId.format("pay", id)).id("after", TypeId.PAYMENT, "a payment's id"))
        .isEqualTo(id);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "pay_1", "mer_01h455vb4pex5vsknk084sn02q", "PAY_01h455vb4pex5vsknk084sn02q"})
  void paymentId_other_refused(String text) {
    var query = query("after", text);
    assertThat(query.id("after", TypeId.PAYMENT, "a payment\'s id (pay_…), the last one of the page before"))
        .isNull();
    assertThat(errors(query)).containsExactly(
        invalid("after", "`after` must be a payment's id (pay_…), the last one of the page before."));
  }

  @Test
  void choice_oneOf() {
    var query = query("status", "settled");
    assertThat(query.choice("status", "settled"::equals, "must be settled.")).isEqualTo("settled");
    query.check();
    var other = query("status", "done");
    assertThat(other.choice("status", "settled"::equals, "must be settled.")).isNull();
    assertThat(errors(other)).containsExactly(invalid("status", "`status` must be settled."));
  }

  @Test
  void parameter_unknown_refusedWithoutRepeatingIt() {
    assertThat(errors(query("4242424242424242", "x"))).containsExactly(new FieldError("(unknown)",
        "parameter_unknown",
        "The query has a parameter that this call does not know; it knows: after, created, limit, status."));
  }

  @Test
  void parameter_twice_refused() {
    assertThat(errors(query("status", "a", "status", "a"))).containsExactly(
        new FieldError("status", "parameter_duplicate", "`status` stands in the query more than once."));
  }

  @Test
  void faults_areReportedTogether() {
    var query = query("limit", "x", "created", "y");
    query.limit();
    query.time("created");
    query.fault("status", "Not now.");
    assertThat(errors(query)).extracting(FieldError::param).containsExactly("limit", "created", "status");
  }
}
