package dev.millrace.simulator.bank;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.CallExecutor;
import dev.millrace.simulator.wire.CheckResult;
import dev.millrace.simulator.wire.JsonBody;
import dev.millrace.simulator.wire.HttpCall;
import dev.millrace.simulator.wire.RequestBody;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** The bank's calls, under {@code /bank}: ACH debits and the credits that give them back. */
public final class BankApi {
  public static final String PATH = "/bank/";
  private static final String DEBITS = PATH + "debits";
  private static final String CREDITS = PATH + "credits";
  private static final int LIST_LIMIT = 100;
  private static final CharSequence IDEMPOTENCY_KEY = HttpHeaders.createOptimized("Idempotency-Key");

  private final CallExecutor calls;
  private final Book book;
  private final BookIds ids;
  private final BankAnswers answers;

  public BankApi(CallExecutor calls, Book book, BookIds ids, BankAnswers answers) {
    this.calls = calls;
    this.book = book;
    this.ids = ids;
    this.answers = answers;
  }

  /** Answers a request that has shown the key. */
  public void handle(HttpServerRequest request, String path) {
    if (request.method().equals(HttpMethod.POST)) {
      post(request, path);
    } else if (request.method().equals(HttpMethod.GET)) {
      get(request, path).sendTo(request.response());
    } else {
      nothing(path).sendTo(request.response());
    }
  }

  private void post(HttpServerRequest request, String path) {
    if (path.equals(DEBITS)) {
      receive(request, path, BankForms::debit);
    } else if (path.equals(CREDITS)) {
      receive(request, path, body -> BankForms.credit(body, debit(body.text("debit"))));
    } else if (path.startsWith(DEBITS + "/") && path.endsWith("/cancel")) {
      Entry debit = debit(path.substring(DEBITS.length() + 1, path.lastIndexOf('/')));
      receive(request, path, body -> debit == null
          ? BankError.notFound("There is no such debit.")
          : BankForms.cancel(body, debit));
    } else {
      nothing(path).sendTo(request.response());
    }
  }

  private void receive(HttpServerRequest request, String path, Function<JsonBody, CheckResult> check) {
    RequestBody.read(request, buffer -> {
      JsonBody body = JsonBody.parse(buffer);
      if (body == null) {
        BankError.invalid("The body must be a JSON object.").answer().sendTo(request.response());
      } else {
        calls.receive(
            new HttpCall(request, answers, request.getHeader(IDEMPOTENCY_KEY), body.fingerprint(path),
                false),
            () -> check.apply(body));
      }
    });
  }

  private Answer get(HttpServerRequest request, String path) {
    if (path.startsWith(DEBITS + "/")) {
      Entry debit = debit(path.substring(DEBITS.length() + 1));
      return debit == null ? nothing(path) : answers.found(book.state(debit.ordinal()));
    }
    if (path.startsWith(CREDITS + "/")) {
      Movement credit = credit(path.substring(CREDITS.length() + 1));
      return credit == null ? nothing(path) : answers.found(credit);
    }
    if (!path.equals(DEBITS) && !path.equals(CREDITS)) {
      return nothing(path);
    }
    String reference = reference(request);
    if (reference == null) {
      return BankError.invalid("reference must be given.").answer();
    }
    return path.equals(DEBITS) ? answers.debits(debits(reference)) : answers.credits(credits(reference));
  }

  private static @Nullable String reference(HttpServerRequest request) {
    try {
      return request.getParam("reference");
    } catch (IllegalArgumentException e) { // A broken percent escape: no parameter we could read.
      return null;
    }
  }

  /** The newest debits of a reference; what was declined never became one. */
  private List<PaymentState> debits(String reference) {
    return book.references().payments(reference, LIST_LIMIT).stream()
        .filter(entry -> entry.wire() == Wire.BANK && entry.decline() == null)
        .map(entry -> book.state(entry.ordinal())).toList();
  }

  private List<Movement> credits(String reference) {
    return book.references().movements(Kind.REFUND, reference).reversed().stream()
        .filter(credit -> book.get(credit.payment()).wire() == Wire.BANK).limit(LIST_LIMIT).toList();
  }

  private @Nullable Entry debit(@Nullable String id) {
    int ordinal = id == null ? -1 : ids.ordinal(BankAnswers.DEBIT, id);
    if (ordinal < 0 || ordinal >= book.size()) {
      return null;
    }
    Entry entry = book.get(ordinal);
    return entry.wire() == Wire.BANK && entry.decline() == null ? entry : null;
  }

  private @Nullable Movement credit(String id) {
    int number = ids.movementNumber(BankAnswers.CREDIT, id);
    if (number < 0 || number >= book.movements().size()) {
      return null;
    }
    Movement movement = book.movements().get(number);
    return movement.is(Kind.REFUND) && book.get(movement.payment()).wire() == Wire.BANK ? movement : null;
  }

  private static Answer nothing(String path) {
    return BankError.notFound("There is nothing at " + path + ".").answer();
  }
}
