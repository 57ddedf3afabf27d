package dev.millrace.simulator;

import dev.millrace.simulator.Movement.Kind;
import dev.millrace.simulator.Standing.Status;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.InstantSource;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The page a payer passes 3-D Secure on, or fails it. What the payer decided first stands: a second time goes to
 * the same place and moves nothing.
 *
 * @see <a href="https://docs.stripe.com/payments/3d-secure/authentication-flow">Stripe: 3D Secure</a>
 * @see <a href="https://docs.adyen.com/online-payments/3d-secure/redirect-3ds2">Adyen: redirect 3D Secure</a>
 */
final class PayerPages {
  static final String PATH = "/3ds/";

  /** A wire whose payments may have an action to take. */
  interface Shop {
    /** The ordinal of the payment with this id, or -1. */
    int payment(String id);

    /** The query that is added to the return URL. */
    String returnQuery(Standing standing);
  }

  private final Book book;
  private final Movements movements;
  private final InstantSource clock;
  private final List<Shop> shops;

  PayerPages(Book book, Movements movements, InstantSource clock, List<Shop> shops) {
    this.book = book;
    this.movements = movements;
    this.clock = clock;
    this.shops = shops;
  }

  void handle(HttpServerRequest request, String path) {
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
      Standing now = book.standing(payment);
      page(request.response(), 200, waits(now) ? question(now.entry()) : "<p>This payment is done.</p>");
    } else if (request.method().equals(HttpMethod.POST)) {
      Body.read(request, body -> decide(request, shop, payment, body));
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
    movements.add(payment, new Decision(request, shop, Act.of(payment, kind, null)));
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

  private static boolean waits(Standing now) {
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
  private final class Decision implements Movements.Asking {
    private final HttpServerRequest request;
    private final Shop shop;
    private final Act act;

    Decision(HttpServerRequest request, Shop shop, Act act) {
      this.request = request;
      this.shop = shop;
      this.act = act;
    }

    @Override
    public boolean stands(Standing now) {
      return waits(now);
    }

    @Override
    public Movement draft(Standing now, int number) {
      return act.movement(now, number, null, 0, clock.millis() / 1000);
    }

    @Override
    public void durable(Line line) {
      left();
    }

    @Override
    public void left() {
      Standing now = book.standing(act.payment());
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
