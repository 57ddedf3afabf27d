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
  private long requests;

  /** To be made on the event loop that will call it. */
  Endpoints(StripeApi stripe, AdyenApi adyen, BankApi bank, Map<Wire, Answers> wires, PayerPages payerPages,
      ControlPages pages, String apiKey) {
    this.stripe = stripe;
    this.adyen = adyen;
    this.bank = bank;
    this.wires = wires;
    this.key = apiKey.getBytes(StandardCharsets.UTF_8);
    this.payerPages = payerPages;
    this.pages = pages;
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
    if (path.startsWith("/v1/")) {
      requests++;
      if (shows(request.getHeader(HttpHeaders.AUTHORIZATION), bearer, basic)) {
        stripe.handle(request, path);
      } else {
        refuse(request, Wire.STRIPE);
      }
    } else if (path.startsWith(AdyenApi.PATH)) {
      requests++;
      if (shows(request.getHeader(API_KEY), key)) {
        adyen.handle(request, path);
      } else {
        refuse(request, Wire.ADYEN);
      }
    } else if (path.startsWith(BankApi.PATH)) {
      requests++;
      if (shows(request.getHeader(HttpHeaders.AUTHORIZATION), bearer)) {
        bank.handle(request, path);
      } else {
        refuse(request, Wire.BANK);
      }
    } else if (path.startsWith(PayerPages.PATH)) {
      payerPages.handle(request, path);
    } else {
      pages.handle(request, path, requests);
    }
  }

  private void refuse(HttpServerRequest request, Wire wire) {
    Answers answers = wires.get(wire);
    if (answers == null) {
      throw new IllegalStateException("no answers of " + wire);
    }
    if (wire != Wire.ADYEN) {
      request.response().putHeader("WWW-Authenticate", "Bearer realm=\"Millrace simulator\"");
    }
    answers.unauthorized().sendTo(request.response());
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
