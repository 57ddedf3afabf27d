package dev.millrace.simulator;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.HostAndPort;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The provider's HTTP face: each wire under a path of its own, with the key; the payer's pages and the pages of
 * whoever runs the test want none.
 */
final class Endpoints implements Handler<HttpServerRequest> {
  private final Thread owner = Thread.currentThread();
  private static final CharSequence API_KEY = HttpHeaders.createOptimized("x-api-key");

  private final StripeApi stripe;
  private final AdyenApi adyen;
  private final BankApi bank;
  private final Map<Wire, Answers> wires;
  private final PayerPages payerPages;
  private final ControlPages pages;
  private final byte[] key;
  private final byte[] bearer;
  private final byte[] basic;
  private final CurrentSettings settings;
  private final Arrivals arrivals;
  private final Parked parked = new Parked();

  /** To be made on the event loop that will call it. */
  Endpoints(StripeApi stripe, AdyenApi adyen, BankApi bank, Map<Wire, Answers> wires, PayerPages payerPages,
      ControlPages pages, String apiKey, CurrentSettings settings, Arrivals arrivals) {
    this.stripe = stripe;
    this.adyen = adyen;
    this.bank = bank;
    this.wires = wires;
    this.key = apiKey.getBytes(StandardCharsets.UTF_8);
    this.payerPages = payerPages;
    this.pages = pages;
    this.settings = settings;
    this.arrivals = arrivals;
    this.bearer = ("Bearer " + apiKey).getBytes(StandardCharsets.UTF_8);
    this.basic = ("Basic "
        + Base64.getEncoder().encodeToString((apiKey + ":").getBytes(StandardCharsets.UTF_8)))
        .getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void handle(HttpServerRequest request) {
    assert Thread.currentThread().equals(owner) : "called on " + Thread.currentThread();
    @Nullable
    String asked = request.path();
    String path = asked == null ? "" : asked;
    Wire wire = wire(path);
    if (wire != null) {
      call(request, path, wire);
    } else if (path.startsWith(PayerPages.PATH)) {
      payerPages.handle(request, path);
    } else {
      pages.handle(request, path);
    }
  }

  private static @Nullable Wire wire(String path) {
    if (path.startsWith("/v1/")) {
      return Wire.STRIPE;
    }
    if (path.startsWith(AdyenApi.PATH)) {
      return Wire.ADYEN;
    }
    return path.startsWith(BankApi.PATH) ? Wire.BANK : null;
  }

  private void call(HttpServerRequest request, String path, Wire wire) {
    arrivals.record(request.method(), path);
    switch (settings.now().outage()) {
      case HANG -> hang(request, wire);
      case UNAVAILABLE -> answers(wire).overloaded("The provider is down.").sendTo(request.response());
      case NONE -> answer(request, path, wire);
    }
  }

  private void hang(HttpServerRequest request, Wire wire) {
    if (parked.full()) {
      answers(wire).overloaded("More than " + Parked.REQUESTS_MAX + " requests are waiting for no answer.")
          .sendTo(request.response());
    } else {
      parked.park(request, () -> {});
    }
  }

  private void answer(HttpServerRequest request, String path, Wire wire) {
    boolean known = switch (wire) {
      case STRIPE -> shows(request.getHeader(HttpHeaders.AUTHORIZATION), bearer, basic);
      case ADYEN -> shows(request.getHeader(API_KEY), key);
      case BANK -> shows(request.getHeader(HttpHeaders.AUTHORIZATION), bearer);
    };
    if (!known) {
      refuse(request, wire);
      return;
    }
    switch (wire) {
      case STRIPE -> stripe.handle(request, path);
      case ADYEN -> adyen.handle(request, path);
      case BANK -> bank.handle(request, path);
    }
  }

  private Answers answers(Wire wire) {
    Answers answers = wires.get(wire);
    if (answers == null) {
      throw new IllegalStateException("no answers of " + wire);
    }
    return answers;
  }

  private void refuse(HttpServerRequest request, Wire wire) {
    if (wire != Wire.ADYEN) {
      request.response().putHeader("WWW-Authenticate", "Bearer realm=\"Millrace simulator\"");
    }
    answers(wire).unauthorized().sendTo(request.response());
  }

  /** The address the caller knows this provider by, as in {@code http://127.0.0.1:8081}. */
  static String page(HttpServerRequest request) {
    HostAndPort authority = request.authority();
    return authority == null ? "" : "http://" + authority;
  }

  private static boolean shows(@Nullable String header, byte[]... secrets) {
    if (header == null) {
      return false;
    }
    byte[] presented = header.getBytes(StandardCharsets.UTF_8);
    boolean shown = false;
    for (byte[] secret : secrets) {
      shown |= MessageDigest.isEqual(presented, secret);
    }
    return shown;
  }
}
