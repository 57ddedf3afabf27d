package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.idempotency.IdempotencyKey;
import dev.millrace.idempotency.KeyId;
import dev.millrace.idempotency.IdempotencyKeyStore;
import dev.millrace.journal.EventId;
import dev.millrace.journal.PaymentReads;
import dev.millrace.journal.PaymentRow;
import dev.millrace.journal.Timeline;
import dev.millrace.ledger.Accounts;
import dev.millrace.ledger.Balances;
import dev.millrace.payment.Currencies;
import dev.millrace.payment.Status;
import dev.millrace.platform.Database;
import dev.millrace.platform.TypeId;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The calls that read: payments, their timelines, balances, postings and idempotency keys of the caller's
 * alone.
 */
final class ReadEndpoints {
  private static final Set<String> LIST = Set.of("limit", "starting_after", "ending_before", "status",
      "created[gte]", "created[lt]", "currency", "reference");
  private static final String CURSOR = "a payment's id (pay_…), the last one of the page before";
  private static final int LINE_MAX = 999_999_999;
  private static final Set<String> BALANCES = Set.of("as_of");
  private static final Set<String> POSTINGS = Set.of("limit", "starting_after", "currency", "as_of");

  private final Timeline timeline;
  private final PaymentReads payments;
  private final Balances balances;
  private final IdempotencyKeyStore records;
  private final KeyId keyIds = new KeyId();
  private final EventId ids;
  private final long retentionMs;

  ReadEndpoints(Database database, Balances balances, IdempotencyKeyStore records, EventId ids,
      long retentionMs) {
    this.ids = ids;
    this.timeline = new Timeline(database);
    this.payments = new PaymentReads(database);
    this.balances = balances;
    this.records = records;
    this.retentionMs = retentionMs;
  }

  private static <T> Future<T> missing(String message) {
    return Future.failedFuture(new ProblemException(Problem.notFound(message)));
  }

  private static Query query(ApiCall call, Set<String> known) {
    return new Query(call.context().queryParams(), known);
  }

  /** The payment's id in the path; throws a {@link ProblemException} when it is none. */
  static UUID paymentId(ApiCall call) {
    UUID id = TypeId.parse(TypeId.PAYMENT, call.context().pathParam("id"));
    if (id == null)
      throw new ProblemException(Problem.notFound(
          "There is no such payment. A payment's id looks like pay_01jd3w5ynkfxmrx1v0a9s2e4zg."));
    return id;
  }

  static <T> Future<T> noSuchPayment() {
    return missing("There is no such payment in this mode. Check the id and the key.");
  }

  private Future<PaymentRow> owned(ApiCall call) {
    query(call, Set.of()).check();
    return payments.payment(call.credential().merchant(), call.credential().livemode(), paymentId(call))
        .compose(row -> row == null ? noSuchPayment() : Future.succeededFuture(row));
  }

  /** {@code GET /v1/payments/{id}}. */
  Future<Answer> payment(ApiCall call) {
    return owned(call).map(row -> Answer.of(200, PaymentJson.payment(row)));
  }

  /** {@code GET /v1/payments}: newest first. */
  Future<Answer> list(ApiCall call) {
    Query q = query(call, LIST);
    var filter = new PaymentReads.Filter(
        q.choice("status", s -> Status.ofWire(s) != null, "must be a payment's status, settled for example."),
        q.choice("currency", Currencies::known, "must be an ISO 4217 code in lower case, usd for example."),
        q.text("reference"), q.time("created[gte]"), q.time("created[lt]"),
        q.id("starting_after", TypeId.PAYMENT, CURSOR),
        q.id("ending_before", TypeId.PAYMENT, CURSOR), q.limit());
    if (filter.after() != null && filter.before() != null)
      q.fault("ending_before", "Send `starting_after` or `ending_before`, not both.");
    q.check();
    return placed(call, "starting_after", filter.after())
        .compose(v -> placed(call, "ending_before", filter.before()))
        .compose(v -> payments.list(call.credential().merchant(), call.credential().livemode(), filter))
        .map(rows -> page(rows, filter));
  }

  private Future<Void> placed(ApiCall call, String name, @Nullable UUID payment) {
    if (payment == null) return Future.succeededFuture();
    var who = call.credential();
    return Query.place(name, payments.payment(who.merchant(), who.livemode(), payment), "payment");
  }

  private static Answer page(List<PaymentRow> rows, PaymentReads.Filter filter) {
    boolean more = rows.size() > filter.limit();
    List<PaymentRow> page = more ? rows.subList(0, filter.limit()) : rows;
    if (filter.before() != null) Collections.reverse(page);
    return Answer.of(200, PaymentJson.list(page, more));
  }

  /** {@code GET /v1/payments/{id}/timeline}: all that happened to a payment, in order. */
  Future<Answer> timeline(ApiCall call) {
    return owned(call).compose(row -> timeline.of(row.id())
        .map(moments -> Answer.of(200, TimelineJson.of(row, moments, ids).toBuffer())));
  }

  /** {@code GET /v1/balances}: what is the merchant's, per currency, exact, now or at a past instant. */
  Future<Answer> balances(ApiCall call) {
    Query q = query(call, BALANCES);
    Instant asOf = q.past("as_of");
    q.check();
    String merchant = TypeId.format(TypeId.MERCHANT, call.credential().merchant());
    String pending = Accounts.merchantPending(merchant);
    String available = Accounts.merchantAvailable(merchant);
    String disputed = Accounts.disputes(merchant);
    return balances.of(List.of(pending, available, disputed), asOf).map(all -> {
      var own = all.stream().filter(b -> b.livemode() == call.credential().livemode()).toList();
      return Answer.of(200,
          new JsonObject().put("object", "balance").put("livemode", call.credential().livemode())
              .put("as_of", asOf == null ? null : asOf.toString()).put("available", amounts(own, available))
              .put("pending", amounts(own, pending)).put("disputed", amounts(own, disputed)).toBuffer());
    });
  }

  /** Merchants' accounts are liabilities of ours: a credit balance is money of theirs. */
  private static JsonArray amounts(List<Balances.Balance> all, String account) {
    var list = new JsonArray();
    for (var b : all) {
      if (b.account().equals(account)) {
        list.add(new JsonObject().put("amount", b.amount().negate().longValueExact())
            .put("currency", b.currency()).put("account", account));
      }
    }
    return list;
  }

  /** {@code GET /v1/ledger/accounts/{account}/postings}: the caller's own accounts only, oldest first. */
  Future<Answer> postings(ApiCall call) {
    Query q = query(call, POSTINGS);
    String account = call.context().pathParam("account");
    String merchant = TypeId.format(TypeId.MERCHANT, call.credential().merchant());
    if (!account.equals(Accounts.merchantPending(merchant))
        && !account.equals(Accounts.merchantAvailable(merchant))
        && !account.equals(Accounts.disputes(merchant))) {
      return missing("You have no such account. GET /v1/balances names yours.");
    }
    int limit = q.limit();
    String currency = q.choice("currency", Currencies::known,
        "must be an ISO 4217 code in lower case, usd for example.");
    String after = q.choice("starting_after", c -> c.matches("\\d{1,19}\\.\\d{1,18}\\.\\d{1,9}"),
        "must be `next` of the page before.");
    Instant asOf = q.past("as_of");
    q.check();
    boolean livemode = call.credential().livemode();
    Future<Void> placed = after == null
        ? Future.succeededFuture()
        : Query.place("starting_after", posting(account, livemode, after), "posting of this account");
    return placed.compose(v -> balances.lines(account, livemode, currency, after, asOf, limit)).map(lines -> {
      boolean more = lines.size() > limit;
      var page = more ? lines.subList(0, limit) : lines;
      var data = new JsonArray();
      for (var l : page) {
        boolean batch = l.type().startsWith("settlement.");
        data.add(
            new JsonObject().put("object", "posting").put("account", account).put("currency", l.currency())
                .put("direction", l.amount() > 0 ? "debit" : "credit").put("amount", Math.abs(l.amount()))
                .put("memo", l.memo()).put("event", l.type()).put(batch ? "settlement" : "payment",
                    TypeId.format(batch ? TypeId.SETTLEMENT : TypeId.PAYMENT, UUID.fromString(l.subject())))
                .put("position", l.position()).put("recorded", l.recorded().toInstant().toString()));
      }
      @Nullable
      String next = more ? page.getLast().cursor() : null;
      return Answer.of(200, new JsonObject().put("object", "list").put("data", data).put("has_more", more)
          .put("next", next).toBuffer());
    });
  }

  /** That of a cursor ({@code xid.position.line}): the first one behind the place before it. */
  private Future<Balances.@Nullable Line> posting(String account, boolean livemode, String cursor) {
    String[] parts = cursor.split("\\.");
    long position = Long.parseLong(parts[1]);
    int line = Integer.parseInt(parts[2]);
    if (line == 0 && position == 0) return Future.succeededFuture(null);
    String before = parts[0] + "."
        + (line > 0 ? position + "." + (line - 1) : (position - 1) + "." + LINE_MAX);
    return balances.lines(account, livemode, null, before, null, 1)
        .map(lines -> lines.isEmpty() || !lines.getFirst().cursor().equals(cursor) ? null : lines.getFirst());
  }

  /** {@code GET /v1/idempotency_keys/{key}}: whether a key was used, and what it made. */
  Future<Answer> idempotencyKey(ApiCall call) {
    query(call, Set.of()).check();
    String key = IdempotencyKey.parse(call.context().pathParam("key")).key();
    if (key == null) return missing("There is no such idempotency key.");
    return records.find(keyIds.of(call.credential().merchant(), call.credential().livemode(), key))
        .compose(r -> r == null
            ? missing(
                "This idempotency key has not been used in this mode, or longer ago than keys are kept.")
            : Future.succeededFuture(Answer.of(200,
                new JsonObject().put("object", "idempotency_key").put("key", key)
                    .put("state", r.waiting() ? "in_flight" : "finished").put("answer_status", r.status())
                    .put("resource",
                        new JsonObject().put("object", r.object()).put("id",
                            TypeId.format(IdempotentTransaction.prefix(r.object()), r.resource())))
                    .put("created", r.created().toEpochSecond())
                    .put("expires", r.created().toEpochSecond() + retentionMs / 1000).toBuffer())));
  }
}
