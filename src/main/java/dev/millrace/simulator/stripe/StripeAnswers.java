package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Fault;
import dev.millrace.simulator.book.JsonText;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState.Status;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.PayerPages;
import dev.millrace.simulator.wire.WireAnswers;
import dev.millrace.simulator.wire.WireUnits;
import java.util.List;
import java.util.Objects;
import java.util.function.ObjIntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything Stripe's wire says about a payment, built from the book alone: asked twice, or after a restart,
 * it says the same bytes.
 *
 * @see <a href="https://docs.stripe.com/api/events/object">Stripe's Event</a>
 */
public final class StripeAnswers implements WireAnswers, PayerPages.Shop {
  private static final String API_VERSION = "2025-03-31.basil";

  private final Book book;
  private final BookIds ids;
  private final StripeObjects objects;
  private final StripeRefundObjects refunds;

  public StripeAnswers(Book book, BookIds ids) {
    this.book = book;
    this.ids = ids;
    this.objects = new StripeObjects(ids);
    this.refunds = new StripeRefundObjects(ids);
  }

  @Override
  public Wire wire() {
    return Wire.STRIPE;
  }

  @Override
  public WireUnits units() {
    return Amount.UNITS;
  }

  /** Stripe's captures, cancellations and completions have the payment's. */
  @Override
  public String id(BookLine line) {
    return switch (line) {
      case Entry entry -> ids.of(StripeObjects.INTENT, entry);
      case Movement movement -> switch (movement.kind()) {
        case REFUND -> ids.of(StripeRefundObjects.REFUND, movement);
        case REFUND_SUCCESS, REFUND_FAILURE -> ids.movement(StripeRefundObjects.REFUND, movement.about());
        case DISPUTE -> ids.of(StripeRefundObjects.DISPUTE, movement);
        case DISPUTE_WON, DISPUTE_LOST -> ids.movement(StripeRefundObjects.DISPUTE, movement.about());
        default -> ids.entry(StripeObjects.INTENT, movement.payment());
      };
    };
  }

  @Override
  public int payment(String intentId) {
    int ordinal = ids.ordinal(StripeObjects.INTENT, intentId);
    return ordinal >= 0 && ordinal < book.size() && book.get(ordinal).wire() == Wire.STRIPE ? ordinal : -1;
  }

  @Override
  public String returnQuery(PaymentState state) {
    boolean good = state.status() == Status.SUCCEEDED || state.status() == Status.AUTHORIZED;
    return "payment_intent=" + ids.of(StripeObjects.INTENT, state.entry())
        + "&payment_intent_client_secret=" + objects.clientSecret(state.entry()) + "&redirect_status="
        + (good ? "succeeded" : "failed");
  }

  @Override
  public Answer created(Entry entry, boolean expanded) {
    var state = PaymentState.opening(entry);
    if (state.status() != Status.DECLINED) {
      return intent(state, expanded);
    }
    var out = new StringBuilder(1600).append("{\"error\":");
    objects.declineError(out, state);
    return new Answer(402, out.append('}').toString());
  }

  /** The PaymentIntent as it stands. */
  Answer intent(PaymentState state, boolean expanded) {
    var out = new StringBuilder(1200);
    objects.intent(out, state, expanded);
    return new Answer(200, out.toString());
  }

  Answer searched(List<Entry> found, boolean more) {
    var out = new StringBuilder(128 + 1200 * found.size()).append("{\"object\":\"search_result\",\"data\":[");
    list(out, found.size(), (each, i) -> objects.intent(each, book.state(found.get(i).ordinal()), false));
    out.append("],\"has_more\":").append(more);
    return new Answer(200,
        out.append(",\"next_page\":null,\"url\":\"/v1/payment_intents/search\"}").toString());
  }

  Answer refund(Movement refund) {
    var out = new StringBuilder(512);
    refunds.refund(out, book.state(refund.payment()), refund);
    return new Answer(200, out.toString());
  }

  Answer dispute(Movement dispute) {
    var out = new StringBuilder(768);
    refunds.dispute(out, book.state(dispute.payment()), dispute);
    return new Answer(200, out.toString());
  }

  Answer refunds(List<Movement> found, boolean more) {
    return listed("/v1/refunds", found, more, (out, i) -> refunds.refund(out,
        book.state(found.get(i).payment()), found.get(i)));
  }

  Answer disputes(List<Movement> found, boolean more) {
    return listed("/v1/disputes", found, more, (out, i) -> refunds.dispute(out,
        book.state(found.get(i).payment()), found.get(i)));
  }

  private static Answer listed(String url, List<Movement> found, boolean more,
      ObjIntConsumer<StringBuilder> each) {
    var out = new StringBuilder(128 + 512 * found.size()).append("{\"object\":\"list\",\"data\":[");
    list(out, found.size(), each);
    out.append("],\"has_more\":").append(more);
    return new Answer(200, out.append(",\"url\":\"").append(url).append("\"}").toString());
  }

  private static void list(StringBuilder out, int size, ObjIntConsumer<StringBuilder> each) {
    for (int i = 0; i < size; i++) {
      each.accept(i == 0 ? out : out.append(','), i);
    }
  }

  @Override
  public Answer done(Movement movement, boolean expanded) {
    PaymentState then = book.stateAt(movement);
    Fault fault = movement.fault();
    if (fault != null) {
      return StripeFaults.refusal(fault, movement, then, ids).answer(intentIn(fault, then));
    }
    var out = new StringBuilder(1200);
    switch (movement.kind()) {
      case REFUND -> refunds.refund(out, then, movement);
      case DISPUTE_WON, DISPUTE_LOST ->
        refunds.dispute(out, then, book.movements().get(movement.about()));
      default -> objects.intent(out, then, expanded);
    }
    return new Answer(200, out.toString());
  }

  /** The intent that goes with an error about its state. */
  private @Nullable String intentIn(Fault fault, PaymentState then) {
    if (!StripeFaults.aboutTheState(fault)) {
      return null;
    }
    var out = new StringBuilder(1200);
    objects.intent(out, then, false);
    return out.toString();
  }

  @Override
  public int events(BookLine line) {
    return types(line).size();
  }

  @Override
  public String event(BookLine line, int number) {
    PaymentState then = book.stateAt(line);
    var out = new StringBuilder(1600);
    out.append("{\"id\":\"").append(ids.of(number == 0 ? "evt_" : "evt_F", line));
    out.append("\",\"object\":\"event\",\"api_version\":\"" + API_VERSION + "\",\"created\":")
        .append(line.created());
    out.append(",\"data\":{\"object\":");
    object(out, line, then);
    out.append("},\"livemode\":false,\"pending_webhooks\":1,\"request\":{\"id\":null,\"idempotency_key\":");
    JsonText.string(out, line.key());
    return out.append("},\"type\":\"").append(types(line).get(number)).append("\"}").toString();
  }

  private void object(StringBuilder out, BookLine line, PaymentState then) {
    if (!(line instanceof Movement movement)) {
      objects.intent(out, then, false);
      return;
    }
    switch (movement.kind()) {
      case REFUND -> refunds.refund(out, then, movement);
      case REFUND_SUCCESS, REFUND_FAILURE ->
        refunds.refund(out, then, book.movements().get(movement.about()));
      case DISPUTE -> refunds.dispute(out, then, movement);
      case DISPUTE_WON, DISPUTE_LOST -> refunds.dispute(out, then, book.movements().get(movement.about()));
      default -> objects.intent(out, then, false);
    }
  }

  /**
   * The types of a line's events. A dispute's money goes and comes with events of its own.
   *
   * @see <a href="https://docs.stripe.com/api/events/types">Stripe: types of events</a>
   */
  private List<String> types(BookLine line) {
    return switch (line) {
      case Entry entry -> List.of(ofIntent(PaymentState.opening(entry)));
      case Movement movement when !movement.carriedOut() -> List.of();
      case Movement movement -> switch (movement.kind()) {
        case REFUND -> List.of("refund.created");
        case REFUND_SUCCESS -> List.of("refund.updated");
        case REFUND_FAILURE -> List.of("refund.failed");
        case DISPUTE -> List.of("charge.dispute.created", "charge.dispute.funds_withdrawn");
        case DISPUTE_WON -> List.of("charge.dispute.closed", "charge.dispute.funds_reinstated");
        case DISPUTE_LOST -> List.of("charge.dispute.closed");
        case NOTICE -> List.of(Objects.requireNonNull(movement.note()));
        case COMPLETION, COMPLETION_FAILURE, TRY_REFUSED, TRY_CHARGED, CAPTURE, CANCEL, EXPIRY ->
          List.of(ofIntent(book.stateAt(movement)));
        // Of other wires.
        case AUTHENTICATION, AUTHENTICATION_FAILURE, PARTIAL_CAPTURE, CAPTURE_FAILURE, REVERSAL, RETURN,
            RETURN_REVERSED ->
          List.of();
      };
    };
  }

  private static String ofIntent(PaymentState then) {
    return "payment_intent." + switch (then.status()) {
      case REQUIRES_ACTION -> "requires_action";
      case PROCESSING -> "processing";
      case AUTHORIZED -> "amount_capturable_updated";
      case SUCCEEDED -> "succeeded";
      case DECLINED -> "payment_failed";
      case CANCELED -> "canceled";
    };
  }

  @Override
  public Answer unauthorized() {
    return StripeRefusal.unauthorized().answer();
  }

  @Override
  public Answer differentParameters() {
    return StripeRefusal.differentParameters().answer();
  }

  @Override
  public Answer keyInUse() {
    return StripeRefusal.keyInUse().answer();
  }

  @Override
  public Answer badKey(int charsMax) {
    return StripeRefusal
        .invalid(null, "Idempotency-Key must have from 1 to " + charsMax + " characters.", null)
        .answer();
  }

  @Override
  public Answer internalError() {
    return StripeRefusal.internalError().answer();
  }

  @Override
  public Answer overloaded(String why) {
    return StripeRefusal.overloaded(why).answer();
  }

  @Override
  public Answer throttled() {
    return StripeRefusal.throttled().answer();
  }

  /** Stripe saves the answer of whatever began, a 500 too. */
  @Override
  public boolean savesFailures() {
    return true;
  }
}
