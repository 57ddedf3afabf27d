package dev.millrace.simulator.adyen;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Fault;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentMethod.LaterEffect;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.wire.Hmac;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import org.jspecify.annotations.Nullable;

/**
 * What Adyen's webhooks say: one notification item each, signed as the documents say, the same bytes each
 * time.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Webhooks/1/overview">Adyen: standard webhooks</a>
 * @see <a
 * href="https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures">Adyen:
 *      HMAC signatures</a>
 */
public final class AdyenNotifications {
  private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssxxx");
  private static final long DEFENSE_S = 14 * 24 * 3600;

  private final AdyenIds ids;
  private final @Nullable Hmac hmac;

  /** {@code key}: hexadecimal; null where nobody is to be told. */
  public AdyenNotifications(AdyenIds ids, @Nullable String key) {
    this.ids = ids;
    this.hmac = key == null ? null : new Hmac(HexFormat.of().parseHex(key));
  }

  /** What a notification says, but for what the payment says. */
  private record Item(String eventCode, String pspReference, @Nullable String merchantReference,
      boolean success, String reason) {}

  boolean tells(BookLine line, Book book) {
    return item(line, book) != null;
  }

  String notification(BookLine line, Book book) {
    Item item = item(line, book);
    if (item == null) {
      throw new IllegalStateException("there is nothing to tell of " + line);
    }
    PaymentState then = book.stateAt(line);
    Entry entry = then.entry();
    String currency = line instanceof Movement moved
        ? AdyenAnswers.parameters(moved, then)
        : entry.currency();
    String original = line instanceof Movement && !item.eventCode().equals("AUTHORISATION")
        ? ids.of(entry)
        : null;
    JsonObject additional = additionalData(line, entry);
    JsonObject json = new JsonObject().put("additionalData", additional)
        .put("amount", AdyenAnswers.amount(amount(line, entry), currency)).put("eventCode", item.eventCode())
        .put("eventDate", date(line.created())).put("merchantAccountCode", entry.terms().account())
        .put("merchantReference", item.merchantReference());
    if (original != null) {
      json.put("originalReference", original);
    } else if (item.success()) {
      json.put("operations", new JsonArray().add("CANCEL").add("CAPTURE").add("REFUND"));
    }
    json.put("paymentMethod", AdyenAnswers.brand(entry)).put("pspReference", item.pspReference())
        .put("reason", item.reason()).put("success", String.valueOf(item.success()));
    additional.put("hmacSignature", signature(json));
    return new JsonObject().put("live", "false").put("notificationItems",
        new JsonArray().add(new JsonObject().put("NotificationRequestItem", json))).encode();
  }

  /** A cancellation is always of the whole payment. */
  private static long amount(BookLine line, Entry entry) {
    return line instanceof Movement movement && movement.kind() == Kind.CANCEL
        ? entry.amount()
        : line.amount();
  }

  private @Nullable Item item(BookLine line, Book book) {
    Entry entry = book.get(line.payment());
    return switch (line) {
      case Entry opened when opened.opening() == Entry.Opening.ACTION -> null;
      case Entry opened -> authorisation(PaymentState.opening(opened));
      case Movement movement -> switch (movement.kind()) {
        case COMPLETION, COMPLETION_FAILURE ->
          movement.carriedOut() ? authorisation(book.stateAt(movement)) : null;
        case CAPTURE -> movement.fault() == Fault.REFUSED_FOR_GOOD
            ? new Item("CAPTURE_FAILED", ids.of(movement), reference(movement, entry), true, "Capture Failed")
            : modification("CAPTURE", movement, entry);
        case CANCEL -> modification("CANCELLATION", movement, entry);
        // One that takes a while is told once it has arrived; one that fails has seemed to arrive.
        case REFUND -> movement.carriedOut() && entry.method().effect() == LaterEffect.REFUND_PENDING
            ? null
            : modification("REFUND", movement, entry);
        case REFUND_SUCCESS, REFUND_FAILURE -> refundEnd(movement, entry, book);
        case DISPUTE -> dispute("NOTIFICATION_OF_CHARGEBACK", movement.number(), entry);
        case DISPUTE_WON -> dispute("CHARGEBACK_REVERSED", movement.about(), entry);
        case DISPUTE_LOST -> dispute("CHARGEBACK", movement.about(), entry);
        case AUTHENTICATION, AUTHENTICATION_FAILURE, EXPIRY, RETURN -> null;
      };
    };
  }

  private Item authorisation(PaymentState then) {
    AdyenRefusalReason refusal = AdyenAnswers.refusal(then);
    return new Item("AUTHORISATION", ids.of(then.entry()), then.entry().reference(), refusal == null,
        refusal == null ? "033899:1111:03/2030" : refusal.reason());
  }

  private Item modification(String eventCode, Movement movement, Entry entry) {
    return new Item(eventCode, ids.of(movement), reference(movement, entry), movement.carriedOut(),
        movement.fault() == null ? "" : reason(movement.fault()));
  }

  private Item refundEnd(Movement end, Entry entry, Book book) {
    Movement refund = book.movements().get(end.about());
    boolean failed = end.kind() == Kind.REFUND_FAILURE;
    return new Item(failed ? "REFUND_FAILED" : "REFUND", ids.of(refund), reference(refund, entry), true,
        failed ? "Refund failed: " + end.note() : "");
  }

  private Item dispute(String eventCode, int dispute, Entry entry) {
    return new Item(eventCode, ids.movement(dispute), entry.reference(), true,
        "Other Fraud-Card Absent Environment");
  }

  /** A modification's own reference where it has one, else the payment's. */
  private static @Nullable String reference(Movement movement, Entry entry) {
    return movement.reference() == null ? entry.reference() : movement.reference();
  }

  private static String reason(Fault fault) {
    return switch (fault) {
      case NOT_CAPTURABLE, BEYOND_AUTHORIZED, NOT_REFUNDABLE, ALREADY_REFUNDED, BEYOND_REFUNDABLE ->
        "Insufficient balance on payment";
      case NOT_CANCELABLE -> "Transaction is not in a state to be cancelled";
      case DISPUTED -> "Transaction has been charged back";
      case CURRENCY -> "Currency does not match the authorised currency";
      default -> "Transaction rejected by the acquirer";
    };
  }

  private JsonObject additionalData(BookLine line, Entry entry) {
    var additional = new JsonObject();
    if (entry.extras() != null) {
      new JsonObject("{" + entry.extras().metadata() + "}")
          .forEach(member -> additional.put("metadata." + member.getKey(), member.getValue()));
    }
    if (line instanceof Movement movement) {
      switch (movement.kind()) {
        case DISPUTE -> disputed(additional, "Undefended")
            .put("defensePeriodEndsAt", date(movement.created() + DEFENSE_S)).put("defendable", "true");
        case DISPUTE_WON -> disputed(additional, "Won");
        case DISPUTE_LOST -> disputed(additional, "Lost");
        default -> {
          // Nothing more is known of it.
        }
      }
    }
    return additional;
  }

  private static JsonObject disputed(JsonObject additional, String status) {
    return additional.put("chargebackReasonCode", "10.4").put("chargebackSchemeCode", "visa")
        .put("modificationMerchantReferences", "").put("disputeStatus", status);
  }

  private String signature(JsonObject item) {
    if (hmac == null) {
      throw new IllegalStateException("there is no key to sign with");
    }
    JsonObject amount = item.getJsonObject("amount");
    String signed = String.join(":", item.getString("pspReference"), item.getString("originalReference", ""),
        item.getString("merchantAccountCode"), item.getString("merchantReference", ""),
        String.valueOf(amount.getLong("value")), amount.getString("currency"), item.getString("eventCode"),
        item.getString("success"));
    return Base64.getEncoder().encodeToString(hmac.sign(signed));
  }

  private static String date(long seconds) {
    return DATE.format(Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC));
  }
}
