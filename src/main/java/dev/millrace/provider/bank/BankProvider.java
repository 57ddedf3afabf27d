package dev.millrace.provider.bank;

import dev.millrace.provider.HttpWire;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Carries orders out over the bank's JSON interface: a debit a charge, a credit a refund, both under our
 * reference, which is the {@code Idempotency-Key} too and by which inquiries find them. A debit cannot be
 * held for a later capture.
 */
public final class BankProvider implements Provider {
  private static final int DESCRIPTION_CHARS_MAX = 255;

  private final HttpWire wire;
  private final String name;
  private final boolean liveKey;

  /**
   * {@code name}: the account's; {@code url}: up to the path of the interface; {@code concurrency}:
   * connections; {@code timeoutMs}: for a whole call.
   */
  public BankProvider(Vertx vertx, String name, String url, String key, int concurrency, long timeoutMs) {
    this.name = name;
    this.liveKey = key.startsWith("sk_live_");
    this.wire = new HttpWire(vertx, url,
        Map.of("Authorization", "Bearer " + key, "Content-Type", "application/json"), concurrency, timeoutMs);
  }

  @Override
  public String name() { return name; }

  @Override
  public String rail() { return "ach"; }

  @Override
  public Future<Outcome> execute(Order order) {
    if (order.livemode() != liveKey) {
      return answered(new Outcome.Declined(null, "provider_mode_mismatch", null,
          "This gateway's provider key is for " + (liveKey ? "live" : "test")
              + " mode: the order was not sent."));
    }
    return switch (order) {
      case Order.Charge c -> c.manualCapture() ? answered(cannotHold(true)) : debit(c);
      case Order.Complete c -> debits(c.reference());
      case Order.Capture _ -> answered(cannotHold(false));
      case Order.Cancel c -> wire.post("/debits/" + encoded(c.providerReference()) + "/cancel", headers(c),
          new JsonObject().put("reference", c.reference()).toBuffer(), BankOutcomes::ofCancel);
      case Order.Refund r -> wire.post("/credits", headers(r),
          new JsonObject().put("reference", r.reference()).put("debit", r.providerReference())
              .put("amount", r.amount()).toBuffer(),
          BankOutcomes::ofCredit);
    };
  }

  private static Future<Outcome> answered(Outcome outcome) { return Future.succeededFuture(outcome); }

  private static Outcome cannotHold(boolean elsewhere) {
    return new Outcome.Declined(null, "capture_not_supported", null,
        "ACH debits are collected at once: there is nothing to hold and capture.", elsewhere);
  }

  private Future<Outcome> debit(Order.Charge c) {
    var json = new JsonObject().put("reference", c.reference()).put("amount", c.amount())
        .put("currency", c.currency()).put("account_token", c.paymentMethod());
    String description = c.description();
    if (description != null)
      json.put("description",
          description.substring(0, Math.min(description.length(), DESCRIPTION_CHARS_MAX)));
    return wire.post("/debits", headers(c), json.toBuffer(), BankOutcomes::ofDebit);
  }

  private static Map<String, String> headers(Order order) {
    return Map.of("Idempotency-Key", order.reference(), "traceparent", order.traceparent());
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Override
  public Future<Outcome> inquire(Order order) {
    if (order.livemode() != liveKey)
      return answered(new Outcome.Unknown("the provider key is for the other mode"));
    return switch (order) {
      case Order.Charge c -> debits(c.reference());
      case Order.Complete c -> debits(c.reference());
      case Order.Capture _ -> answered(cannotHold(false));
      case Order.Cancel c ->
        wire.get("/debits/" + encoded(c.providerReference()), BankOutcomes::ofInquiredCancel);
      case Order.Refund r -> wire.get("/credits?reference=" + encoded(r.reference()),
          answer -> BankOutcomes.ofCredits(answer, r.reference()));
    };
  }

  private Future<Outcome> debits(String reference) {
    return wire.get("/debits?reference=" + encoded(reference),
        answer -> BankOutcomes.ofDebits(answer, reference));
  }

  @Override
  public Future<Void> close() { return wire.close(); }
}
