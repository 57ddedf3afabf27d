package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import java.sql.SQLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** When the next authorization, or a payer's time, runs out. */
final class NextExpiryIT {
  private static TestDatabase database;
  private static Loop loop;
  private static PaymentReads payments;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    payments = new PaymentReads(database.reads(loop));
  }

  @AfterAll
  static void stop() { loop.close(); }

  private static void hold(String expires) {
    String sql = "INSERT INTO payment (id, merchant, livemode, version, status, amount, currency, expires)"
        + " VALUES ('" + TypeId.next() + "', '" + TypeId.next() + "', false, 3, 'authorized', 1, 'usd', "
        + expires + ")";
    try (var owner = database.owner(); var statement = owner.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  @Test
  void nextExpiry_isThatOfTheFirstToRunOut_alsoOneThatJustDid_butNoneOfLongAgo() {
    hold("NULL");
    hold("now() - interval '1 hour'");
    assertThat(loop.result(payments::nextExpiryMs)).isNull();
    hold("now() + interval '2 hours'");
    hold("now() + interval '1 hour'");
    assertThat(loop.result(payments::nextExpiryMs)).isBetween(3_500_000L, 3_600_000L);
    // It ran out between the look for those that have, and this one: it must not be waited for.
    hold("clock_timestamp() - interval '1 ms'");
    assertThat(loop.result(payments::nextExpiryMs)).isLessThanOrEqualTo(0);
  }
}
