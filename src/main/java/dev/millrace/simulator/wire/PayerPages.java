package dev.millrace.simulator.wire;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.MovementQueue;
import dev.millrace.simulator.book.PaymentState.Status;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import io.vertx.core.net.HostAndPort;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The page a payer passes 3-D Secure on, or fails it. What the payer decided first stands: a second time goes
 * to the same place and moves nothing.
 *
 * @see <a href="https://docs.stripe.com/payments/3d-secure/authentication-flow">Stripe: 3D Secure</a>
 * @see <a href="https://docs.adyen.com/online-payments/3d-secure/redirect-3ds2">Adyen: redirect 3D Secure</a>
 */
public final class PayerPages {
  public static final String PATH = "/3ds/";

  /** A wire whose payments may have an action to take. */
  public interface Shop {
    /** The ordinal of the payment with this id, or -1. */
    int payment(String id);

    /** The query that is added to the return URL. */
    String returnQuery(PaymentState state);
  }

  private final Book book;
  private final MovementQueue movements;
  private final InstantSource clock;
  private final List<Shop> shops;

  public PayerPages(Book book, MovementQueue movements, InstantSource clock, List<Shop> shops) {
    this.book = book;
    this.movements = movements;
    this.clock = clock;
    this.shops = shops;
  }

  /** The address the caller knows this provider by, as in {@code http://127.0.0.1:8081}. */
  public static String address(HttpServerRequest request) {
    HostAndPort authority = request.authority();
    return authority == null ? "" : "http://" + authority;
  }

  public void handle(HttpServerRequest request, String path) {
    String id = path.substring(PATH.length());
    for (Shop shop : shops) {
      int payment = shop.payment(id);
      if (payment >= 0 && book.get(payment).opening() == Entry.Opening.ACTION) {
        answer(request, shop, payment);
        return;
      }
    }
    page(request.response(), 404, "<p>There is no such payment.</p>");
  }

  private void answer(HttpServerRequest request, Shop shop, int payment) {
    if (request.method().equals(HttpMethod.GET)) {
      PaymentState now = book.state(payment);
      page(request.response(), 200, waits(now) ? question(now.entry()) : "<p>This payment is done.</p>");
    } else if (request.method().equals(HttpMethod.POST)) {
      RequestBody.read(request, body -> decide(request, shop, payment, body));
    } else {
      page(request.response(), 405, "<p>GET or POST.</p>");
    }
  }

  private void decide(HttpServerRequest request, Shop shop, int payment, Buffer body) {
    Boolean passed = passed(body);
    if (passed == null) {
      page(request.response(), 400, "<p>The outcome must be succeed or fail.</p>");
      return;
    }
    boolean atOnce = book.get(payment).wire() == Wire.STRIPE;
    Kind kind = passed
        ? atOnce ? Kind.COMPLETION : Kind.AUTHENTICATION
        : atOnce ? Kind.COMPLETION_FAILURE : Kind.AUTHENTICATION_FAILURE;
    movements.add(payment, new Decision(request, shop, Instruction.of(payment, kind, null)));
  }

  private static @Nullable Boolean passed(Buffer body) {
    String outcome;
    try {
      outcome = Form.parse(body).get("outcome");
    } catch (IllegalArgumentException e) { // A broken percent escape: no outcome we could read.
      return null;
    }
    return "succeed".equals(outcome) ? Boolean.TRUE : "fail".equals(outcome) ? Boolean.FALSE : null;
  }

  private static boolean waits(PaymentState now) {
    return now.status() == Status.REQUIRES_ACTION && now.first(Kind.AUTHENTICATION) == null
        && now.first(Kind.AUTHENTICATION_FAILURE) == null;
  }

  private static String question(Entry entry) {
    return "<p>Your bank asks whether you pay " + entry.amount() + " minor units of " + entry.currency()
        + ".</p><form method=\"post\"><button name=\"outcome\" value=\"succeed\">Complete</button> "
        + "<button name=\"outcome\" value=\"fail\">Fail</button></form>";
  }

  private static void page(HttpServerResponse response, int status, String body) {
    if (!response.closed()) {
      response.setStatusCode(status).putHeader(HttpHeaders.CONTENT_TYPE, "text/html; charset=utf-8")
          .end("<!DOCTYPE html><html lang=\"en\"><title>3-D Secure</title><body>" + body + "</body></html>");
    }
  }

  /** What the payer has decided, on its way into the book. */
  private final class Decision implements MovementQueue.Requester {
    private final HttpServerRequest request;
    private final Shop shop;
    private final Instruction instruction;

    Decision(HttpServerRequest request, Shop shop, Instruction instruction) {
      this.request = request;
      this.shop = shop;
      this.instruction = instruction;
    }

    @Override
    public boolean applicable(PaymentState now) {
      return waits(now);
    }

    @Override
    public Movement draft(PaymentState now, int number) {
      return instruction.movement(now, number, null, 0, clock.millis() / 1000);
    }

    @Override
    public void durable(BookLine line) {
      inapplicable();
    }

    @Override
    public void inapplicable() {
      PaymentState now = book.state(instruction.payment());
      String returnUrl = now.entry().terms().returnUrl();
      HttpServerResponse response = request.response();
      if (returnUrl == null) {
        page(response, 200, "<p>This payment is done. You can close this page.</p>");
      } else if (!response.closed()) {
        response.setStatusCode(303)
            .putHeader(HttpHeaders.LOCATION, ReturnUrl.with(returnUrl, shop.returnQuery(now))).end();
      }
    }

    @Override
    public void unwritable() {
      page(request.response(), 503, "<p>Try again later.</p>");
    }

    /** Nobody can say whether it was decided. */
    @Override
    public void lost() {
      request.connection().close();
    }
  }
}
