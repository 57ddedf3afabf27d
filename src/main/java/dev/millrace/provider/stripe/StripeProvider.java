package dev.millrace.provider.stripe;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.JsonFields;
import dev.millrace.provider.HttpWire;
import dev.millrace.provider.HttpWire.Answer;
import dev.millrace.provider.Method;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Carries orders out over Stripe's wire protocol: one confirmed PaymentIntent a charge, our reference as
 * {@code Idempotency-Key} of every POST and as metadata of what it makes. How an inquiry finds it:
 *
 * <ul>
 * <li>a charge by a search for that metadata, because the id of an intent whose answer was lost is not known;
 * Stripe's search may lag a minute behind;
 * <li>a capture or cancellation by the state of the intent, which can be captured or canceled only once;
 * <li>a refund among the refunds of its intent, by that metadata.
 * </ul>
 *
 * @see <a href="https://docs.stripe.com/api/payment_intents">Stripe API, PaymentIntents</a>
 * @see <a href="https://docs.stripe.com/api/refunds">Stripe API, refunds</a>
 * @see <a href="https://docs.stripe.com/api/idempotent_requests">Stripe API, idempotent requests</a>
 */
public final class StripeProvider implements Provider {
  private static final String VERSION = "2025-03-31.basil";
  private static final String INTENTS = "/v1/payment_intents";
  private static final String REFUNDS = "/v1/refunds";
  private static final String DISPUTES = "/v1/disputes";
  private static final int PAGE = 100;
  private static final int PAGES_MAX = 10;
  /** Those that Stripe takes; a merchant's own words go into the metadata. */
  private static final Set<String> REFUND_REASONS = Set.of("duplicate", "fraudulent",
      "requested_by_customer");
  private static final int METADATA_CHARS_MAX = 500;

  private final HttpWire wire;
  private final String name;
  private final boolean liveKey;

  /**
   * {@code name}: the account's; {@code url}: scheme, host and port; {@code concurrency}: connections;
   * {@code timeoutMs}: for a whole call.
   */
  public StripeProvider(Vertx vertx, String name, String url, String key, int concurrency, long timeoutMs) {
    this.name = name;
    this.liveKey = key.startsWith("sk_live_") || key.startsWith("rk_live_");
    this.wire = new HttpWire(vertx, url,
        Map.of("Authorization", "Bearer " + key, "Stripe-Version", VERSION), concurrency, timeoutMs);
  }

  @Override
  public String name() { return name; }

  @Override
  public String rail() { return "card"; }

  @Override
  public Future<Outcome> execute(Order order) {
    if (order.livemode() != liveKey) return Future.succeededFuture(otherMode());
    return switch (order) {
      case Order.Charge c -> charge(c);
      case Order.Complete c -> retrieve(c.charge(), c.providerReference());
      case Order.Capture c -> capture(c);
      case Order.Cancel c -> cancel(c);
      case Order.Refund r -> refund(r);
    };
  }

  private Outcome otherMode() {
    return new Outcome.Declined(null, "provider_mode_mismatch", null, "This gateway's provider key is for "
        + (liveKey ? "live" : "test") + " mode: the order was not sent.");
  }

  private static Future<Outcome> notSent(long amount, String currency) {
    return Future.succeededFuture(StripeAmount.UNITS.notSent(amount, currency));
  }

  private Future<Outcome> charge(Order.Charge c) {
    Long amount = StripeAmount.write(c.amount(), c.currency());
    if (amount == null) return notSent(c.amount(), c.currency());
    boolean ach = c.methodType().equals(Method.ACH);
    // Without a return URL Stripe answers a payment that needs its payer with `use_stripe_sdk`, which a
    // server cannot follow: and which payment will need its payer, only Stripe knows.
    var form = new StringBuilder(420).append("amount=").append(amount).append("&currency=")
        .append(c.currency()).append("&payment_method=").append(c.paymentMethod())
        .append(ach
            ? "&confirm=true&payment_method_types[]=us_bank_account"
            : "&confirm=true&payment_method_types[]=card")
        .append("&return_url=").append(encoded(c.returnUrl()))
        .append("&metadata[millrace_reference]=").append(c.reference())
        .append("&metadata[millrace_payment]=").append(TypeId.format(TypeId.PAYMENT, c.payment()));
    // Until when it is held, only the charge says.
    if (c.manualCapture()) form.append("&capture_method=manual&expand[]=latest_charge");
    if (c.description() != null) form.append("&description=").append(encoded(c.description()));
    return wire.post(INTENTS, headers(c), Buffer.buffer(form.toString()), StripeOutcomes::ofCharge);
  }

  /** The metadata of the intent goes on naming the charge: it is what the charge is found by. */
  private Future<Outcome> capture(Order.Capture c) {
    Long amount = StripeAmount.write(c.amount(), c.currency());
    if (amount == null) return notSent(c.amount(), c.currency());
    String form = "amount_to_capture=" + amount + "&metadata[millrace_capture]=" + c.reference();
    return wire.post(INTENTS + "/" + encoded(c.providerReference()) + "/capture", headers(c),
        Buffer.buffer(form), StripeOutcomes::ofCapture);
  }

  private Future<Outcome> cancel(Order.Cancel c) {
    return wire.post(INTENTS + "/" + encoded(c.providerReference()) + "/cancel", headers(c), Buffer.buffer(),
        StripeOutcomes::ofCancel);
  }

  private Future<Outcome> refund(Order.Refund r) {
    Long amount = StripeAmount.write(r.amount(), r.currency());
    if (amount == null) return notSent(r.amount(), r.currency());
    var form = new StringBuilder(320).append("payment_intent=").append(encoded(r.providerReference()))
        .append("&amount=").append(amount)
        .append("&metadata[millrace_reference]=").append(r.reference())
        .append("&metadata[millrace_payment]=").append(TypeId.format(TypeId.PAYMENT, r.payment()));
    String reason = r.reason();
    if (reason != null && REFUND_REASONS.contains(reason)) form.append("&reason=").append(reason);
    else
      if (reason != null && !reason.isEmpty())
        form.append("&metadata[reason]=")
            .append(encoded(reason.substring(0, Math.min(reason.length(), METADATA_CHARS_MAX))));
    return wire.post(REFUNDS, headers(r), Buffer.buffer(form.toString()), StripeOutcomes::ofRefund);
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  private static Map<String, String> headers(Order order) {
    return Map.of("Idempotency-Key", order.reference(), "traceparent", order.traceparent(), "Content-Type",
        "application/x-www-form-urlencoded");
  }

  /** A key of the other mode sees nothing of the order, and what it does not see may yet be there. */
  @Override
  public Future<Outcome> inquire(Order order) {
    if (order.livemode() != liveKey)
      return Future.succeededFuture(new Outcome.Unknown("the provider key is for the other mode"));
    return switch (order) {
      case Order.Charge c -> search(c);
      case Order.Complete c -> retrieve(c.charge(), c.providerReference());
      case Order.Capture c -> wire.get(INTENTS + "/" + encoded(c.providerReference()),
          answer -> StripeOutcomes.ofRetrieval(answer, StripeIntents::ofCapture));
      case Order.Cancel c -> wire.get(INTENTS + "/" + encoded(c.providerReference()),
          answer -> StripeOutcomes.ofRetrieval(answer, StripeIntents::ofCancel));
      case Order.Refund r -> each(REFUNDS, r.providerReference(), null, 1,
          refund -> r.reference().equals(StripeRefunds.reference(refund)) ? StripeRefunds.of(refund) : null);
    };
  }

  private Future<Outcome> search(Order.Charge c) {
    return wire.get(INTENTS + "/search?query="
        + encoded("metadata['millrace_reference']:'" + c.reference() + "'")
        + (c.manualCapture() ? "&expand[]=data.latest_charge" : ""), StripeOutcomes::ofSearch);
  }

  private Future<Outcome> retrieve(Order.Charge c, String intent) {
    return wire.get(INTENTS + "/" + encoded(intent) + (c.manualCapture() ? "?expand[]=latest_charge" : ""),
        answer -> StripeOutcomes.ofRetrieval(answer, StripeIntents::ofCharge));
  }

  @Override
  public boolean lists() { return true; }

  /**
   * A decision of a dispute stands as of now, whenever it was taken.
   *
   * @see <a href="https://docs.stripe.com/api/disputes/list">Stripe API, list all disputes</a>
   */
  @Override
  public Future<Outcome> list(String charge, Consumer<ProviderEvent> found) {
    return all(REFUNDS, charge, refund -> found.accept(StripeEvents.refund("refund", refund)))
        .compose(end -> end instanceof Outcome.Absent
            ? all(DISPUTES, charge, dispute -> found
                .accept(StripeEvents.dispute("dispute", dispute, Instant.now().getEpochSecond())))
            : Future.succeededFuture(end));
  }

  /** All objects of an intent, oldest first; {@code Absent} when it was all. */
  private Future<Outcome> all(String path, String intent, Consumer<JsonObject> found) {
    var objects = new ArrayList<JsonObject>();
    return each(path, intent, null, 1, object -> {
      objects.add(object);
      return null;
    }).onSuccess(end -> {
      if (end instanceof Outcome.Absent) objects.reversed().forEach(found);
    });
  }

  /**
   * Goes through the objects of an intent, page by page, newest first, until {@code look} has an answer;
   * {@code Absent} when it had none for any.
   */
  private Future<Outcome> each(String path, String intent, @Nullable String after, int page,
      Function<JsonObject, @Nullable Outcome> look) {
    String query = path + "?payment_intent=" + encoded(intent) + "&limit=" + PAGE
        + (after == null ? "" : "&starting_after=" + encoded(after));
    return wire.getAll(query, answer -> {
      JsonObject list = answer.json();
      List<JsonObject> objects = list == null ? null : JsonFields.objects(list, "data");
      if (answer.status() != 200 || list == null || objects == null)
        return Future.succeededFuture(new Outcome.Unknown("inquiry: status " + answer.status()));
      for (JsonObject object : objects) {
        Outcome found = look.apply(object);
        if (found != null) return Future.succeededFuture(found);
      }
      if (Boolean.FALSE.equals(list.getValue("has_more")))
        return Future.succeededFuture(new Outcome.Absent());
      String last = objects.isEmpty() ? null : JsonFields.text(objects.getLast(), "id");
      return last == null || page == PAGES_MAX
          ? Future.succeededFuture(new Outcome.Unknown("inquiry: not among the newest " + PAGE * page + " "
              + path.substring("/v1/".length()) + " of the payment"))
          : each(path, intent, last, page + 1, look);
    });
  }

  @Override
  public Future<Void> close() { return wire.close(); }
}
