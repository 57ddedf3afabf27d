package dev.millrace.provider;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.Routing.Subject;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RoutingTest {
  private static final List<String> ACCOUNTS = List.of("stripe", "adyen", "bank");
  private static final String MERCHANT = TypeId.format(TypeId.MERCHANT, new UUID(1, 2));
  private static final String OTHER = TypeId.format(TypeId.MERCHANT, new UUID(3, 4));
  private static final UUID PAYMENT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");

  private static Routing routing(String... rules) { return new Routing(List.of(rules), ACCOUNTS); }

  private static Subject subject(String method, String currency, long amount, String bin, String merchant) {
    return new Subject(PAYMENT, merchant, amount, currency, new Method(method, bin));
  }

  private static Subject card() { return subject("card", "usd", 1_999, "424242", MERCHANT); }

  private static Subject amount(long amount) { return subject("card", "usd", amount, null, MERCHANT); }

  private static Subject bin(String bin) { return subject("card", "usd", 1_999, bin, MERCHANT); }

  private static boolean fits(String conditions, Subject subject) {
    return routing(conditions + " -> stripe").route(subject) != null;
  }

  @Test
  void rule_withoutConditions_fitsAll() {
    assertThat(routing("-> bank stripe").route(card()))
        .isEqualTo(new Routing.Route("-> bank stripe", List.of("bank", "stripe")));
    assertThat(routing().route(card())).isNull();
  }

  @Test
  void rule_firstThatFits_decides() {
    var routing = routing("ach -> bank", "eur -> adyen", "card -> stripe", "card -> adyen");
    assertThat(Objects.requireNonNull(routing.route(card())).rule()).isEqualTo("card -> stripe");
    assertThat(Objects.requireNonNull(routing.route(subject("card", "eur", 1, null, MERCHANT))).rule())
        .isEqualTo("eur -> adyen");
    assertThat(Objects.requireNonNull(routing.route(subject("ach", "eur", 1, null, MERCHANT))).rule())
        .isEqualTo("ach -> bank");
    assertThat(routing("ach -> bank", "eur -> adyen").route(card())).isNull();
  }

  @Test
  void accounts_areInTheOrderOfTheRule() {
    assertThat(Objects.requireNonNull(routing("  card   ->  adyen   bank stripe ").route(card())).accounts())
        .containsExactly("adyen", "bank", "stripe");
  }

  @Test
  void method_andCurrency_anyOfTheirKind() {
    assertThat(fits("card", card())).isTrue();
    assertThat(fits("ach", card())).isFalse();
    assertThat(fits("ach card", card())).isTrue();
    assertThat(fits("eur usd", card())).isTrue();
    assertThat(fits("eur gbp", card())).isFalse();
    assertThat(fits("card eur", card())).isFalse();
    assertThat(fits("ach usd", card())).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"1000..,999,false", "1000..,1000,true", "1000..,99999999999,true", "..999,999,true",
      "..999,1000,false", "100..500,99,false", "100..500,100,true", "100..500,500,true", "100..500,501,false",
      "500..500,500,true", "1..5 10..15,7,false", "1..5 10..15,12,true"})
  void amount_bothEndsIncluded(String conditions, long amount, boolean fits) {
    assertThat(fits(conditions, amount(amount))).isEqualTo(fits);
  }

  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {"bin:424242,424242,true", "bin:424242,424243,false",
      "bin:4242,424242,true",
      "bin:4242,424300,false", "bin:42424200,424242,true", "bin:42424299,42424250,false",
      "bin:400000-499999,424242,true", "bin:400000-499999,500000,false", "bin:400000-499999,40000000,true",
      "bin:400000-499999,4,true", "bin:4000-4099 bin:5100-5599,520082,true", "bin:4000-4099,-,false"})
  void bin_asManyDigitsAsBothHave(String conditions, String bin, boolean fits) {
    assertThat(fits(conditions, bin(bin))).isEqualTo(fits);
  }

  @Test
  void merchant_isOneOfThose() {
    assertThat(fits(MERCHANT, card())).isTrue();
    assertThat(fits(OTHER, card())).isFalse();
    assertThat(fits(OTHER + " " + MERCHANT, card())).isTrue();
  }

  @Test
  void conditions_allKindsMustHold() {
    String all = "card usd 1000..2000 bin:4242 " + MERCHANT;
    assertThat(fits(all, card())).isTrue();
    assertThat(fits(all, subject("ach", "usd", 1_999, "424242", MERCHANT))).isFalse();
    assertThat(fits(all, subject("card", "eur", 1_999, "424242", MERCHANT))).isFalse();
    assertThat(fits(all, subject("card", "usd", 2_001, "424242", MERCHANT))).isFalse();
    assertThat(fits(all, subject("card", "usd", 1_999, "510510", MERCHANT))).isFalse();
    assertThat(fits(all, subject("card", "usd", 1_999, "424242", OTHER))).isFalse();
  }

  /** As TypeId makes them, but from a seed: the time, and 74 random bits. */
  private static List<UUID> payments(int count) {
    var random = new Random(20_261_121);
    return Stream.generate(() -> new UUID(
        System.currentTimeMillis() << 16 | 0x7000L | random.nextInt(0x1000),
        0x8000_0000_0000_0000L | random.nextLong() >>> 2)).limit(count).toList();
  }

  private static Map<String, Integer> shares(Routing routing, List<UUID> payments) {
    var shares = new HashMap<String, Integer>();
    for (UUID payment : payments) {
      var route = routing.route(new Subject(payment, MERCHANT, 1, "usd", new Method("card", null)));
      shares.merge(route == null ? "none" : route.accounts().getFirst(), 1, Integer::sum);
    }
    return shares;
  }

  @ParameterizedTest
  @CsvSource({"1", "10", "30", "50", "90", "99"})
  void percentage_isThatPart_ofRandomPayments(int percent) {
    var shares = shares(routing(percent + "% -> stripe", "-> adyen"), payments(10_000));
    double tolerance = percent == 1 ? 40 : 15;
    assertThat(shares.get("stripe")).isCloseTo(percent * 100, Percentage.withPercentage(tolerance));
    assertThat(shares.get("stripe") + shares.get("adyen")).isEqualTo(10_000);
  }

  /** Of what the first rule leaves, the second takes its part: 30, half of the other 70, the rest. */
  @Test
  void percentages_ofSeveralRules_drawEachForThemselves() {
    var shares = shares(routing("30% -> stripe", "50% -> adyen", "-> bank"), payments(10_000));
    assertThat(shares.get("stripe")).isCloseTo(3_000, Percentage.withPercentage(5));
    assertThat(shares.get("adyen")).isCloseTo(3_500, Percentage.withPercentage(5));
    assertThat(shares.get("bank")).isCloseTo(3_500, Percentage.withPercentage(5));
  }

  @Test
  void payment_alwaysGetsTheSameAnswer() {
    var payments = payments(10_000);
    Set<UUID> first = drawn(payments);
    assertThat(drawn(payments)).isEqualTo(first);
    assertThat(first).hasSizeBetween(2_800, 3_200);
  }

  private static Set<UUID> drawn(List<UUID> payments) {
    var routing = routing("30% -> stripe");
    var drawn = new HashSet<UUID>();
    for (UUID payment : payments)
      if (routing.route(new Subject(payment, MERCHANT, 1, "usd", new Method("card", null))) != null)
        drawn.add(payment);
    return drawn;
  }

  /** A larger part contains the smaller one: raising it moves nobody back. */
  @Test
  void percentage_raised_keepsThoseItHad() {
    for (UUID payment : payments(2_000)) {
      var subject = new Subject(payment, MERCHANT, 1, "usd", new Method("card", null));
      if (routing("10% -> stripe").route(subject) != null)
        assertThat(routing("20% -> stripe").route(subject)).isNotNull();
    }
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '"', textBlock = """
    card stripe                | it has no `->` before its accounts
    card ->                    | it names no account
    card -> paypal             | `paypal` is none of the accounts [stripe, adyen, bank]
    card -> stripe, adyen      | `stripe,` is none of the accounts [stripe, adyen, bank]
    card -> stripe stripe      | it names an account twice
    2000..1000 -> stripe       | `2000..1000` ends before it begins
    bin:4242-42424 -> stripe   | `bin:4242-42424` has ends of different length
    bin:5000-4000 -> stripe    | `bin:5000-4000` ends before it begins
    10% 20% -> stripe          | it has two percentages
    mer_1 -> stripe            | `mer_1` is no merchant's id
    """)
  void rule_thatCannotBeRead_isRefused(String rule, String why) {
    assertThatThrownBy(() -> routing("-> bank", rule)).isInstanceOf(IllegalArgumentException.class)
        .hasMessage("the rule `" + rule + "`: " + why);
  }

  @ParameterizedTest
  @CsvSource({"visa", "USD", "xyz", "1000", "..", "1000-2000", "bin:424", "bin:424242424", "bin:4242x", "0%",
      "100%",
      "%", "3.5%", "-5%", "merchant", "1000...2000", "1234567890123.."})
  void word_ofNoKind_isRefused(String word) {
    String rule = word + " -> stripe";
    assertThatThrownBy(() -> routing(rule)).isInstanceOf(IllegalArgumentException.class).hasMessage(
        "the rule `" + rule + "`: `" + word
            + "` is no method (card, ach), currency, amount (1000..2000), bin:…, mer_… or percentage (1% to 99%)");
  }
}
