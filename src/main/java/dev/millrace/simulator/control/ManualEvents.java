package dev.millrace.simulator.control;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.MovementQueue;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.stripe.StripeRefusal;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.Instruction;
import dev.millrace.simulator.wire.RequestBody;
import dev.millrace.simulator.wire.WireAnswers;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Events that whoever runs the test brings about by hand, for a payment found by its reference: a dispute and
 * its end, an ACH return, the expiry of an authorization.
 */
public final class ManualEvents {
  private static final int LIMIT = 1_000;

  private final Book book;
  private final PaymentReport line;
  private final Map<Wire, WireAnswers> wires;
  private final MovementQueue movements;
  private final InstantSource clock;

  public ManualEvents(Book book, PaymentReport line, Map<Wire, WireAnswers> wires, MovementQueue movements,
      InstantSource clock) {
    this.book = book;
    this.wires = wires;
    this.line = line;
    this.movements = movements;
    this.clock = clock;
  }

  /** A page: what it does to a payment, and which wires it is for. */
  private record Page(Set<String> fields, Set<Wire> wires,
      Function<PaymentState, @Nullable Instruction> instruction) {}

  /** Answers with the payment's line of the book; false if there is no such page. */
  boolean handle(HttpServerRequest request, String path) {
    Function<JsonObject, Page> page = switch (path) {
      case "/disputes" -> this::dispute;
      case "/disputes/close" -> ManualEvents::close;
      case "/returns" -> ManualEvents::returned;
      case "/expire" -> ManualEvents::expire;
      default -> null;
    };
    if (page == null) {
      return false;
    }
    RequestBody.read(request, body -> answer(request, body, page));
    return true;
  }

  private void answer(HttpServerRequest request, Buffer body, Function<JsonObject, Page> page) {
    try {
      var fields = new JsonObject(body);
      carryOut(request, text(fields, "reference"), page.apply(fields), fields);
    } catch (DecodeException | ClassCastException e) {
      refuse(request, StripeRefusal.invalid(null, "The body must be a JSON object.", null));
    } catch (IllegalArgumentException e) {
      refuse(request, StripeRefusal.invalid(null, e.getMessage() + ".", null));
    }
  }

  /** {@code amount}: in ISO 4217's minor units. */
  private Page dispute(JsonObject fields) {
    long amount = fields.containsKey("amount") ? amount(fields) : Instruction.ALL;
    return new Page(Set.of("reference", "amount"), Set.of(Wire.STRIPE, Wire.ADYEN),
        now -> Instruction.of(now.entry().ordinal(), Kind.DISPUTE, null)
            .amount(amount == Instruction.ALL ? amount : sayable(amount, now.entry()))
            .note(ScheduledEffects.DISPUTE_REASON));
  }

  /** The amount, which the payment's wire must be able to say. */
  private long sayable(long amount, Entry entry) {
    WireAnswers answers = wires.get(entry.wire());
    long least = answers == null ? 1 : answers.units().least(entry.currency());
    if (amount % least != 0) {
      throw new IllegalArgumentException("amount must be a multiple of " + least + " in " + entry.currency());
    }
    return amount;
  }

  private static Page close(JsonObject fields) {
    Kind kind = switch (text(fields, "outcome")) {
      case "won" -> Kind.DISPUTE_WON;
      case "lost" -> Kind.DISPUTE_LOST;
      default -> throw new IllegalArgumentException("outcome must be won or lost");
    };
    return new Page(Set.of("reference", "outcome"), Set.of(Wire.STRIPE, Wire.ADYEN), now -> {
      Movement open = now.openDispute();
      return open == null
          ? null
          : Instruction.of(now.entry().ordinal(), kind, null).amount(open.amount()).about(open.number());
    });
  }

  private static Page returned(JsonObject fields) {
    String code = text(fields, "code");
    if (!code.matches("R[0-9]{2}")) {
      throw new IllegalArgumentException("code must be R and two digits");
    }
    return new Page(Set.of("reference", "code"), Set.of(Wire.BANK),
        now -> Instruction.of(now.entry().ordinal(), Kind.RETURN, null).note(code));
  }

  private static Page expire(JsonObject fields) {
    return new Page(Set.of("reference"), Set.of(Wire.STRIPE, Wire.ADYEN),
        now -> Instruction.of(now.entry().ordinal(), Kind.EXPIRY, null));
  }

  private void carryOut(HttpServerRequest request, String reference, Page page, JsonObject fields) {
    for (String name : fields.fieldNames()) {
      if (!page.fields().contains(name)) {
        throw new IllegalArgumentException("unknown field: " + name);
      }
    }
    var found = book.references().payments(reference, LIMIT);
    if (found.isEmpty()) {
      refuse(request, StripeRefusal.noSuchReference(reference));
      return;
    }
    for (Entry entry : found) {
      if (page.wires().contains(entry.wire()) && possible(page, book.state(entry.ordinal()))) {
        movements.add(entry.ordinal(), new ManualMovement(request, page));
        return;
      }
    }
    refuse(request, impossible(reference));
  }

  private static boolean possible(Page page, PaymentState now) {
    Instruction instruction = page.instruction().apply(now);
    return instruction != null && instruction.movement(now, 0, null, 0, 0).carriedOut();
  }

  private static StripeRefusal impossible(String reference) {
    return StripeRefusal.invalid(null, "No payment of '" + reference + "' is in a state for it.",
        "reference");
  }

  private static String text(JsonObject fields, String name) {
    if (fields.getValue(name) instanceof String text && !text.isEmpty()) {
      return text;
    }
    throw new IllegalArgumentException(name + " must be a text");
  }

  private static long amount(JsonObject fields) {
    if (fields.getValue("amount") instanceof Number number && number.longValue() > 0) {
      return number.longValue();
    }
    throw new IllegalArgumentException("amount must be a number greater than 0");
  }

  private static void refuse(HttpServerRequest request, StripeRefusal refusal) {
    refusal.answer().sendTo(request.response());
  }

  /** A movement by hand on its way into the book. */
  private final class ManualMovement implements MovementQueue.Requester {
    private final HttpServerRequest request;
    private final Page page;

    ManualMovement(HttpServerRequest request, Page page) {
      this.request = request;
      this.page = page;
    }

    @Override
    public boolean applicable(PaymentState now) {
      return possible(page, now);
    }

    @Override
    public Movement draft(PaymentState now, int number) {
      Instruction instruction = page.instruction().apply(now);
      if (instruction == null) {
        throw new IllegalStateException("it was possible a moment ago");
      }
      return instruction.movement(now, number, null, 0, clock.millis() / 1000);
    }

    @Override
    public void durable(BookLine moved) {
      var out = new StringBuilder(512);
      line.append(out, book.state(moved.payment()));
      new Answer(200, out.toString().strip()).sendTo(request.response());
    }

    @Override
    public void inapplicable() {
      refuse(request,
          StripeRefusal.invalid(null, "The payment is not in a state for it any more.", "reference"));
    }

    @Override
    public void unwritable() {
      refuse(request, StripeRefusal.overloaded("The provider's book cannot be written to."));
    }

    /** Nobody can say whether it happened. */
    @Override
    public void lost() {
      request.connection().close();
    }
  }
}
