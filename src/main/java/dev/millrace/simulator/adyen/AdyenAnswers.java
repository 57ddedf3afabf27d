package dev.millrace.simulator.adyen;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Fault;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentMethod.Decline;
import dev.millrace.simulator.book.PaymentMethod;
import dev.millrace.simulator.book.PaymentState.Status;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.PayerPages;
import dev.millrace.simulator.wire.WireAnswers;
import dev.millrace.simulator.wire.WireUnits;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Everything Adyen's wire says about a payment, built from the book alone: asked twice, or after a restart,
 * it says the same bytes.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Checkout/71/overview">Adyen: Checkout API</a>
 */
public final class AdyenAnswers implements WireAnswers, PayerPages.Shop {
  private final Book book;
  private final AdyenIds ids;
  private final AdyenNotifications notifications;

  public AdyenAnswers(Book book, AdyenIds ids, AdyenNotifications notifications) {
    this.book = book;
    this.ids = ids;
    this.notifications = notifications;
  }

  @Override
  public Wire wire() {
    return Wire.ADYEN;
  }

  @Override
  public WireUnits units() {
    return AdyenForms.UNITS;
  }

  @Override
  public String id(BookLine line) {
    return switch (line) {
      case Entry entry -> ids.of(entry);
      case Movement movement when movement.about() != Movement.NOTHING -> ids.movement(movement.about());
      case Movement movement -> switch (movement.kind()) {
        case AUTHENTICATION, AUTHENTICATION_FAILURE, COMPLETION, COMPLETION_FAILURE, EXPIRY ->
          ids.payment(movement.payment());
        default -> ids.of(movement);
      };
    };
  }

  /** Each try of a payer has a name of its own: that of the one that was charged is the payment's then. */
  @Override
  public int payment(String pspReference) {
    int ordinal = ids.ordinal(pspReference);
    int number = ids.movementNumber(pspReference);
    if (number >= 0 && number < book.movements().size()
        && book.movements().get(number).is(Kind.TRY_CHARGED)) {
      ordinal = book.movements().get(number).payment();
    }
    return ordinal >= 0 && ordinal < book.size() && book.get(ordinal).wire() == Wire.ADYEN ? ordinal : -1;
  }

  @Override
  public String returnQuery(PaymentState state) {
    return "redirectResult=" + ids.redirectResult(state.entry().ordinal());
  }

  @Override
  public Answer created(Entry entry, boolean expanded) {
    return result(PaymentState.opening(entry));
  }

  /** The result of a payment, as it stands. */
  Answer result(PaymentState state) {
    Entry entry = state.entry();
    var json = new JsonObject().put("pspReference", ids.payment(state)).put("resultCode", resultCode(state));
    AdyenRefusalReason refusal = refusal(state);
    if (refusal != null) {
      json.put("refusalReason", refusal.reason()).put("refusalReasonCode", refusal.code());
    }
    json.put("merchantReference", entry.reference()).put("amount", amount(entry.amount(), entry.currency()));
    if (state.status() == Status.REQUIRES_ACTION) {
      json.put("action", new JsonObject().put("paymentMethodType", "scheme")
          .put("url", entry.terms().page() + PayerPages.PATH + ids.of(entry)).put("method", "GET")
          .put("type", "redirect"));
    } else {
      json.put("paymentMethod", new JsonObject().put("brand", brand(entry)).put("type", "scheme"));
    }
    return new Answer(200, json.encode());
  }

  private static String resultCode(PaymentState state) {
    return switch (state.status()) {
      case REQUIRES_ACTION -> "RedirectShopper";
      case PROCESSING -> "Received";
      case AUTHORIZED, SUCCEEDED -> "Authorised";
      case DECLINED -> "Refused";
      case CANCELED -> "Cancelled";
    };
  }

  static @Nullable AdyenRefusalReason refusal(PaymentState state) {
    Decline decline = state.entry().decline();
    return switch (state.status()) {
      case DECLINED -> decline == null && state.entry().opening() == Entry.Opening.ACTION
          ? AdyenRefusalReason.NOT_AUTHENTICATED
          : AdyenRefusalReason.of(decline == null ? PaymentMethod.DECLINED : decline);
      case CANCELED -> AdyenRefusalReason.CANCELLED;
      default -> null;
    };
  }

  /** {@code minor}: as the book has it. */
  static JsonObject amount(long minor, String currency) {
    return new JsonObject().put("currency", AdyenForms.upper(currency)).put("value",
        AdyenForms.UNITS.told(minor, currency));
  }

  /** Adyen's name of the card's scheme. */
  static String brand(Entry entry) {
    String id = entry.method().id();
    return id.contains("mastercard") ? "mc" : id.contains("amex") ? "amex" : "visa";
  }

  @Override
  public Answer done(Movement movement, boolean expanded) {
    PaymentState then = book.stateAt(movement);
    if (movement.kind() == Kind.COMPLETION || movement.kind() == Kind.COMPLETION_FAILURE) {
      return result(then);
    }
    var json = new JsonObject().put("merchantAccount", then.entry().terms().account())
        .put("paymentPspReference", ids.payment(then)).put("pspReference", ids.of(movement));
    if (movement.reference() != null) {
      json.put("reference", movement.reference());
    }
    json.put("status", "received");
    if (movement.kind() != Kind.CANCEL && movement.kind() != Kind.REVERSAL) {
      json.put("amount", amount(movement.amount(), parameters(movement, then)));
    }
    return new Answer(201, json.encode());
  }

  /** The currency the call named: where it is not the payment's, the movement has kept it. */
  static String parameters(Movement movement, PaymentState then) {
    return movement.fault() == Fault.CURRENCY && movement.note() != null
        ? movement.note()
        : then.entry().currency();
  }

  @Override
  public int events(BookLine line) {
    return notifications.count(line, book);
  }

  @Override
  public String event(BookLine line, int number) {
    return notifications.notification(line, number, book);
  }

  @Override
  public Answer unauthorized() {
    return AdyenError.unauthorized().answer();
  }

  @Override
  public Answer differentParameters() {
    return AdyenError.alreadyProcessed().answer();
  }

  @Override
  public Answer keyInUse() {
    return AdyenError.inProgress().answer();
  }

  @Override
  public Answer badKey(int charsMax) {
    return AdyenError.invalid("702", "idempotency-key must have from 1 to " + charsMax + " characters.")
        .answer();
  }

  @Override
  public Answer internalError() {
    return AdyenError.internal(500, "An unknown error occurred on the provider's side.").answer();
  }

  @Override
  public Answer overloaded(String why) {
    return AdyenError.internal(503, why).answer();
  }

  @Override
  public Answer throttled() {
    return AdyenError.throttled().answer();
  }

  /** Adyen marks a failure as transient: the same key may be tried again. */
  @Override
  public boolean savesFailures() {
    return false;
  }
}
