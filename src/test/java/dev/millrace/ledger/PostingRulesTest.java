package dev.millrace.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class PostingRulesTest {
  private static final String MERCHANT = "mer_1";

  private static PaymentEvent.Confirmed confirmed(long amount, long charged, String currency) {
    return new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", amount, charged, currency);
  }

  private static PaymentEvent.Confirmed withFees(long amount, long charged, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", amount, charged, "usd", "cap_1", null,
        ofProvider, ofProvider == null ? null : "p", ofGateway, ofGateway == null ? null : "g");
  }

  private static PaymentEvent.Refunded refunded(long amount, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.Refunded("re_1", "stripe", "att_2", "re_x", amount, amount, "usd", ofProvider,
        ofProvider == null ? null : "p", ofGateway, ofGateway == null ? null : "g",
        Status.PARTIALLY_REFUNDED);
  }

  private static PaymentEvent.Returned returned(long amount, Long ofProvider, Long ofGateway) {
    return new PaymentEvent.Returned("bank", "db_1", amount, "usd", "R01", "No funds.", ofProvider,
        ofProvider == null ? null : "p", ofGateway, ofGateway == null ? null : "g");
  }

  /**
   * The specification, as a second hand would write it: what happened, and what that posts, debits positive.
   * {@code pr} stands for provider_receivable, {@code mp} for the merchant's pending and {@code d} for its
   * disputes account; a letter behind an amount is the memo.
   */
  private static final String TABLE = """
    initiated                      |
    screened                       |
    screened, review               |
    blocked                        |
    provider_submitted             |
    requires_action                |
    action_returned                |
    try_refused                    |
    processing                     |
    unknown                        |
    authorized                     |
    declined                       |
    capture_requested              |
    capture_failed                 |
    cancel_requested               |
    cancel_failed                  |
    voided                         |
    expired                        |
    refund_requested               |
    refund_failed                  |
    operation_submitted            |
    operation_unknown              |
    settled                        |
    late_charge, held              |
    late_charge_returned, held     |
    late_charge_kept               |
    late_charge_retried            |
    provider_notice                |
    confirmed                      | pr +1999, mp -1999
    confirmed, charged more        | pr +2500, mp -1999, suspense -501 charged beyond what was asked for
    confirmed, charged less        | pr +1000, mp -1000
    confirmed, both fees           | pr +1999, mp -1999, mp +88 p, pr -88 p, mp +10 g, fees -10 g
    confirmed, provider's fee      | pr +1999, mp -1999, mp +88 p, pr -88 p
    confirmed, gateway's fee       | pr +1999, mp -1999, mp +10 g, fees -10 g
    confirmed, more, with fees     | pr +20, mp -10, suspense -10 charged beyond what was asked for, mp +1 p, pr -1 p, mp +2 g, fees -2 g
    refunded                       | mp +500, pr -500
    refunded, both fees back       | mp +500, pr -500, pr +22 p, mp -22 p, fees +3 g, mp -3 g
    refunded, gateway's fee back   | mp +500, pr -500, fees +3 g, mp -3 g
    returned                       | mp +1999, pr -1999
    returned, both fees back       | mp +1999, pr -1999, pr +88 p, mp -88 p, fees +10 g, mp -10 g
    disputed                       | mp +1999, d -1999
    dispute_won                    | mp -1999, d +1999
    charged_back                   | d +1999, pr -1999
    captured                       | pr +700, mp -700
    captured, with excess and fees | pr +700, mp -649, suspense -51 charged beyond what was asked for, mp +20 p, pr -20 p, mp +3 g, fees -3 g
    capture_reversed               | mp +1999, pr -1999
    capture_reversed, all of it    | mp +10, suspense +10 BEYOND, pr -20, pr +1, mp -1, fees +2, mp -2
    refunded, beyond               | mp +400, suspense +100 BEYOND, pr -500
    refund_reversed                | mp -500, pr +500
    refunded, all of it            | mp +400, suspense +100 BEYOND, pr -500, pr +22 p, mp -22 p, fees +3 g, mp -3 g
    refund_reversed, beyond        | mp -400, suspense -100 BEYOND, pr +500
    refund_reversed, all of it     | mp -400, suspense -100 BEYOND, pr +500, pr -22, mp +22, fees -3, mp +3
    returned, beyond               | mp +1999, suspense +501 BEYOND, pr -2500
    returned, all of it            | mp +1999, suspense +501 BEYOND, pr -2500, pr +88 p, mp -88 p, fees +10 g, mp -10 g
    return_reversed                | mp -1999, pr +1999
    return_reversed, all of it     | mp -1999, suspense -501 BEYOND, pr +2500, pr -88, mp +88, fees -10, mp +10
    disputed, beyond               | mp +499, suspense +201 BEYOND, d -700
    disputed, all beyond           | suspense +700 BEYOND, d -700
    dispute_won, beyond            | mp -499, suspense -201 BEYOND, d +700
    charged_back, beyond           | d +700, pr -700
    dispute_reopened               | mp +1999, d -1999
    dispute_reopened, beyond       | mp +499, suspense +201 BEYOND, d -700
    dispute_changed, more          | mp +200, d -200
    dispute_changed, less          | mp -200, d +200
    dispute_changed, beyond        | mp +100, suspense +201 BEYOND, d -301
    dispute_changed, less beyond   | mp -100, suspense -201 BEYOND, d +301
    dispute_changed, lost          | mp +100, suspense +201 BEYOND, pr -301
    dispute_changed, lost less     | mp -200, pr +200
    chargeback_reversed            | mp -1999, pr +1999
    chargeback_reversed, beyond    | mp -499, suspense -201 BEYOND, pr +700
    late_charge                    | pr +1999, suspense -1999
    late_charge_returned           | suspense +1999, pr -1999
    corrected                      | suspense +501, pr -501
    """
      .replace("BEYOND", "beyond what the payment had");

  private static Map<String, PaymentEvent> events() {
    var all = new TreeMap<>(ReversalEvents.byName());
    all.putAll(plain());
    return all;
  }

  private static Map<String, PaymentEvent> plain() {
    return Map.ofEntries(
        Map.entry("initiated",
            new PaymentEvent.Initiated(1999, "usd", "pm_1", "automatic", null, null, Map.of(), null)),
        Map.entry("screened", new PaymentEvent.Screened("clear", null, 0, true, null)),
        Map.entry("screened, review", new PaymentEvent.Screened("review", "r", 70, true, null)),
        Map.entry("blocked", new PaymentEvent.Blocked("r", 100, null)),
        Map.entry("provider_submitted", new PaymentEvent.ProviderSubmitted("stripe", "att_1")),
        Map.entry("requires_action",
            new PaymentEvent.RequiresAction("stripe", "att_1", "pi_1", "https://bank.example", 1)),
        Map.entry("action_returned", new PaymentEvent.ActionReturned("att_1")),
        Map.entry("unknown", new PaymentEvent.Unknown("stripe", "att_1", "timeout")),
        Map.entry("authorized", new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 1999, "usd", 1)),
        Map.entry("declined",
            new PaymentEvent.Declined("stripe", "att_1", "pi_1", "card_declined", null, "Declined.")),
        Map.entry("capture_requested", new PaymentEvent.CaptureRequested("cap_1", 1999)),
        Map.entry("capture_failed", new PaymentEvent.CaptureFailed("cap_1", "c", "m", Status.AUTHORIZED)),
        Map.entry("cancel_requested", new PaymentEvent.CancelRequested("can_1", "x", Status.AUTHORIZED)),
        Map.entry("cancel_failed", new PaymentEvent.CancelFailed("can_1", "c", "m", Status.AUTHORIZED)),
        Map.entry("voided", new PaymentEvent.Voided("can_1", "stripe", "att_2", "x")),
        Map.entry("expired", new PaymentEvent.Expired(null, "stripe", "att_2", "x")),
        Map.entry("refund_requested", new PaymentEvent.RefundRequested("re_1", 500, null, Status.SETTLED)),
        Map.entry("refund_failed", new PaymentEvent.RefundFailed("re_1", "c", "m", Status.SETTLED)),
        Map.entry("operation_submitted",
            new PaymentEvent.OperationSubmitted("re_1", "stripe", "att_2", Status.SETTLED)),
        Map.entry("operation_unknown",
            new PaymentEvent.OperationUnknown("re_1", "stripe", "att_2", "timeout", Status.SETTLED)),
        Map.entry("settled", new PaymentEvent.Settled("stl_1")),
        Map.entry("confirmed", confirmed(1999, 1999, "usd")),
        Map.entry("confirmed, charged more", confirmed(1999, 2500, "usd")),
        Map.entry("confirmed, charged less", confirmed(1999, 1000, "usd")),
        Map.entry("confirmed, both fees", withFees(1999, 1999, 88L, 10L)),
        Map.entry("confirmed, provider's fee", withFees(1999, 1999, 88L, null)),
        Map.entry("confirmed, gateway's fee", withFees(1999, 1999, null, 10L)),
        Map.entry("confirmed, more, with fees", withFees(10, 20, 1L, 2L)),
        Map.entry("refunded", refunded(500, null, null)),
        Map.entry("refunded, both fees back", refunded(500, 22L, 3L)),
        Map.entry("refunded, gateway's fee back", refunded(500, null, 3L)),
        Map.entry("returned", returned(1999, null, null)),
        Map.entry("returned, both fees back", returned(1999, 88L, 10L)),
        Map.entry("disputed", new PaymentEvent.Disputed("du_1", "stripe", 1999, "usd", "fraudulent", null)),
        Map.entry("dispute_won", new PaymentEvent.DisputeWon("du_1", "stripe", 1999, "usd", Status.SETTLED)),
        Map.entry("charged_back", new PaymentEvent.ChargedBack("du_1", "stripe", 1999, "usd")));
  }

  static Stream<Arguments> rules() {
    var events = events();
    return TABLE.lines().map(line -> {
      String[] cells = line.split("\\|", -1);
      String name = cells[0].trim();
      return Arguments.of(name, events.get(name), postings(cells[1].trim(), events.get(name)));
    });
  }

  private static List<Posting> postings(String cell, PaymentEvent event) {
    String provider = event instanceof PaymentEvent.Returned || event instanceof PaymentEvent.ReturnReversed
        ? "bank"
        : "stripe";
    return cell.isEmpty() ? List.of() : Stream.of(cell.split(", ")).map(line -> {
      String[] words = line.split(" ", 3);
      String account = switch (words[0]) {
        case "pr" -> "provider_receivable:" + provider;
        case "mp" -> "merchant_pending:mer_1";
        case "d" -> "disputes:mer_1";
        default -> words[0];
      };
      return new Posting(account, "usd", Long.parseLong(words[1]), words.length == 3 ? words[2] : null);
    }).toList();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void event_postsExactlyThis(String name, PaymentEvent event, List<Posting> postings) {
    assertThat(PostingRules.postings(event, MERCHANT)).isEqualTo(postings);
  }

  /** Settlement nets the events of this group, whatever they are. */
  @Test
  void events_thatPost_areThoseThatMoveMoney() {
    assertThat(
        rules().map(r -> (PaymentEvent) r.get()[1]).filter(e -> !PostingRules.postings(e, MERCHANT).isEmpty())
            .<Class<?>>map(Object::getClass).collect(Collectors.toSet()))
        .containsExactlyInAnyOrderElementsOf(PaymentEvent.records(PaymentEvent.MovesMoney.class).values());
  }

  @Test
  void rules_coverEveryEvent() {
    assertThat(rules().<Class<?>>map(r -> r.get()[1].getClass()).distinct())
        .containsExactlyInAnyOrderElementsOf(PaymentEvent.records(PaymentEvent.class).values());
    assertThat(rules().map(r -> r.get()[0])).containsExactlyInAnyOrderElementsOf(events().keySet());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void event_postsNothingUnbalanced(String name, PaymentEvent event) {
    assertThat(PostingRules.postings(event, MERCHANT).stream().mapToLong(Posting::amount).sum()).isZero();
  }

  /** What an event and its reversal leave, by account: nothing where everything is given back. */
  @ParameterizedTest(name = "{0} / {1}")
  @MethodSource("mirrors")
  void reversal_isTheMirrorOfWhatItReverses(String of, String by, Map<String, Long> left) {
    var balances = new TreeMap<String, Long>();
    for (String name : (of + " / " + by).split(" / "))
      book(balances, PostingRules.postings(events().get(name), MERCHANT));
    balances.values().removeIf(balance -> balance == 0);
    assertThat(balances).isEqualTo(left);
  }

  static Stream<Arguments> mirrors() {
    return Stream.of(Arguments.of("confirmed", "capture_reversed", Map.of()),
        Arguments.of("confirmed, more, with fees", "capture_reversed, all of it", Map.of()),
        // A fee that no rule returns is kept: that alone stays.
        Arguments.of("confirmed, both fees", "capture_reversed",
            Map.of("merchant_pending:mer_1 usd", 98L, "provider_receivable:stripe usd", -88L, "fees usd",
                -10L)),
        Arguments.of("refunded", "refund_reversed", Map.of()),
        Arguments.of("refunded, beyond", "refund_reversed, beyond", Map.of()),
        Arguments.of("refunded, all of it", "refund_reversed, all of it", Map.of()),
        Arguments.of("returned", "return_reversed", Map.of()),
        Arguments.of("returned, all of it", "return_reversed, all of it", Map.of()),
        Arguments.of("disputed", "dispute_won", Map.of()),
        Arguments.of("disputed, beyond", "dispute_won, beyond", Map.of()),
        Arguments.of("dispute_won", "dispute_reopened", Map.of()),
        Arguments.of("dispute_won, beyond", "dispute_reopened, beyond", Map.of()),
        Arguments.of("disputed / charged_back", "chargeback_reversed", Map.of()),
        Arguments.of("disputed, beyond / charged_back, beyond", "chargeback_reversed, beyond", Map.of()),
        Arguments.of("dispute_changed, more", "dispute_changed, less", Map.of()),
        Arguments.of("dispute_changed, beyond", "dispute_changed, less beyond", Map.of()),
        Arguments.of("late_charge", "late_charge_returned", Map.of()));
  }

  @Test
  void settlement_movesTheShareToTheMerchantAndTheChargeToTheBank() {
    assertThat(PostingRules.settlement(MERCHANT, "stripe", "card", "usd", 5000, 5501)).containsExactly(
        new Posting("merchant_pending:mer_1", "usd", 5000),
        new Posting("merchant_available:mer_1", "usd", -5000),
        new Posting("bank_in_transit:card", "usd", 5501),
        new Posting("provider_receivable:stripe", "usd", -5501));
  }

  /** More was refunded than captured, or nothing is left of either. */
  @Test
  void settlement_ofNegativeAndEmptyShares() {
    assertThat(PostingRules.settlement(MERCHANT, "bank", "ach", "usd", -300, -305)).containsExactly(
        new Posting("merchant_pending:mer_1", "usd", -300),
        new Posting("merchant_available:mer_1", "usd", 300),
        new Posting("bank_in_transit:ach", "usd", -305), new Posting("provider_receivable:bank", "usd", 305));
    assertThat(PostingRules.settlement(MERCHANT, "bank", "ach", "usd", 0, -5)).containsExactly(
        new Posting("bank_in_transit:ach", "usd", -5), new Posting("provider_receivable:bank", "usd", 5));
    assertThat(PostingRules.settlement(MERCHANT, "bank", "ach", "usd", 0, 0)).isEmpty();
  }

  @Test
  void posting_ofZero_refused() {
    assertThatThrownBy(() -> new Posting("suspense", "usd", 0)).isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a posting of zero on suspense");
  }

  /** Account and currency to balance. */
  private static void book(Map<String, Long> balances, List<Posting> postings) {
    for (Posting p : postings) balances.merge(p.account() + " " + p.currency(), p.amount(), Math::addExact);
  }

  private static Map<String, Long> perCurrency(List<Posting> postings) {
    var sums = new TreeMap<String, Long>();
    for (Posting p : postings) sums.merge(p.currency(), p.amount(), Math::addExact);
    return sums;
  }

  private static long charged(Random random, long asked) {
    return switch (random.nextInt(4)) {
      case 0 -> asked + 1 + random.nextLong(1_000_000);
      case 1 -> 1 + random.nextLong(asked);
      default -> asked;
    };
  }

  @Test
  void entries_ofRandomCharges_balanceAndClear() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int round = 0; round < 500; round++) {
      String where = "seed " + seed + " round " + round;
      String currency = List.of("usd", "jpy", "kwd").get(random.nextInt(3));
      var balances = new TreeMap<String, Long>();
      long share = 0;
      long charged = 0;
      long beyond = 0;
      int payments = 1 + random.nextInt(20);
      for (int i = 0; i < payments; i++) {
        var event = confirmed(1 + random.nextLong(99_999_999_999L), 0, currency);
        event = confirmed(event.amount(), charged(random, event.amount()), currency);
        List<Posting> postings = PostingRules.postings(event, MERCHANT);
        assertThat(perCurrency(postings)).as(where).containsExactly(Map.entry(currency, 0L));
        book(balances, postings);
        share += event.captured();
        charged += event.amountCharged();
        beyond += Math.max(0, event.amountCharged() - event.amount());
      }
      var batch = PostingRules.settlement(MERCHANT, "stripe", "card", currency, share, charged);
      assertThat(perCurrency(batch)).as(where).containsExactly(Map.entry(currency, 0L));
      book(balances, batch);
      var expected = new TreeMap<String, Long>();
      expected.put("bank_in_transit:card " + currency, charged);
      expected.put("merchant_available:mer_1 " + currency, -share);
      expected.put("merchant_pending:mer_1 " + currency, 0L);
      expected.put("provider_receivable:stripe " + currency, 0L);
      if (beyond > 0) expected.put("suspense " + currency, -beyond);
      assertThat(balances).as(where).isEqualTo(expected);
    }
  }

  @Test
  void entries_ofTwoCurrencies_balanceEach() {
    var postings = new ArrayList<Posting>();
    postings.addAll(PostingRules.postings(confirmed(100, 150, "usd"), MERCHANT));
    postings.addAll(PostingRules.postings(confirmed(70, 60, "eur"), "mer_2"));
    postings.addAll(PostingRules.settlement(MERCHANT, "stripe", "card", "usd", 100, 150));
    assertThat(perCurrency(postings)).containsExactly(Map.entry("eur", 0L), Map.entry("usd", 0L));
  }
}
