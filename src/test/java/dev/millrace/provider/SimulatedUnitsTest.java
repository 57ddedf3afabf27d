package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.testing.CurrencyList;
import dev.millrace.testing.Http;
import io.vertx.core.json.JsonObject;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * In every currency, what the connectors order is what a provider books that has tables of its own, and what
 * the provider says is what it has booked; or the connector sends nothing.
 */
final class SimulatedUnitsTest {
  private static final UUID PAYMENT = TypeId.next();
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  @TempDir
  private static Path directory;
  private static SimulatedProviders simulated;

  @BeforeAll
  static void start() {
    simulated = new SimulatedProviders(directory);
    assertThat(Http.send("PUT", simulated.url() + "/settings", Map.of(),
        "{\"webhook_delay_ms_min\":0,\"webhook_delay_ms_max\":0,\"latency_ms_min\":0,\"latency_ms_max\":0}")
        .status()).isEqualTo(200);
  }

  @AfterAll
  static void stop() {
    for (String wire : new String[]{"stripe", "adyen"})
      assertThat(simulated.events(wire)).noneMatch(ProviderEvent.Unreadable.class::isInstance);
    simulated.close();
  }

  private static String reference() { return TypeId.format(TypeId.ATTEMPT, TypeId.next()); }

  private static Order.Charge charge(String currency, long amount, boolean manual) {
    return new Order.Charge(PAYMENT, false, reference(), amount, currency, "pm_card_visa", "card", manual,
        null, "https://pay.example.com/return/pay_1", TRACE);
  }

  private static Order.Refund refund(String charge, String currency, long amount) {
    return new Order.Refund(PAYMENT, false, reference(), charge, amount, currency, null, TRACE);
  }

  private static boolean notRepresentable(Outcome outcome) {
    return outcome instanceof Outcome.Declined d && d.code().equals("amount_not_representable")
        && d.elsewhere();
  }

  private static void awaitTold(String wire, Order order, Outcome outcome) {
    simulated.awaitEvent(wire, outcome + " of " + order.reference(),
        event -> event instanceof ProviderEvent.AttemptOutcome t && t.reference().equals(order.reference())
            && sameMoney(t.outcome(), outcome));
  }

  /** The name at the provider apart, which for a refund only the answer has. */
  private static boolean sameMoney(Outcome told, Outcome expected) {
    if (told instanceof Outcome.Approved a)
      return new Outcome.Charged(a.providerReference(), a.amount(), a.currency()).equals(expected)
          || new Outcome.Authorized(a.providerReference(), a.amount(), a.currency(), null).equals(expected);
    return told instanceof Outcome.Refunded a && expected instanceof Outcome.Refunded b
        ? a.amount() == b.amount() && a.currency().equals(b.currency())
        : told.equals(expected);
  }

  private static Map<String, JsonObject> book() {
    return Http.get(simulated.url() + "/book").body().lines().map(JsonObject::new)
        .collect(Collectors.toMap(e -> e.getString("reference"), e -> e));
  }

  private record Moved(Order.Charge charge, long refunded, Runnable told) {}

  /** Charges and gives a part back; {@code told} hears of both in the same numbers. */
  private static Moved chargeAndRefund(String wire, String currency, long amount, long part) {
    Order.Charge order = charge(currency, amount, false);
    Outcome answer = simulated.execute(wire, order);
    assertThat(answer).as(currency).isInstanceOfSatisfying(Outcome.Charged.class, c -> assertThat(
        c.amount() + c.currency()).isEqualTo(amount + currency));
    assertThat(simulated.inquire(wire, order)).isEqualTo(answer);
    Order.Refund back = refund(((Outcome.Charged) answer).providerReference(), currency, part);
    Outcome refunded = simulated.execute(wire, back);
    if (wire.equals("stripe")) {
      assertThat(sameMoney(refunded, new Outcome.Refunded("", part, currency))).as("%s", refunded).isTrue();
      assertThat(simulated.inquire(wire, back)).isEqualTo(refunded);
    }
    return new Moved(order, part, () -> {
      awaitTold(wire, order, answer);
      awaitTold(wire, back, new Outcome.Refunded("", part, currency));
    });
  }

  @ParameterizedTest
  @CsvSource({"stripe,iqd lyd uyi", "adyen,bif uyi"})
  void everyCurrency_isBookedAsOrdered_orNotSent(String wire, String refusedCodes) {
    var moved = new ArrayList<Moved>();
    var refused = new ArrayList<Order.Charge>();
    List<String> never = List.of(refusedCodes.split(" "));
    for (String currency : CurrencyList.all()) {
      // 1 000 is a multiple of every unit that there is.
      if (!never.contains(currency)) moved.add(chargeAndRefund(wire, currency, 123_000, 4_000));
      for (long amount : never.contains(currency) ? new long[]{1, 123_000} : new long[]{1, 10, 1_005}) {
        Order.Charge order = charge(currency, amount, false);
        Outcome outcome = simulated.execute(wire, order);
        if (notRepresentable(outcome)) refused.add(order);
        else
          assertThat(outcome).as(amount + currency).isInstanceOfSatisfying(Outcome.Charged.class,
              c -> moved.add(new Moved(order, 0, () -> awaitTold(wire, order, c))));
      }
    }
    var book = book();
    for (Moved m : moved) {
      JsonObject line = book.get(m.charge.reference());
      assertThat(line.getString("wire")).isEqualTo(wire);
      assertThat(List.of(line.getLong("amount_captured"), line.getLong("amount_refunded"),
          line.getString("currency"))).as(line.encode())
          .isEqualTo(List.of(m.charge.amount(), m.refunded, m.charge.currency()));
      m.told.run();
    }
    assertThat(refused).as("not sent, so not in the book")
        .allSatisfy(order -> assertThat(book).doesNotContainKey(order.reference()))
        .extracting(Order.Charge::currency).containsAll(never);
  }

  /** The amounts of the wire as they are, not as one of the two sides understands them. */
  @ParameterizedTest
  @CsvSource({"isk,5000,500000", "ugx,5000,500000", "ugx,5050,505000", "mga,100000,1000", "kwd,5050,5050"})
  void stripe_reads(String currency, long ours, long wire) {
    var charged = (Outcome.Charged) simulated.execute("stripe", charge(currency, ours, false));
    var intent = Http.send("GET", simulated.url() + "/v1/payment_intents/" + charged.providerReference(),
        Map.of("Authorization", "Bearer " + simulated.key()), "").json();
    assertThat(intent.getLong("amount_received")).isEqualTo(wire);
  }

  @ParameterizedTest
  @ValueSource(strings = {"stripe", "adyen"})
  void hold_isCapturedInPart_andDisputed(String wire) {
    for (String currency : List.of("isk", "ugx", "mga", "clp", "idr", "cve", "jpy", "usd")) {
      var order = charge(currency, 500_000, true);
      var held = (Outcome.Authorized) simulated.execute(wire, order);
      assertThat(held.amount()).as(currency).isEqualTo(500_000);
      var capture = new Order.Capture(PAYMENT, false, reference(), held.providerReference(), 200_000,
          currency, TRACE);
      simulated.execute(wire, capture);
      simulated.awaitEvent(wire, "the charge", event -> event instanceof ProviderEvent.AttemptOutcome t
          && t.outcome() instanceof Outcome.Charged c
          && c.equals(new Outcome.Charged(held.providerReference(), 200_000, currency, c.capture())));
      var disputed = Http.send("POST", simulated.url() + "/disputes", Map.of(),
          "{\"reference\":\"" + order.reference() + "\",\"amount\":50000}");
      assertThat(disputed.status()).as(disputed.body()).isEqualTo(200);
      Http.send("POST", simulated.url() + "/disputes/close", Map.of(),
          "{\"reference\":\"" + order.reference() + "\",\"outcome\":\"lost\"}");
      simulated.awaitEvent(wire, "the dispute in " + currency, event -> disputedBy(event, held, currency));
      simulated.awaitEvent(wire, "its end in " + currency, event -> lostBy(event, held, currency));
      assertThat(book().get(order.reference()).getLong("amount_disputed")).isEqualTo(50_000);
    }
  }

  private static boolean disputedBy(ProviderEvent event, Outcome.Authorized held, String currency) {
    return event instanceof ProviderEvent.Unsolicited u
        && u.providerReference().equals(held.providerReference())
        && u.fact() instanceof UnsolicitedChange.DisputeOpened d && d.amount() == 50_000
        && d.currency().equals(currency);
  }

  private static boolean lostBy(ProviderEvent event, Outcome.Authorized held, String currency) {
    return event instanceof ProviderEvent.Unsolicited u
        && u.providerReference().equals(held.providerReference())
        && u.fact() instanceof UnsolicitedChange.DisputeClosed d && !d.won() && d.amount() == 50_000
        && d.currency().equals(currency);
  }
}
