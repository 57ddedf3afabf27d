package dev.millrace.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.payment.PaymentEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
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

  static Stream<Arguments> rules() {
    return Stream.of(
        Arguments.of("initiated",
            new PaymentEvent.Initiated(1999, "usd", "pm_1", "automatic", null, null, Map.of(), null),
            List.of()),
        Arguments.of("screened", new PaymentEvent.Screened("clear", null, 0, true, null), List.of()),
        Arguments.of("screened, review", new PaymentEvent.Screened("review", "r", 70, true, null), List.of()),
        Arguments.of("blocked", new PaymentEvent.Blocked("r", 100, null), List.of()),
        Arguments.of("provider_submitted", new PaymentEvent.ProviderSubmitted("stripe", "att_1"), List.of()),
        Arguments.of("unknown", new PaymentEvent.Unknown("stripe", "att_1", "timeout"), List.of()),
        Arguments.of("declined",
            new PaymentEvent.Declined("stripe", "att_1", "pi_1", "card_declined", null, "Declined."),
            List.of()),
        Arguments.of("settled", new PaymentEvent.Settled("stl_1"), List.of()),
        Arguments.of("confirmed", confirmed(1999, 1999, "usd"), List.of(
            new Posting("provider_receivable:stripe", "usd", 1999),
            new Posting("merchant_pending:mer_1", "usd", -1999))),
        Arguments.of("confirmed, charged more", confirmed(1999, 2500, "usd"), List.of(
            new Posting("provider_receivable:stripe", "usd", 2500),
            new Posting("merchant_pending:mer_1", "usd", -1999),
            new Posting("suspense", "usd", -501))),
        Arguments.of("confirmed, charged less", confirmed(1999, 1000, "jpy"), List.of(
            new Posting("provider_receivable:stripe", "jpy", 1000),
            new Posting("merchant_pending:mer_1", "jpy", -1000))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("rules")
  void event_postsExactlyThis(String name, PaymentEvent event, List<Posting> postings) {
    assertThat(PostingRules.postings(event, MERCHANT)).isEqualTo(postings);
  }

  @Test
  void rules_coverEveryEvent() {
    assertThat(rules().map(r -> (Object) r.get()[1].getClass()).distinct())
        .containsExactlyInAnyOrder((Object[]) PaymentEvent.class.getPermittedSubclasses());
  }

  @Test
  void settlement_movesTheShareToTheMerchantAndTheChargeToTheBank() {
    assertThat(PostingRules.settlement(MERCHANT, "stripe", "card", "usd", 5000, 5501)).containsExactly(
        new Posting("merchant_pending:mer_1", "usd", 5000),
        new Posting("merchant_available:mer_1", "usd", -5000),
        new Posting("bank_in_transit:card", "usd", 5501),
        new Posting("provider_receivable:stripe", "usd", -5501));
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
