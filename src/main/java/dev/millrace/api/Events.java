package dev.millrace.api;

import dev.millrace.api.ApiCall.Answer;
import dev.millrace.journal.Cursor;
import dev.millrace.journal.EventId;
import dev.millrace.journal.EventReads;
import dev.millrace.journal.EventReads.Wanted;
import dev.millrace.journal.EventRow;
import dev.millrace.journal.PublicEvent;
import dev.millrace.platform.TypeId;
import dev.millrace.webhook.Endpoint;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /v1/events}: the caller's events after a cursor, oldest first. An event's id is the cursor,
 * here, in the event stream and in webhooks ({@code webhook-id}), so a reader may change from one to another
 * and lose nothing.
 */
final class Events {
  private static final Set<String> LIST = Set.of("limit", "after", "types", "payment");
  private static final int PATTERNS_MAX = 50;

  private final EventReads events;
  private final EventId ids;
  private final Duration retention;

  Events(EventReads events, EventId ids, Duration retention) {
    this.events = events;
    this.ids = ids;
    this.retention = retention;
  }

  /** Which events a request asks for; null for any. */
  record Filter(@Nullable List<String> types, @Nullable UUID payment) {
    boolean matches(String type, UUID subject) {
      return (payment == null || payment.equals(subject)) && (types == null || types.contains(type));
    }
  }

  /** The filter of a query. */
  static Filter filter(Query q) {
    String types = q.choice("types", t -> {
      var patterns = List.of(t.split(",", -1));
      return patterns.size() <= PATTERNS_MAX && patterns.stream().allMatch(Endpoint::pattern);
    }, "must be event types, payment.settled,payment.declined for example, or payment.*, with commas between.");
    return new Filter(types == null ? null : Endpoint.types(Arrays.asList(types.split(","))),
        q.id("payment", TypeId.PAYMENT, "a payment's id (pay_…)"));
  }

  /** The place of a cursor that a client sent; throws when it is none. */
  Cursor cursor(String name, String text) {
    Cursor cursor = ids.parse(text);
    if (cursor == null) {
      throw new ProblemException(Problem.invalid("cursor_invalid",
          "`" + name + "` must be an event's id (evt_…), from a webhook's webhook-id for example.", name));
    }
    return cursor;
  }

  /**
   * Fails with 410 when events after the cursor may be gone; else the place to read from. Null: from the
   * oldest.
   */
  Future<Cursor> from(@Nullable Cursor cursor) {
    return from(events, cursor);
  }

  /** The same by another's statements. */
  Future<Cursor> from(EventReads journal, @Nullable Cursor cursor) {
    return journal.oldest(Instant.now().minus(retention).atOffset(ZoneOffset.UTC)).compose(oldest -> {
      if (oldest == null) return Future.succeededFuture(cursor == null ? Cursor.START : cursor);
      if (cursor == null) return Future.succeededFuture(oldest);
      if (!oldest.after(cursor)) return Future.succeededFuture(cursor);
      return Future.failedFuture(new ProblemException(Problem
          .of(410, "invalid_request_error", "cursor_expired",
              "Events are kept for " + retention.toDays()
                  + " days, and this cursor is older. `oldest` is the oldest one:"
                  + " go on from it, and read what you missed with GET /v1/payments.")
          .with("oldest", ids.of(oldest))));
    });
  }

  /** {@code GET /v1/events}. */
  Future<Answer> list(ApiCall call) {
    Query q = new Query(call.context().queryParams(), LIST);
    String after = q.text("after");
    Filter filter = filter(q);
    int limit = q.limit();
    q.check();
    Cursor cursor = after == null ? null : cursor("after", after);
    var who = call.credential();
    return from(cursor).compose(start -> events.page(
        new Wanted(who.merchant(), who.livemode(), start, EventReads.END, filter.payment, filter.types),
        limit))
        .map(page -> {
          var out = new StringBuilder(64 + 900 * page.events().size())
              .append("{\"object\":\"list\",\"data\":[");
          for (int i = 0; i < page.events().size(); i++)
            out.append(i == 0 ? "" : ",").append(json(page.events().get(i)));
          out.append("],\"has_more\":").append(page.more()).append(",\"next\":");
          if (page.next().equals(Cursor.START)) out.append("null");
          else out.append('"').append(ids.of(page.next())).append('"');
          return Answer.of(200, Buffer.buffer(out.append('}').toString()));
        });
  }

  String id(Cursor place) { return ids.of(place); }

  String json(EventRow event) { return PublicEvent.json(event, ids, PublicEvent.CURRENT); }

  /** {@code GET /v1/events/{id}}. */
  Future<Answer> read(ApiCall call) {
    new Query(call.context().queryParams(), Set.of()).check();
    Cursor place = ids.parse(call.context().pathParam("id"));
    var missing = new ProblemException(
        Problem.notFound("There is no such event in this mode. Check the id and the key."));
    if (place == null) return Future.failedFuture(missing);
    return events.one(call.credential().merchant(), call.credential().livemode(), place)
        .compose(event -> event == null
            ? Future.failedFuture(missing)
            : Future.succeededFuture(Answer.of(200, Buffer.buffer(json(event)))));
  }
}
