package dev.millrace.simulator.stripe;

import dev.millrace.simulator.wire.PayerPages;
import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.CallExecutor;
import dev.millrace.simulator.wire.CheckResult;
import dev.millrace.simulator.wire.Form;
import dev.millrace.simulator.wire.HttpCall;
import dev.millrace.simulator.wire.RequestBody;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Stripe's calls, under {@code /v1/}.
 *
 * @see <a href="https://docs.stripe.com/api">Stripe: API reference</a>
 */
public final class StripeApi {
  private static final String INTENTS = "/v1/payment_intents";
  private static final String REFUNDS = "/v1/refunds";
  private static final String DISPUTES = "/v1/disputes";
  private static final int LIST_LIMIT = 100;
  private static final int LIST_DEFAULT = 10;
  private static final CharSequence IDEMPOTENCY_KEY = HttpHeaders.createOptimized("Idempotency-Key");
  private static final Pattern REFERENCE_QUERY = Pattern
      .compile("metadata\\[([\"'])millrace_reference\\1]\\s*:\\s*([\"'])((?:[^\\\\\"']|\\\\.)*)\\2");

  private final CallExecutor calls;
  private final Book book;
  private final BookIds ids;
  private final StripeAnswers answers;

  public StripeApi(CallExecutor calls, Book book, BookIds ids, StripeAnswers answers) {
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
      get(request, path);
    } else {
      notFound(request, path);
    }
  }

  private void post(HttpServerRequest request, String path) {
    if (path.equals(INTENTS)) {
      RequestBody.read(request, body -> create(request, body));
    } else if (path.equals(REFUNDS)) {
      instruct(request, path, (form, none) -> refund(form));
    } else if (path.startsWith(DISPUTES + "/")) {
      instruct(request, path, (form, none) -> evidence(form, path.substring(DISPUTES.length() + 1)));
    } else if (path.startsWith(INTENTS + "/") && path.endsWith("/capture")) {
      instruct(request, path, (form, id) -> ofIntent(id, payment -> StripeForms.capture(form, payment)));
    } else if (path.startsWith(INTENTS + "/") && path.endsWith("/cancel")) {
      instruct(request, path, (form, id) -> ofIntent(id, payment -> StripeForms.cancel(form, payment)));
    } else {
      notFound(request, path);
    }
  }

  private void create(HttpServerRequest request, Buffer body) {
    Form form = form(request, body);
    if (form != null) {
      calls.receive(call(request, form, form.fingerprint()),
          () -> StripeForms.intent(form, PayerPages.address(request)));
    }
  }

  /** {@code check}: of the form and the id of the intent in the path. */
  private void instruct(HttpServerRequest request, String path, BiFunction<Form, String, CheckResult> check) {
    RequestBody.read(request, body -> {
      Form form = form(request, body);
      if (form != null) {
        String id = path.startsWith(INTENTS + "/")
            ? path.substring(INTENTS.length() + 1, path.lastIndexOf('/'))
            : "";
        calls.receive(call(request, form, form.fingerprint(path)), () -> check.apply(form, id));
      }
    });
  }

  private HttpCall call(HttpServerRequest request, Form form, long fingerprint) {
    return new HttpCall(request, answers, request.getHeader(IDEMPOTENCY_KEY), fingerprint,
        form.lists("expand", "latest_charge"));
  }

  private static @Nullable Form form(HttpServerRequest request, Buffer body) {
    try {
      return Form.parse(body);
    } catch (IllegalArgumentException e) {
      refuse(request,
          StripeRefusal.invalid(null, "The form body cannot be read: " + e.getMessage() + ".", null));
      return null;
    }
  }

  /** What is asked of the payment with this id, if there is one. */
  private interface OfPayment {
    CheckResult check(Entry payment);
  }

  private CheckResult ofIntent(String id, OfPayment of) {
    int payment = answers.payment(id);
    return payment < 0 ? StripeRefusal.noSuchIntent(id) : of.check(book.get(payment));
  }

  private CheckResult refund(Form form) {
    String id = form.get("payment_intent");
    if (id == null || id.isEmpty()) {
      return StripeRefusal.missing("payment_intent");
    }
    int payment = answers.payment(id);
    return payment < 0
        ? StripeRefusal.missingResource("payment_intent", id, "payment_intent")
        : StripeForms.refund(form, book.get(payment));
  }

  private CheckResult evidence(Form form, String id) {
    Movement dispute = movement(StripeRefundObjects.DISPUTE, id, Kind.DISPUTE);
    return dispute == null
        ? StripeRefusal.missingResource("dispute", id, "dispute")
        : StripeForms.evidence(form, dispute);
  }

  private void get(HttpServerRequest request, String path) {
    if (path.equals(INTENTS + "/search")) {
      search(request);
    } else if (path.startsWith(INTENTS + "/")) {
      intent(request, path.substring(INTENTS.length() + 1));
    } else if (path.startsWith(REFUNDS + "/")) {
      String id = path.substring(REFUNDS.length() + 1);
      Movement refund = movement(StripeRefundObjects.REFUND, id, Kind.REFUND);
      answer(request, refund == null
          ? StripeRefusal.missingResource("refund", id, "id").answer()
          : answers.refund(refund));
    } else if (path.startsWith(DISPUTES + "/")) {
      String id = path.substring(DISPUTES.length() + 1);
      Movement dispute = movement(StripeRefundObjects.DISPUTE, id, Kind.DISPUTE);
      answer(request, dispute == null
          ? StripeRefusal.missingResource("dispute", id, "dispute").answer()
          : answers.dispute(dispute));
    } else if (path.equals(REFUNDS)) {
      list(request, Kind.REFUND);
    } else if (path.equals(DISPUTES)) {
      list(request, Kind.DISPUTE);
    } else {
      notFound(request, path);
    }
  }

  private void intent(HttpServerRequest request, String id) {
    int payment = answers.payment(id);
    boolean expanded = "latest_charge".equals(param(request, "expand[]"))
        || "latest_charge".equals(param(request, "expand[0]"));
    answer(request, payment < 0
        ? StripeRefusal.noSuchIntent(id).answer()
        : answers.intent(book.state(payment), expanded));
  }

  /** Stripe finds a payment within a minute; this one finds it once it is in the book. */
  private void search(HttpServerRequest request) {
    String query = param(request, "query");
    if (query == null) {
      refuse(request, StripeRefusal.missing("query"));
      return;
    }
    Matcher matcher = REFERENCE_QUERY.matcher(query.strip());
    if (!matcher.matches()) {
      refuse(request, StripeRefusal.invalid(null,
          "This provider only searches metadata['millrace_reference']:'<reference>'.", "query"));
      return;
    }
    String reference = matcher.group(3).replaceAll("\\\\(.)", "$1");
    List<Entry> found = book.references().payments(reference, LIST_LIMIT + 1).stream()
        .filter(entry -> entry.wire() == Wire.STRIPE && entry.metadataReference() != null).toList();
    boolean more = found.size() > LIST_LIMIT;
    answer(request, answers.searched(more ? found.subList(0, LIST_LIMIT) : found, more));
  }

  /** The refunds or disputes of a payment, newest first. */
  private void list(HttpServerRequest request, Kind kind) {
    String id = param(request, "payment_intent");
    if (id == null) {
      refuse(request, StripeRefusal.missing("payment_intent"));
      return;
    }
    String limited = param(request, "limit");
    var limit = limited == null ? null : new Amount(limited, "limit");
    if (limit != null && (limit.refusal() != null || limit.number() > LIST_LIMIT)) {
      refuse(request, StripeRefusal.invalid(null, "limit must be from 1 to " + LIST_LIMIT + ".", "limit"));
      return;
    }
    int payment = answers.payment(id);
    if (payment < 0) {
      refuse(request, StripeRefusal.missingResource("payment_intent", id, "payment_intent"));
      return;
    }
    int most = limit == null ? LIST_DEFAULT : (int) limit.number();
    var found = new ArrayList<Movement>();
    for (Movement movement : book.state(payment).movements().reversed()) {
      if (movement.is(kind)) {
        found.add(movement);
      }
    }
    boolean more = found.size() > most;
    List<Movement> page = more ? found.subList(0, most) : found;
    answer(request, kind == Kind.REFUND ? answers.refunds(page, more) : answers.disputes(page, more));
  }

  private @Nullable Movement movement(String prefix, String id, Kind kind) {
    int number = ids.movementNumber(prefix, id);
    if (number < 0 || number >= book.movements().size()) {
      return null;
    }
    Movement movement = book.movements().get(number);
    return movement.is(kind) && book.get(movement.payment()).wire() == Wire.STRIPE ? movement : null;
  }

  private static @Nullable String param(HttpServerRequest request, String name) {
    try {
      return request.getParam(name);
    } catch (IllegalArgumentException e) { // A broken percent escape: no parameter we could read.
      return null;
    }
  }

  private static void notFound(HttpServerRequest request, String path) {
    refuse(request, StripeRefusal.notFound(request.method().name(), path));
  }

  private static void refuse(HttpServerRequest request, StripeRefusal refusal) {
    answer(request, refusal.answer());
  }

  private static void answer(HttpServerRequest request, Answer answer) {
    answer.sendTo(request.response());
  }
}
