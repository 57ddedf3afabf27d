package dev.millrace.simulator.adyen;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Fault;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.wire.Hmac;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
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
  private static final String AUTHORISATION = "AUTHORISATION";
  private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ssxxx");

  private final AdyenIds ids;
  private final @Nullable Hmac hmac;

  /** {@code key}: hexadecimal; null where nobody is to be told. */
  public AdyenNotifications(AdyenIds ids, @Nullable String key) {
    this.ids = ids;
    this.hmac = key == null ? null : new Hmac(HexFormat.of().parseHex(key));
  }

  /**
   * What a notification says, but for what the payment says.
   *
   * @param about
   *          what it is about: a payment of its own where it is null, else a modification or dispute of one
   */
  record Item(String eventCode, String pspReference, @Nullable String merchantReference, boolean success,
      String reason, @Nullable String about, JsonObject additional) {

    Item(String eventCode, String pspReference, @Nullable String merchantReference, boolean success,
        String reason, @Nullable String about) {
      this(eventCode, pspReference, merchantReference, success, reason, about, new JsonObject());
    }
  }

  int count(BookLine line, Book book) {
    return items(line, book).size();
  }

  String notification(BookLine line, int number, Book book) {
    Item item = items(line, book).get(number);
    PaymentState then = book.stateAt(line);
    Entry entry = then.entry();
    String currency = line instanceof Movement moved
        ? AdyenAnswers.parameters(moved, then)
        : entry.currency();
    JsonObject additional = metadata(entry).mergeIn(item.additional());
    JsonObject json = new JsonObject().put("additionalData", additional)
        .put("amount", AdyenAnswers.amount(amount(line, entry), currency)).put("eventCode", item.eventCode())
        .put("eventDate", date(line.created())).put("merchantAccountCode", entry.terms().account())
        .put("merchantReference", item.merchantReference());
    if (item.about() != null) {
      json.put("originalReference", item.about());
    } else if (item.success() && item.eventCode().equals(AUTHORISATION)) {
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
    boolean whole = line instanceof Movement movement
        && (movement.kind() == Kind.CANCEL || movement.kind() == Kind.NOTICE
            || (movement.kind() == Kind.REVERSAL && Movement.CANCELED.equals(movement.note())));
    return whole ? entry.amount() : line.amount();
  }

  private List<Item> items(BookLine line, Book book) {
    return switch (line) {
      case Entry opened -> switch (opened.opening()) {
        // What becomes of it is told once it is known.
        case ACTION, PROCESSING -> List.of();
        case CHARGED, DECLINED, AUTHORIZED -> List.of(authorisation(line, PaymentState.opening(opened)));
      };
      case Movement movement -> items(movement, book.stateAt(movement), book);
    };
  }

  private List<Item> items(Movement movement, PaymentState then, Book book) {
    return switch (movement.kind()) {
      case COMPLETION, COMPLETION_FAILURE ->
        movement.carriedOut() ? List.of(authorisation(then.entry(), then)) : List.of();
      case TRY_REFUSED, TRY_CHARGED ->
        movement.carriedOut() ? List.of(authorisation(movement, then)) : List.of();
      case CAPTURE, PARTIAL_CAPTURE -> List.of(modification("CAPTURE", movement, then));
      case CAPTURE_FAILURE -> List.of(captureFailed(movement, then, book));
      case CANCEL -> List.of(modification("CANCELLATION", movement, then));
      case REVERSAL -> {
        Item item = modification("CANCEL_OR_REFUND", movement, then);
        item.additional().put("modification.action", movement.note());
        yield List.of(item);
      }
      // One that takes a while is told once it has arrived; one that fails later has seemed to arrive.
      case REFUND -> movement.carriedOut() && then.entry().method().effect().refundsPend()
          ? List.of()
          : List.of(modification("REFUND", movement, then));
      case REFUND_SUCCESS, REFUND_FAILURE -> List.of(refundEnd(movement, then, book));
      case DISPUTE, DISPUTE_WON, DISPUTE_LOST ->
        movement.carriedOut() ? AdyenDisputeStages.items(movement, then, ids) : List.of();
      case EXPIRY -> List.of(new Item("EXPIRE", ids.payment(then), then.entry().reference(), true, "", null));
      case NOTICE -> List.of(new Item(Objects.requireNonNull(movement.note()), ids.of(movement),
          then.entry().reference(), true, "", ids.payment(then)));
      case AUTHENTICATION, AUTHENTICATION_FAILURE, RETURN, RETURN_REVERSED -> List.of();
    };
  }

  /** {@code line}: whose name it bears, the payment's or that of one try of its payer. */
  private Item authorisation(BookLine line, PaymentState then) {
    AdyenRefusalReason refusal = line instanceof Movement movement && movement.is(Kind.TRY_REFUSED)
        ? AdyenRefusalReason.REFUSED
        : AdyenAnswers.refusal(then);
    return new Item(AUTHORISATION, ids.of(line), then.entry().reference(), refusal == null,
        refusal == null ? "033899:1111:03/2030" : refusal.reason(), null);
  }

  private Item modification(String eventCode, Movement movement, PaymentState then) {
    return new Item(eventCode, ids.of(movement), reference(movement, then.entry()), movement.carriedOut(),
        movement.fault() == null ? "" : reason(movement.fault()), ids.payment(then));
  }

  /** One that Adyen had made of its own accord has no other name than this. */
  private Item captureFailed(Movement failure, PaymentState then, Book book) {
    Movement capture = failure.about() == Movement.NOTHING ? failure : book.movements().get(failure.about());
    return new Item("CAPTURE_FAILED", ids.of(capture), reference(capture, then.entry()), true,
        "Capture Failed", ids.payment(then));
  }

  /** A refund that was not told yet is refused; what was told as done failed or came back. */
  private Item refundEnd(Movement end, PaymentState then, Book book) {
    Movement refund = book.movements().get(end.about());
    boolean failed = end.kind() == Kind.REFUND_FAILURE;
    boolean told = !then.entry().method().effect().refundsPend() || then.movements().stream()
        .anyMatch(m -> m.is(Kind.REFUND_SUCCESS) && m.about() == end.about());
    String event = !failed || !told
        ? "REFUND"
        : Movement.CAME_BACK.equals(end.note()) ? "REFUNDED_REVERSED" : "REFUND_FAILED";
    return new Item(event, ids.of(refund), reference(refund, then.entry()), told || !failed,
        failed ? "Refund failed: " + end.note() : "", ids.payment(then));
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

  private static JsonObject metadata(Entry entry) {
    var metadata = new JsonObject();
    if (entry.extras() != null) {
      new JsonObject("{" + entry.extras().metadata() + "}")
          .forEach(member -> metadata.put("metadata." + member.getKey(), member.getValue()));
    }
    return metadata;
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

  static String date(long seconds) {
    return DATE.format(Instant.ofEpochSecond(seconds).atOffset(ZoneOffset.UTC));
  }
}
