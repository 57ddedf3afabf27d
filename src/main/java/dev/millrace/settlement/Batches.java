package dev.millrace.settlement;

import dev.millrace.journal.Append;
import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
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
   * @param first whether its confirmation is among them
   */
  record Due(UUID payment, UUID merchant, boolean livemode, int version, Status status, String currency,
      String provider, long share, long owed, boolean first, String traceparent) {}

  private record Key(UUID merchant, boolean livemode, String currency, String provider, String rail) {}

  private static final class Batch {
    final UUID id = TypeId.next();
    final String traceparent;
    int payments;
    long share;
    long owed;

    Batch(String traceparent) { this.traceparent = traceparent; }
  }

  static final String SQL = """
    WITH b AS (
      SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bool[], $4::text[], $5::text[], $6::text[], $7::int4[], $8::int8[],
                           $9::int8[], $10::text[], $11::text[])
        AS t(id, merchant, livemode, provider, rail, currency, payments, amount, amount_charged, traceparent, data)
    ), s AS (
      INSERT INTO settlement (id, merchant, livemode, provider, rail, currency, payments, amount, amount_charged)
      SELECT id, merchant, livemode, provider, rail, currency, payments, amount, amount_charged FROM b
    ), e AS (
      INSERT INTO journal (subject, version, type, merchant, livemode, actor, traceparent, data)
      SELECT id, 1, 'settlement.posted', merchant, livemode, 'gateway', traceparent, data::json FROM b
      RETURNING position, subject, livemode
    ), p AS (
      INSERT INTO posting (position, line, livemode, account, currency, amount)
      SELECT e.position, q.line, e.livemode, q.account, q.currency, q.amount
        FROM unnest($12::uuid[], $13::int4[], $14::text[], $15::text[], $16::int8[]) AS q(subject, line, account, currency, amount)
        JOIN e ON e.subject = q.subject
    )
    INSERT INTO work AS w (writer, events) SELECT $17::text, count(*) FROM e
    ON CONFLICT (writer) DO UPDATE SET events = w.events + excluded.events""";

  private final Map<Key, Batch> batches = new LinkedHashMap<>();
  private final List<Append> appends = new ArrayList<>();

  /** Takes a payment into its batch. */
  void add(Due due, String rail) {
    var batch = batches.computeIfAbsent(new Key(due.merchant, due.livemode, due.currency, due.provider, rail),
        k -> new Batch(due.traceparent));
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
    var rows = List.copyOf(batches.entrySet());
    int n = rows.size();
    var id = new UUID[n];
    var merchant = new UUID[n];
    var livemode = new Boolean[n];
    var provider = new String[n];
    var rail = new String[n];
    var currency = new String[n];
    var payments = new Integer[n];
    var amount = new Long[n];
    var charged = new Long[n];
    var trace = new String[n];
    var data = new String[n];
    var subject = new ArrayList<UUID>();
    var line = new ArrayList<Integer>();
    var postings = new ArrayList<Posting>();
    for (int i = 0; i < n; i++) {
      Key k = rows.get(i).getKey();
      Batch b = rows.get(i).getValue();
      id[i] = b.id;
      merchant[i] = k.merchant;
      livemode[i] = k.livemode;
      provider[i] = k.provider;
      rail[i] = k.rail;
      currency[i] = k.currency;
      payments[i] = b.payments;
      amount[i] = b.share;
      charged[i] = b.owed;
      trace[i] = b.traceparent;
      data[i] = new JsonObject().put("provider", k.provider).put("rail", k.rail).put("currency", k.currency)
          .put("payments", b.payments).put("amount", b.share).put("amount_charged", b.owed).encode();
      var lines = PostingRules.settlement(TypeId.format(TypeId.MERCHANT, k.merchant), k.provider, k.rail,
          k.currency, b.share, b.owed);
      for (int l = 0; l < lines.size(); l++) {
        subject.add(b.id);
        line.add(l);
        postings.add(lines.get(l));
      }
    }
    return Tuple.tuple(new ArrayList<>()).addValue(id).addValue(merchant).addValue(livemode)
        .addValue(provider).addValue(rail)
        .addValue(currency).addValue(payments).addValue(amount).addValue(charged).addValue(trace)
        .addValue(data)
        .addValue(subject.toArray(new UUID[0])).addValue(line.toArray(new Integer[0]))
        .addValue(postings.stream().map(Posting::account).toArray(String[]::new))
        .addValue(postings.stream().map(Posting::currency).toArray(String[]::new))
        .addValue(postings.stream().map(Posting::amount).toArray(Long[]::new)).addValue(writer);
  }
}
