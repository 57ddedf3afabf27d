package dev.millrace.simulator;

import dev.millrace.simulator.Movement.Kind;
import dev.millrace.simulator.PaymentMethod.Decline;
import dev.millrace.simulator.Standing.Status;
import io.vertx.core.json.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * Everything Adyen's wire says about a payment, built from the book alone: asked twice, or after a restart, it
 * says the same bytes.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Checkout/71/overview">Adyen: Checkout API</a>
 */
final class AdyenAnswers implements Answers, PayerPages.Shop {
  private final Book book;
  private final AdyenIds ids;
  private final AdyenNotifications notifications;

  AdyenAnswers(Book book, AdyenIds ids, AdyenNotifications notifications) {
    this.book = book;
    this.ids = ids;
    this.notifications = notifications;
  }

  @Override
  public Wire wire() {
    return Wire.ADYEN;
  }

  @Override
  public String id(Line line) {
    return switch (line) {
      case Entry entry -> ids.of(entry);
      case Movement movement -> switch (movement.kind()) {
        case CAPTURE, CANCEL, REFUND, DISPUTE -> ids.of(movement);
        case REFUND_SUCCESS, REFUND_FAILURE, DISPUTE_WON, DISPUTE_LOST -> ids.movement(movement.about());
        default -> ids.payment(movement.payment());
      };
    };
  }

  @Override
  public int payment(String pspReference) {
    int ordinal = ids.ordinal(pspReference);
    return ordinal >= 0 && ordinal < book.size() && book.get(ordinal).wire() == Wire.ADYEN ? ordinal : -1;
  }

  @Override
  public String returnQuery(Standing standing) {
    return "redirectResult=" + ids.redirectResult(standing.entry().ordinal());
  }

  @Override
  public Answer created(Entry entry, boolean expanded) {
    return result(Standing.opening(entry));
  }

  /** The result of a payment, as it stands. */
  Answer result(Standing standing) {
    Entry entry = standing.entry();
    var json = new JsonObject().put("pspReference", ids.of(entry)).put("resultCode", resultCode(standing));
    AdyenRefusal refusal = refusal(standing);
    if (refusal != null) {
      json.put("refusalReason", refusal.reason()).put("refusalReasonCode", refusal.code());
    }
    json.put("merchantReference", entry.reference()).put("amount", amount(entry.amount(), entry.currency()));
    if (standing.status() == Status.REQUIRES_ACTION) {
      json.put("action", new JsonObject().put("paymentMethodType", "scheme")
          .put("url", entry.terms().page() + PayerPages.PATH + ids.of(entry)).put("method", "GET")
          .put("type", "redirect"));
    } else {
      json.put("paymentMethod", new JsonObject().put("brand", brand(entry)).put("type", "scheme"));
    }
    return new Answer(200, json.encode());
  }

  private static String resultCode(Standing standing) {
    return switch (standing.status()) {
      case REQUIRES_ACTION -> "RedirectShopper";
      case AUTHORIZED, SUCCEEDED -> "Authorised";
      case DECLINED -> "Refused";
      case CANCELED -> "Cancelled";
    };
  }

  static @Nullable AdyenRefusal refusal(Standing standing) {
    Decline decline = standing.entry().decline();
    return switch (standing.status()) {
      case DECLINED -> decline == null ? AdyenRefusal.NOT_AUTHENTICATED : AdyenRefusal.of(decline);
      case CANCELED -> AdyenRefusal.CANCELLED;
      default -> null;
    };
  }

  static JsonObject amount(long value, String currency) {
    return new JsonObject().put("currency", AdyenForms.upper(currency)).put("value", value);
  }

  /** Adyen's name of the card's scheme. */
  static String brand(Entry entry) {
    String id = entry.method().id();
    return id.contains("mastercard") ? "mc" : id.contains("amex") ? "amex" : "visa";
  }

  @Override
  public Answer done(Movement movement, boolean expanded) {
    Standing then = book.standingAt(movement);
    if (movement.kind() == Kind.COMPLETION || movement.kind() == Kind.COMPLETION_FAILURE) {
      return result(then);
    }
    var json = new JsonObject().put("merchantAccount", then.entry().terms().account())
        .put("paymentPspReference", ids.of(then.entry())).put("pspReference", ids.of(movement));
    if (movement.reference() != null) {
      json.put("reference", movement.reference());
    }
    json.put("status", "received");
    if (movement.kind() != Kind.CANCEL) {
      json.put("amount", amount(movement.amount(), asked(movement, then)));
    }
    return new Answer(201, json.encode());
  }

  /** The currency the call named: where it is not the payment's, the movement has kept it. */
  static String asked(Movement movement, Standing then) {
    return movement.fault() == Fault.CURRENCY && movement.note() != null
        ? movement.note()
        : then.entry().currency();
  }

  @Override
  public boolean tells(Line line) {
    return notifications.tells(line, book);
  }

  @Override
  public String event(Line line) {
    return notifications.notification(line, book);
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
