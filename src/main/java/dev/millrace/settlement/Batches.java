package dev.millrace.settlement;

import static dev.millrace.platform.Columns.bool;
import static dev.millrace.platform.Columns.int4;
import static dev.millrace.platform.Columns.int8;
import static dev.millrace.platform.Columns.text;
import static dev.millrace.platform.Columns.uuid;

import dev.millrace.journal.Append;
import dev.millrace.journal.JournalEntries;
import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.ledger.Postings;
import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.Columns;
import dev.millrace.platform.Parameters;
import dev.millrace.platform.TypeId;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Tuple;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Nets what moved merchants' money, per merchant, mode, currency, provider and rail. Pure. */
final class Batches {
  /**
   * A payment with movements that are due, as it stands.
   *
   * @param share what the movements add to what the merchant has pending; negative for refunds and holds
   * @param owed what they add to what the provider owes
   * @param first whether it was in no batch before: what was captured anew is not counted again
   */
  record Due(UUID payment, UUID merchant, boolean livemode, int version, Status status, String currency,
      String provider, long share, long owed, boolean first, String traceparent) {}

  private record Key(UUID merchant, boolean livemode, String currency, String provider, String rail) {}

  private static final class Batch {
    final UUID id = TypeId.next();
    final Key key;
    final String traceparent;
    int payments;
    long share;
    long owed;

    Batch(Key key, String traceparent) {
      this.key = key;
      this.traceparent = traceparent;
    }

    /** What the merchant's event says. */
    String data() {
      return new JsonObject().put("provider", key.provider).put("rail", key.rail)
          .put("currency", key.currency)
          .put("payments", payments).put("amount", share).put("amount_charged", owed).encode();
    }

    List<Posting> postings() {
      return PostingRules.settlement(TypeId.format(TypeId.MERCHANT, key.merchant), key.provider, key.rail,
          key.currency, share, owed);
    }
  }

  private static final Parameters PARAMETERS = new Parameters();
  private static final Parameters.Rows<Batch> ROWS = PARAMETERS.rows(Columns.of(
      uuid("id", b -> b.id),
      uuid("merchant", b -> b.key.merchant),
      bool("livemode", b -> b.key.livemode),
      text("provider", b -> b.key.provider),
      text("rail", b -> b.key.rail),
      text("currency", b -> b.key.currency),
      int4("payments", b -> b.payments),
      int8("amount", b -> b.share),
      int8("amount_charged", b -> b.owed),
      text("traceparent", b -> b.traceparent),
      text("data", Batch::data)));
  private static final Parameters.Rows<Postings.Line> LINES = PARAMETERS.rows(Postings.COLUMNS);
  private static final Parameters.Text WRITER = PARAMETERS.text();

  static final String SQL = """
    WITH b AS (
      :batches
    ), s AS (
      INSERT INTO settlement (id, merchant, livemode, provider, rail, currency, payments, amount, amount_charged)
      SELECT id, merchant, livemode, provider, rail, currency, payments, amount, amount_charged FROM b
    ), e AS (
      :entries
    ), p AS (
      :postings
    )
    :count"""
      .replace(":batches", ROWS.select())
      .replace(":entries", JournalEntries.insert("b", "1", "'" + EventType.SETTLEMENT_POSTED.wire() + "'",
          "'gateway'", "traceparent", "data") + JournalEntries.FOR_POSTINGS)
      .replace(":postings", Postings.insert(LINES, "e"))
      .replace(":count", JournalEntries.count(WRITER.sql(), "e"));

  private final Map<Key, Batch> batches = new LinkedHashMap<>();
  private final List<Append> appends = new ArrayList<>();

  /** Takes a payment into its batch. */
  void add(Due due, String rail) {
    var batch = batches.computeIfAbsent(new Key(due.merchant, due.livemode, due.currency, due.provider, rail),
        k -> new Batch(k, due.traceparent));
    batch.payments++;
    batch.share += due.share;
    batch.owed += due.owed;
    appends.add(new Append(due.payment, due.merchant, due.version, due.status,
        List.of(new PaymentEvent.Settled(TypeId.format(TypeId.SETTLEMENT, batch.id),
            due.status == Status.CONFIRMED ? null : due.status)),
        "gateway", due.traceparent, List.of(), new Append.Netted(batch.id, due.first)));
  }

  /** What each payment gets appended. */
  List<Append> appends() { return appends; }

  /** How many payments are settled for the first time. */
  int first() {
    return (int) appends.stream().filter(a -> a.netted() != null && a.netted().first()).count();
  }

  int count() { return batches.size(); }

  /** The parameters of {@link #SQL}. */
  Tuple parameters(String writer) {
    var lines = new ArrayList<Postings.Line>();
    for (Batch batch : batches.values()) {
      int number = 0;
      for (Posting posting : batch.postings()) lines.add(new Postings.Line(batch.id, 1, number++, posting));
    }
    return PARAMETERS.values().with(ROWS, List.copyOf(batches.values())).with(LINES, lines)
        .with(WRITER, writer).tuple();
  }
}
