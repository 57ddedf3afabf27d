package dev.millrace.simulator.bank;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentMethod.Decline;
import dev.millrace.simulator.book.PaymentState.Status;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.WireAnswers;
import dev.millrace.simulator.wire.WireUnits;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Everything the bank's wire says about a debit, built from the book alone: asked twice, or after a restart,
 * it says the same bytes.
 */
public final class BankAnswers implements WireAnswers {
  static final String DEBIT = "db_";
  static final String CREDIT = "cr_";

  private final Book book;
  private final BookIds ids;

  public BankAnswers(Book book, BookIds ids) {
    this.book = book;
    this.ids = ids;
  }

  @Override
  public Wire wire() {
    return Wire.BANK;
  }

  @Override
  public WireUnits units() {
    return WireUnits.ISO;
  }

  @Override
  public String id(BookLine line) {
    return line instanceof Movement movement && movement.kind() == Kind.REFUND
        ? ids.of(CREDIT, movement)
        : ids.entry(DEBIT, line.payment());
  }

  @Override
  public Answer created(Entry entry, boolean expanded) {
    Decline decline = entry.decline();
    return decline == null
        ? new Answer(201, debit(PaymentState.opening(entry)).encode())
        : BankError.declined(decline).answer();
  }

  @Override
  public Answer done(Movement movement, boolean expanded) {
    if (!movement.carriedOut()) {
      return BankError.of(movement.fault()).answer();
    }
    return movement.kind() == Kind.REFUND
        ? new Answer(201, credit(movement).encode())
        : new Answer(200, debit(book.stateAt(movement)).encode());
  }

  /** A debit as it stands. */
  Answer found(PaymentState state) {
    return new Answer(200, debit(state).encode());
  }

  Answer found(Movement credit) {
    return new Answer(200, credit(credit).encode());
  }

  Answer debits(List<PaymentState> found) {
    return list(found.stream().map(this::debit).toList());
  }

  Answer credits(List<Movement> found) {
    return list(found.stream().map(this::credit).toList());
  }

  private static Answer list(List<JsonObject> found) {
    return new Answer(200, new JsonObject().put("data", new JsonArray(found)).encode());
  }

  private JsonObject debit(PaymentState state) {
    Entry entry = state.entry();
    Movement returned = state.last(Kind.RETURN);
    var json = new JsonObject().put("id", ids.of(DEBIT, entry)).put("object", "debit")
        .put("status", status(state)).put("reference", entry.reference()).put("amount", entry.amount())
        .put("currency", entry.currency()).put("effective_date", nextDay(entry.created()))
        .put("created", entry.created());
    if (entry.extras() != null) {
      json.put("description", entry.extras().description());
    }
    // Also after the return was reversed: which one it was that has been.
    if (returned != null) {
      json.put("return_code", returned.note()).put("return_reason", reason(returned.note()));
    }
    return json;
  }

  private static String status(PaymentState state) {
    return state.status() == Status.CANCELED
        ? "canceled"
        : state.returned() > 0 ? "returned" : "accepted";
  }

  private JsonObject credit(Movement credit) {
    Entry entry = book.get(credit.payment());
    return new JsonObject().put("id", ids.of(CREDIT, credit)).put("object", "credit")
        .put("status", "accepted").put("reference", credit.reference()).put("debit", ids.of(DEBIT, entry))
        .put("amount", credit.amount()).put("currency", entry.currency())
        .put("effective_date", nextDay(credit.created())).put("created", credit.created());
  }

  /** As the ACH network's rules name its return codes. */
  private static String reason(@Nullable String code) {
    return switch (code) {
      case "R01" -> "Insufficient funds";
      case "R02" -> "Account closed";
      case "R03" -> "No account or unable to locate account";
      case "R10" -> "Customer advises originator is not known or not authorized";
      case null, default -> "Returned";
    };
  }

  private static String nextDay(long seconds) {
    return Instant.ofEpochSecond(seconds).atZone(ZoneOffset.UTC).toLocalDate().plusDays(1).toString();
  }

  @Override
  public int events(BookLine line) {
    return type(line) == null ? 0 : 1;
  }

  private static @Nullable String type(BookLine line) {
    return switch (line) {
      case Entry entry -> entry.decline() == null ? "debit.accepted" : null;
      case Movement movement when !movement.carriedOut() -> null;
      case Movement movement -> switch (movement.kind()) {
        case CANCEL -> "debit.canceled";
        case RETURN -> "debit.returned";
        case RETURN_REVERSED -> "debit.return_reversed";
        case NOTICE -> movement.note();
        case REFUND -> "credit.accepted";
        default -> null;
      };
    };
  }

  @Override
  public String event(BookLine line, int number) {
    JsonObject object = line instanceof Movement movement && movement.kind() == Kind.REFUND
        ? credit(movement)
        : debit(book.stateAt(line));
    return new JsonObject().put("id", ids.of("evt_", line)).put("type", type(line))
        .put("created", line.created()).put("data", new JsonObject().put("object", object)).encode();
  }

  @Override
  public Answer unauthorized() {
    return BankError.unauthorized().answer();
  }

  @Override
  public Answer differentParameters() {
    return BankError.refused("idempotency_key_reused", "This Idempotency-Key came with another request.")
        .answer();
  }

  @Override
  public Answer keyInUse() {
    return new BankError(409, "idempotency_key_in_use", "A request with this Idempotency-Key is under way.")
        .answer();
  }

  @Override
  public Answer badKey(int charsMax) {
    return BankError.invalid("Idempotency-Key must have from 1 to " + charsMax + " characters.").answer();
  }

  @Override
  public Answer internalError() {
    return new BankError(500, "internal_error", "An unknown error occurred on the bank's side.").answer();
  }

  @Override
  public Answer overloaded(String why) {
    return new BankError(503, "overloaded", why).answer();
  }

  @Override
  public Answer throttled() {
    return new BankError(429, "rate_limited", "Too many requests: try again later.").answer();
  }

  /** The same key may be tried again after a failure. */
  @Override
  public boolean savesFailures() {
    return false;
  }
}
