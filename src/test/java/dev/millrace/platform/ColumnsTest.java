package dev.millrace.platform;

import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class ColumnsTest {
  private record Line(String account, long amount, @Nullable String memo) {}

  private static final Columns<Line> LINE = Columns.of(text("account", Line::account),
      int8("amount", Line::amount), text("memo", Line::memo));

  private final Parameters parameters = new Parameters();
  private final Parameters.Text first = parameters.text();
  private final Parameters.Rows<Line> debits = parameters.rows(LINE);
  private final Parameters.Rows<Line> credits = parameters.rows(LINE);
  private final Parameters.Text last = parameters.text();
  private final Parameters.Int8 number = parameters.int8();

  @Test
  void statement_numbersItsParametersInTheOrderOfAsking() {
    assertThat(first.sql()).isEqualTo("$1::text");
    assertThat(debits.select()).isEqualTo(
        "SELECT unnest($2::text[]) AS account, unnest($3::int8[]) AS amount, unnest($4::text[]) AS memo");
    assertThat(credits.select()).isEqualTo(
        "SELECT unnest($5::text[]) AS account, unnest($6::int8[]) AS amount, unnest($7::text[]) AS memo");
    assertThat(credits.array("amount")).isEqualTo("$6::int8[]");
    assertThat(last.sql()).isEqualTo("$8::text");
    assertThat(number.sql()).isEqualTo("$9::int8");
    assertThat(number.number()).isEqualTo(9);
  }

  @Test
  void values_findTheirPlaces_inWhateverOrderTheyAreGiven() {
    var tuple = parameters.values().with(last, "z").with(credits, List.of())
        .with(debits, List.of(new Line("a", 1, null), new Line("b", 2, "m"))).with(number, 7).with(first, "y")
        .tuple();
    assertThat(tuple.size()).isEqualTo(9);
    assertThat(tuple.getString(0)).isEqualTo("y");
    assertThat(tuple.getArrayOfStrings(1)).containsExactly("a", "b");
    assertThat(tuple.getArrayOfLongs(2)).containsExactly(1L, 2L);
    assertThat(tuple.getArrayOfStrings(3)).containsExactly(null, "m");
    assertThat(tuple.getArrayOfLongs(5)).isEmpty();
    assertThat(tuple.getString(7)).isEqualTo("z");
    assertThat(tuple.getLong(8)).isEqualTo(7);
  }

  @Test
  void values_thatWereNotAllGiven_areRefused() {
    var some = parameters.values().with(first, "y").with(debits, List.of());
    assertThatThrownBy(some::tuple).hasMessage("4 of 9 parameters were given");
  }

  @Test
  void column_thatIsNotThereOrTwice_isRefused() {
    assertThatThrownBy(() -> debits.array("currency")).hasMessageContaining("no column currency");
    assertThatThrownBy(() -> Columns.of(text("memo", Line::memo), text("memo", Line::account)))
        .hasMessageContaining("stands twice");
  }
}
