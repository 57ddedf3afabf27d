package dev.millrace.settlement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import dev.millrace.settlement.Batches.Due;
import dev.millrace.testing.Loop;
import dev.millrace.testing.StoredRow;
import dev.millrace.testing.TestDatabase;
import io.vertx.core.json.JsonObject;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Every column that a settlement batch writes, with values of which no two are alike. */
final class BatchesIT {
  private static final UUID MERCHANT = new UUID(0xA, 0xA);
  private static final String FIRST = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final String SECOND = "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  @Test
  void batch_isPostedWithItsEventAndItsPostings() {
    var database = TestDatabase.create();
    try (var loop = new Loop()) {
      var pool = database.pool(loop);
      var batches = new Batches();
      batches.add(due(MERCHANT, "usd", 700, 730, FIRST), "ach");
      batches.add(due(MERCHANT, "usd", -41, -50, SECOND), "ach");
      batches.add(due(new UUID(0xC, 0xC), "eur", 5, 6, SECOND), "sepa");
      loop.result(() -> pool.preparedQuery(Batches.SQL).execute(batches.parameters("settler")));
      UUID batch = batches.appends().getFirst().netted().settlement();
      StoredRow.of(database, "SELECT * FROM settlement WHERE id = '" + batch + "'")
          .has("id", batch).has("merchant", MERCHANT).has("livemode", true).has("provider", "stripe")
          .has("rail", "ach").has("currency", "usd").has("payments", 2).has("amount", 659)
          .has("amount_charged", 680).andOfItself("created");
      StoredRow.of(database, "SELECT * FROM journal WHERE subject = '" + batch + "'")
          .has("subject", batch).has("version", 1).has("type", "settlement.posted").has("merchant", MERCHANT)
          .has("livemode", true).has("actor", "gateway").has("traceparent", FIRST)
          .has("data",
              new JsonObject().put("provider", "stripe").put("rail", "ach").put("currency", "usd")
                  .put("payments", 2).put("amount", 659).put("amount_charged", 680))
          .andOfItself("position", "xid", "recorded");
      String merchant = TypeId.format(TypeId.MERCHANT, MERCHANT);
      assertLine(database, batch, 0, "merchant_pending:" + merchant, 659);
      assertLine(database, batch, 1, "merchant_available:" + merchant, -659);
      assertLine(database, batch, 2, "bank_in_transit:ach", 680);
      assertLine(database, batch, 3, "provider_receivable:stripe", -680);
      assertThat(database.number("SELECT count(*) FROM posting")).as("lines of both batches").isEqualTo(8);
      StoredRow.of(database, "SELECT * FROM work WHERE writer = 'settler'").has("writer", "settler")
          .has("accepted", 0).has("rested", 0).has("settled", 0).has("events", 2).andOfItself();
    }
  }

  private static Due due(UUID merchant, String currency, long share, long owed, String traceparent) {
    return new Due(TypeId.next(), merchant, true, 4, Status.CONFIRMED, currency, "stripe", share, owed, true,
        traceparent);
  }

  private static void assertLine(TestDatabase database, UUID batch, int line, String account, long amount) {
    StoredRow
        .of(database, "SELECT p.* FROM posting p JOIN journal j USING (xid, position) WHERE j.subject = '"
            + batch + "' AND p.line = " + line)
        .has("line", line).has("livemode", true).has("account", account).has("currency", "usd")
        .has("amount", amount).has("memo", null).andOfItself("position", "xid");
  }
}
