package dev.millrace.api;

import dev.millrace.inbox.PayerReturnStore;
import dev.millrace.journal.PaymentReads;
import dev.millrace.journal.PaymentRow;
import dev.millrace.journal.ReturnToken;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.CardNumbers;
import dev.millrace.platform.Database;
import dev.millrace.platform.QueueMeter;
import dev.millrace.platform.RouteMethods;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import dev.millrace.platform.Unavailable;
import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.ext.web.RoutingContext;
import java.net.URI;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@code GET /return/{payment}/{token}}: a payer's browser comes back from the provider's page. What it
 * brought is kept for the provider, the return is an event, once, and the payer goes on to the address that
 * the merchant gave with the payment, and to no other. The token is known to the payment's provider alone,
 * who is given it with the charge; a payment that never sent its payer anywhere has no return. A return that
 * changes nothing is counted against its source, one that a payment waits for always goes through. Owned by
 * one event loop.
 */
final class PayerReturn {
  private static final Logger LOG = LoggerFactory.getLogger(PayerReturn.class);
  private static final int AT_ONCE_MAX = 256;
  private static final int RESULT_CHARS_MAX = 8_192;
  private static final Map<String, String> SAFE = Map.of("Cache-Control", "no-store", "Referrer-Policy",
      "no-referrer", "X-Content-Type-Options", "nosniff", "Content-Security-Policy",
      "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");

  private final BooleanSupplier storageUp;
  private final Function<MultiMap, String> results;
  private final PaymentReads payments;
  private final PayerReturnStore returns;
  private final Database transactions;
  private final PerPaymentQueue turns;
  private final SourceLimit idle;
  private final ClientAddress addresses;
  private final ReturnToken tokens;
  private final String writer;
  private final QueueMeter meter;
  private volatile int atOnce;

  /**
   * {@code results} finds in a query what is for the provider; {@code idle}: returns that change nothing;
   * {@code writer} names the work counter.
   */
  PayerReturn(BooleanSupplier storageUp, Function<MultiMap, String> results, Database database,
      Database transactions,
      PerPaymentQueue turns,
      SourceLimit idle, ClientAddress addresses, ReturnToken tokens,
      String writer, String instance, MeterRegistry registry) {
    this.storageUp = storageUp;
    this.results = results;
    this.payments = new PaymentReads(database);
    this.returns = new PayerReturnStore(database);
    this.transactions = transactions;
    this.turns = turns;
    this.idle = idle;
    this.addresses = addresses;
    this.tokens = tokens;
    this.writer = writer;
    this.meter = new QueueMeter(registry, "payer-returns", instance, AT_ONCE_MAX, this, r -> r.atOnce);
  }

  /** Where the payer goes, and whether the return changed anything. */
  private record Way(@Nullable PaymentRow payment, boolean changed) {}

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  void handle(RoutingContext context) {
    UUID id = TypeId.parse(TypeId.PAYMENT, context.pathParam("id"));
    if (id == null || !tokens.matches(id, context.pathParam("token"))) {
      answer(context, new Way(null, false));
    } else if (!storageUp.getAsBoolean() || atOnce >= AT_ONCE_MAX) {
      if (atOnce >= AT_ONCE_MAX) meter.reject();
      later(context);
    } else {
      // HEAD is what a page's preview sends: nobody has come back with it.
      boolean looks = context.request().method() == HttpMethod.HEAD;
      atOnce++;
      (looks ? payments.payment(id).compose(this::unchanged) : take(id, result(context)))
          .onComplete(done -> {
            atOnce--;
            if (done.succeeded()) answer(context, done.result());
            else fail(context, done.cause());
          });
    }
  }

  /**
   * What the payer brought; empty when it is nothing that can be kept: the provider is asked all the same.
   */
  private String result(RoutingContext context) {
    String value = results.apply(context.queryParams());
    return value.length() > RESULT_CHARS_MAX || value.indexOf('\0') >= 0 || CardNumbers.in(value)
        ? ""
        : value;
  }

  private Future<Way> take(UUID id, String result) {
    return payments.payment(id).compose(row -> {
      if (row == null || row.status() != Status.REQUIRES_ACTION) return unchanged(row);
      return returns.brought(id).compose(before -> {
        if (before != null && (result.isEmpty() || result.equals(before)))
          return Future.succeededFuture(new Way(row, false));
        return turns.run(id, () -> transactions.transaction(sql -> keep(sql, id, result)))
            .map(changed -> new Way(row, changed));
      });
    });
  }

  /** A payer comes back only from where one was sent. */
  private Future<Way> unchanged(@Nullable PaymentRow row) {
    if (row == null || row.status() == Status.REQUIRES_ACTION)
      return Future.succeededFuture(new Way(row, false));
    return payments.sentItsPayerAway(row.id()).map(sent -> new Way(sent ? row : null, false));
  }

  private Future<Boolean> keep(Sql sql, UUID id, String result) {
    return PaymentReads.lockedHistory(sql, id).compose(history -> {
      Payment payment = Payment.of(Objects.requireNonNull(history).events());
      if (payment.status() != Status.REQUIRES_ACTION) return Future.succeededFuture(false);
      Future<Void> kept = new PayerReturnStore(sql).keep(id, result);
      if (payment.payerCameBack()) return kept.map(false);
      var event = new PaymentEvent.ActionReturned(Objects.requireNonNull(payment.attempt()));
      return kept.compose(v -> OperationEndpoints.append(sql, history, payment, event, "payer", writer))
          .map(true);
    });
  }

  private void answer(RoutingContext context, Way way) {
    String source = addresses.of(context.request());
    if (!way.changed && !idle.take(source)) {
      page(context, 429, "Too many requests", "Please try again in a minute.", 60);
    } else if (way.payment == null) {
      page(context, 404, "Not found", "There is no such payment.", 0);
    } else if (way.payment.asked().returnUrl() == null) {
      page(context, 200, "Thank you", "You can close this page and go back to the shop.", 0);
    } else {
      HttpServerResponse response = headed(context, 303);
      response.putHeader("Location", location(way.payment.asked().returnUrl(), way.payment.id())).end()
          .onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
    }
  }

  /** The merchant's address with the payment in its query. */
  static String location(String returnUrl, UUID payment) {
    String url = URI.create(returnUrl).toASCIIString();
    int fragment = url.indexOf('#');
    String page = fragment < 0 ? url : url.substring(0, fragment);
    String separator = !page.contains("?") ? "?" : page.endsWith("?") || page.endsWith("&") ? "" : "&";
    return page + separator + "payment=" + TypeId.format(TypeId.PAYMENT, payment)
        + (fragment < 0 ? "" : url.substring(fragment));
  }

  private static void later(RoutingContext context) {
    page(context, 503, "Just a moment", "Please load this page again in a few seconds.", 1);
  }

  private static void fail(RoutingContext context, Throwable failure) {
    switch (failure) {
      case Unavailable u -> LOG.debug("unavailable error=\"{}\"", u.getMessage());
      case ProblemException r -> LOG.debug("refused error=\"{}\"", r.getMessage());
      default -> LOG.error("payer_return_failed path={}", context.normalizedPath(), failure);
    }
    later(context);
  }

  private static HttpServerResponse headed(RoutingContext context, int status) {
    HttpServerResponse response = context.response().setStatusCode(status).putHeader("Request-Id",
        TypeId.format(TypeId.REQUEST, TypeId.next()));
    SAFE.forEach(response::putHeader);
    return response;
  }

  private static void page(RoutingContext context, int status, String title, String text,
      int retryAfterSeconds) {
    HttpServerResponse response = headed(context, status).putHeader("Content-Type",
        "text/html; charset=utf-8");
    if (retryAfterSeconds > 0) response.putHeader("Retry-After", Integer.toString(retryAfterSeconds));
    RouteMethods.end(context.request(), Buffer.buffer("""
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>%s</title>
      <h1>%s</h1>
      <p>%s</p>
      </html>
      """.formatted(title, title, text)))
        .onFailure(e -> LOG.debug("answer_not_sent error=\"{}\"", e.getMessage()));
  }
}
