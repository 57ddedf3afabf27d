package dev.millrace.simulator.control;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.MovementQueue;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.control.ManualActs.Act;
import dev.millrace.simulator.stripe.StripeRefusal;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.RequestBody;
import dev.millrace.simulator.wire.WireAnswers;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.Map;
import java.util.function.Function;

/**
 * Events that whoever runs the test brings about by hand, for the newest payment of a reference that is in a
 * state for it: what a provider, its bank or a payer may do, by the provider's rules.
 */
public final class ManualEvents {
  private static final int LIMIT = 1_000;

  private final Book book;
  private final PaymentReport line;
  private final ManualActs acts;
  private final MovementQueue movements;
  private final InstantSource clock;

  public ManualEvents(Book book, PaymentReport line, Map<Wire, WireAnswers> wires, MovementQueue movements,
      InstantSource clock) {
    this.book = book;
    this.acts = new ManualActs(wires);
    this.line = line;
    this.movements = movements;
    this.clock = clock;
  }

  /** Answers with the payment's line of the book; false if there is no such page. */
  boolean handle(HttpServerRequest request, String path) {
    Function<JsonObject, Act> page = acts.page(path);
    if (page == null) {
      return false;
    }
    RequestBody.read(request, body -> answer(request, body, page));
    return true;
  }

  private void answer(HttpServerRequest request, Buffer body, Function<JsonObject, Act> page) {
    try {
      var fields = new JsonObject(body);
      carryOut(request, ManualActs.text(fields, "reference"), page.apply(fields), fields);
    } catch (DecodeException | ClassCastException e) {
      refuse(request, StripeRefusal.invalid(null, "The body must be a JSON object.", null));
    } catch (IllegalArgumentException e) {
      refuse(request, StripeRefusal.invalid(null, e.getMessage() + ".", null));
    }
  }

  private void carryOut(HttpServerRequest request, String reference, Act act, JsonObject fields) {
    for (String name : fields.fieldNames()) {
      if (!name.equals("reference") && !act.fields().contains(name)) {
        throw new IllegalArgumentException("unknown field: " + name);
      }
    }
    var found = book.references().payments(reference, LIMIT);
    if (found.isEmpty()) {
      refuse(request, StripeRefusal.noSuchReference(reference));
      return;
    }
    for (Entry entry : found) {
      if (act.wires().contains(entry.wire()) && act.possible(book.state(entry.ordinal()))) {
        movements.add(entry.ordinal(), new ManualMovement(request, act));
        return;
      }
    }
    refuse(request, impossible(reference));
  }

  private static StripeRefusal impossible(String reference) {
    return StripeRefusal.invalid(null, "No payment of '" + reference + "' is in a state for it.",
        "reference");
  }

  private static void refuse(HttpServerRequest request, StripeRefusal refusal) {
    refusal.answer().sendTo(request.response());
  }

  /** A movement by hand on its way into the book. */
  private final class ManualMovement implements MovementQueue.Requester {
    private final HttpServerRequest request;
    private final Act act;

    ManualMovement(HttpServerRequest request, Act act) {
      this.request = request;
      this.act = act;
    }

    @Override
    public boolean applicable(PaymentState now) {
      return act.possible(now);
    }

    @Override
    public Movement draft(PaymentState now, int number) {
      return act.movement(now, number, clock.millis() / 1000);
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
