package dev.millrace.simulator.adyen;

import dev.millrace.simulator.wire.PayerPages;
import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.PaymentState.Status;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.CallExecutor;
import dev.millrace.simulator.wire.CheckResult;
import dev.millrace.simulator.wire.Instruction;
import dev.millrace.simulator.wire.JsonBody;
import dev.millrace.simulator.wire.KnownResult;
import dev.millrace.simulator.wire.HttpCall;
import dev.millrace.simulator.wire.RequestBody;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.function.Function;

/**
 * Adyen's calls, under {@code /adyen/v71}.
 *
 * @see <a href="https://docs.adyen.com/api-explorer/Checkout/71/overview">Adyen: Checkout API</a>
 */
public final class AdyenApi {
  public static final String PATH = "/adyen/v71/";
  private static final String PAYMENTS = PATH + "payments";
  private static final CharSequence IDEMPOTENCY_KEY = HttpHeaders.createOptimized("idempotency-key");

  private final CallExecutor calls;
  private final Book book;
  private final AdyenIds ids;
  private final AdyenAnswers answers;

  public AdyenApi(CallExecutor calls, Book book, AdyenIds ids, AdyenAnswers answers) {
    this.calls = calls;
    this.book = book;
    this.ids = ids;
    this.answers = answers;
  }

  /** Answers a request that has shown the key. */
  public void handle(HttpServerRequest request, String path) {
    String[] parts = path.startsWith(PAYMENTS) ? path.substring(PAYMENTS.length()).split("/", -1) : null;
    if (parts == null || !parts[0].isEmpty() || !request.method().equals(HttpMethod.POST)) {
      AdyenError.notFound().answer().sendTo(request.response());
    } else if (parts.length == 1) {
      post(request, path, body -> AdyenForms.payment(body, PayerPages.address(request)));
    } else if (parts.length == 2 && parts[1].equals("details")) {
      post(request, path, this::details);
    } else if (parts.length == 3) {
      modify(request, path, parts[1], parts[2]);
    } else {
      AdyenError.notFound().answer().sendTo(request.response());
    }
  }

  private void modify(HttpServerRequest request, String path, String psp, String instruction) {
    switch (instruction) {
      case "captures" ->
        post(request, path, body -> of(psp, entry -> AdyenForms.modification(body, Kind.CAPTURE, entry)));
      case "refunds" ->
        post(request, path, body -> of(psp, entry -> AdyenForms.modification(body, Kind.REFUND, entry)));
      case "cancels" ->
        post(request, path, body -> of(psp, entry -> AdyenForms.whole(body, Kind.CANCEL, entry)));
      case "reversals" ->
        post(request, path, body -> of(psp, entry -> AdyenForms.whole(body, Kind.REVERSAL, entry)));
      default -> AdyenError.notFound().answer().sendTo(request.response());
    }
  }

  private void post(HttpServerRequest request, String path, Function<JsonBody, CheckResult> check) {
    RequestBody.read(request, buffer -> {
      JsonBody body = JsonBody.parse(buffer);
      if (body == null) {
        AdyenError.unreadable().answer().sendTo(request.response());
      } else {
        calls.receive(
            new HttpCall(request, answers, request.getHeader(IDEMPOTENCY_KEY), body.fingerprint(path),
                false),
            () -> check.apply(body));
      }
    });
  }

  private CheckResult of(String psp, Function<Entry, CheckResult> check) {
    int payment = answers.payment(psp);
    return payment < 0 ? AdyenError.noSuchPayment() : check.apply(book.get(payment));
  }

  /** Once a payment has come to its end, asking again says it again. */
  private CheckResult details(JsonBody body) {
    String redirectResult = body.text("details.redirectResult");
    if (redirectResult == null) {
      return AdyenError.missing("details.redirectResult");
    }
    int payment = ids.ordinalOfRedirect(redirectResult);
    if (payment < 0 || payment >= book.size() || book.get(payment).wire() != Wire.ADYEN) {
      return AdyenError.invalid("103", "Field 'details.redirectResult' is not valid.");
    }
    PaymentState now = book.state(payment);
    if (now.status() != Status.REQUIRES_ACTION) {
      return new KnownResult(answers.result(now));
    }
    if (now.first(Kind.AUTHENTICATION) != null) {
      return Instruction.of(payment, Kind.COMPLETION, null);
    }
    return now.first(Kind.AUTHENTICATION_FAILURE) != null
        ? Instruction.of(payment, Kind.COMPLETION_FAILURE, null)
        : AdyenError.invalid("103", "The shopper has not completed the action.");
  }
}
