package dev.millrace.simulator;

import dev.millrace.simulator.adyen.AdyenApi;
import dev.millrace.simulator.bank.BankApi;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.control.Arrivals;
import dev.millrace.simulator.control.ControlPages;
import dev.millrace.simulator.settings.CurrentSettings;
import dev.millrace.simulator.stripe.StripeApi;
import dev.millrace.simulator.wire.PayerPages;
import dev.millrace.simulator.wire.UnansweredRequests;
import dev.millrace.simulator.wire.WireAnswers;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerRequest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The provider's HTTP face: each wire under a path of its own, with the key; the payer's pages and the pages
 * of whoever runs the test want none.
 */
final class SimulatorEndpoints implements Handler<HttpServerRequest> {
  private final Thread owner = Thread.currentThread();
  private static final CharSequence API_KEY = HttpHeaders.createOptimized("x-api-key");

  private final StripeApi stripe;
  private final AdyenApi adyen;
  private final BankApi bank;
  private final Map<Wire, WireAnswers> wires;
  private final PayerPages payerPages;
  private final ControlPages pages;
  private final byte[] key;
  private final byte[] bearer;
  private final byte[] basic;
  private final CurrentSettings settings;
  private final Arrivals arrivals;
  private final UnansweredRequests unanswered = new UnansweredRequests();

  /** To be made on the event loop that will call it. */
  SimulatorEndpoints(StripeApi stripe, AdyenApi adyen, BankApi bank, Map<Wire, WireAnswers> wires,
      PayerPages payerPages,
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
    String parameters = request.path();
    String path = parameters == null ? "" : parameters;
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
    if (unanswered.full()) {
      answers(wire)
          .overloaded("More than " + UnansweredRequests.REQUESTS_MAX + " requests are waiting for no answer.")
          .sendTo(request.response());
    } else {
      unanswered.park(request, () -> {});
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

  private WireAnswers answers(Wire wire) {
    WireAnswers answers = wires.get(wire);
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
