package dev.millrace.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.ledger.FeeSchedule.Party;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class FeeScheduleTest {
  private static final FeeSchedule SCHEDULE = new FeeSchedule(List.of(
      "provider stripe usd card 290bp+30 keep", "provider stripe * card 325bp+25 return",
      "provider stripe-eu * * 140bp+25 keep", "gateway * jpy * 60bp+0 return",
      "  gateway\t* *  ach   0bp+20   keep ", "provider * * * 1bp+0 keep"));

  private static FeeRule rule(Party party, String provider, String currency, String method) {
    return SCHEDULE.rule(party, provider, currency, method);
  }

  @Test
  void rule_isTheFirstThatFits() {
    assertThat(rule(Party.PROVIDER, "stripe", "usd", "card")).isEqualTo(new FeeRule(290, 30, false));
    assertThat(rule(Party.PROVIDER, "stripe", "eur", "card")).isEqualTo(new FeeRule(325, 25, true));
    assertThat(rule(Party.PROVIDER, "stripe", "usd", "ach")).isEqualTo(new FeeRule(1, 0, false));
    assertThat(rule(Party.PROVIDER, "stripe-eu", "usd", "card")).isEqualTo(new FeeRule(140, 25, false));
    assertThat(rule(Party.GATEWAY, "stripe", "jpy", "ach")).isEqualTo(new FeeRule(60, 0, true));
    assertThat(rule(Party.GATEWAY, "bank", "usd", "ach")).isEqualTo(new FeeRule(0, 20, false));
  }

  @Test
  void party_withoutARuleThatFits_takesNothing() {
    assertThat(rule(Party.GATEWAY, "stripe", "usd", "card")).isNull();
    assertThat(new FeeSchedule(List.of()).rule(Party.PROVIDER, "stripe", "usd", "card")).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "provider", "provider stripe usd card 290bp+30",
      "provider stripe usd 290bp+30 keep",
      "payer stripe usd card 290bp+30 keep", "provider Stripe usd card 290bp+30 keep",
      "provider stripe USD card 290bp+30 keep", "provider stripe us card 290bp+30 keep",
      "provider stripe usd card 2.9% keep", "provider stripe usd card 290bp keep",
      "provider stripe usd card 290bp+-5 keep", "provider stripe usd card -290bp+5 keep",
      "provider stripe usd card 10001bp+0 keep", "provider stripe usd card 99999bp+0 keep",
      "provider stripe usd card 290bp+30 refund", "provider stripe usd card 290bp+30 keep keep",
      "provider stripe usd card 290bp+9999999999 keep"})
  void rule_thatCannotBeRead_isNamed(String rule) {
    assertThatThrownBy(() -> new FeeSchedule(List.of("gateway * * * 1bp+0 keep", rule)))
        .isInstanceOf(IllegalArgumentException.class).hasMessage("`" + rule
            + "` must read `<provider|gateway> <provider> <currency> <method> <basis points>bp+<fixed>"
            + " <return|keep>`, as in `provider stripe usd card 290bp+30 keep`, with at most 10000bp");
  }
}
