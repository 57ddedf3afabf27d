package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class CursorTest {
  /** In order, over the sign of a transaction number as Postgres counts them. */
  private static final List<Cursor> ORDER = List.of(Cursor.START, new Cursor(0, 1), new Cursor(9, 5),
      new Cursor(10, 2), new Cursor(10, 3), new Cursor(10_000, 1), new Cursor(Long.MAX_VALUE, 7),
      new Cursor(Long.MIN_VALUE, 1), new Cursor(-1, 0), EventReads.END);

  @Test
  void cursors_areInOrderOfTransactionThenPosition() {
    var shuffled = new ArrayList<>(ORDER);
    Collections.shuffle(shuffled, new Random(1));
    Collections.sort(shuffled);
    assertThat(shuffled).isEqualTo(ORDER);
    for (int i = 0; i < ORDER.size(); i++) {
      for (int j = 0; j < ORDER.size(); j++)
        assertThat(ORDER.get(i).after(ORDER.get(j))).as("%d after %d", i, j).isEqualTo(i > j);
    }
  }

  @Test
  void below_isBeforeTheTransactionsFirstEvent_andBehindAllBefore() {
    var horizon = Cursor.below("18446744073709551615");
    assertThat(horizon).isEqualTo(new Cursor(-1, 0));
    assertThat(new Cursor(-1, 1).after(horizon)).isTrue();
    assertThat(horizon.after(new Cursor(-2, Long.MAX_VALUE))).isTrue();
  }

  @Test
  void xidText_isAsPostgresWritesIt() {
    assertThat(Cursor.START.xidText()).isEqualTo("0");
    assertThat(new Cursor(Long.MIN_VALUE, 0).xidText()).isEqualTo("9223372036854775808");
    assertThat(EventReads.END.xidText()).isEqualTo("18446744073709551615");
  }
}
