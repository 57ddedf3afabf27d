package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.journal.EventJson;
import dev.millrace.journal.PaymentRow;
import dev.millrace.payment.PaymentEvent.Initiated;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class PaymentJsonTest {
  private static final UUID ID = UUID.fromString("0199f3c2-a1b0-7d3e-8f4a-5b6c7d8e9f00");
  private static final UUID MERCHANT = new UUID(1, 1);
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

  private static String accepted(Initiated asked, int form) {
    return PaymentJson.accepted(PaymentRow.accepted(ID, MERCHANT, false, asked, TRACE), form).toString();
  }

  /**
   * Answers of accepted payments are not kept but made anew for a repeated request, for as long as keys are
   * kept, in the form that they had. Who changes this text must make a new form of it (idempotency_key.form,
   * a migration), or repetitions are answered with other bytes than the first time.
   */
  @Test
  void accepted_isTheTextThatWasAnsweredBefore() {
    var asked = new Initiated(1999, "usd", "pm_card_visa", "automatic", "order-1", null,
        Map.of("b", "2", "a", "é"), "https://shop.example/back");
    assertThat(accepted(asked, PaymentJson.FIRST_FORM))
        .isEqualTo("{\"id\":\"pay_01k7sw58dgfmz8yjjvdhyrx7r0\",\"object\":\"payment\","
            + "\"amount\":1999,\"currency\":\"usd\",\"status\":\"initiated\",\"payment_method\":\"pm_card_visa\","
            + "\"capture\":\"automatic\",\"reference\":\"order-1\",\"description\":null,"
            + "\"return_url\":\"https://shop.example/back\",\"metadata\":{\"a\":\"é\",\"b\":\"2\"},\"livemode\":false,"
            + "\"version\":1,\"provider\":null,\"provider_reference\":null,\"amount_charged\":null,"
            + "\"settlement\":null,\"failure\":null,\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
            + "\"created\":1760731242,\"updated\":1760731242}");
  }

  @Test
  void accepted_inTheSecondForm_isTheTextThatIsAnswered() {
    var asked = new Initiated(1999, "usd", "pm_card_visa", "manual", "order-1", null,
        Map.of("b", "2", "a", "é"), "https://shop.example/back", "card", "424242");
    assertThat(accepted(asked, PaymentJson.FORM)).isEqualTo(
        "{\"id\":\"pay_01k7sw58dgfmz8yjjvdhyrx7r0\",\"object\":\"payment\","
            + "\"amount\":1999,\"currency\":\"usd\",\"status\":\"initiated\",\"payment_method\":\"pm_card_visa\","
            + "\"payment_method_type\":\"card\",\"payment_method_bin\":\"424242\","
            + "\"capture\":\"manual\",\"reference\":\"order-1\",\"description\":null,"
            + "\"return_url\":\"https://shop.example/back\",\"metadata\":{\"a\":\"é\",\"b\":\"2\"},\"livemode\":false,"
            + "\"version\":1,\"provider\":null,\"provider_reference\":null,\"amount_authorized\":0,\"amount_charged\":null,"
            + "\"amount_captured\":0,\"amount_refunded\":0,\"next_action\":null,\"expires\":null,"
            + "\"settlement\":null,\"failure\":null,\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\","
            + "\"created\":1760731242,\"updated\":1760731242}");
  }

  @Test
  void accepted_inAFormThatNeverWas_isADefect() {
    var asked = new Initiated(1, "usd", "pm_card_visa", "automatic", null, null, Map.of(), null);
    for (int form : new int[]{0, 3})
      assertThatThrownBy(() -> accepted(asked, form)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void accepted_fromTheJournal_isTheSameText() {
    var random = new Random(11);
    for (int i = 0; i < 2_000; i++) {
      var asked = asked(random);
      for (int form : new int[]{PaymentJson.FIRST_FORM, PaymentJson.FORM})
        assertThat(accepted(EventJson.initiated(EventJson.write(asked)), form))
            .isEqualTo(accepted(asked, form));
    }
  }

  private static Initiated asked(Random random) {
    var metadata = new HashMap<String, String>();
    for (int i = random.nextInt(4); i > 0; i--) metadata.put(text(random) + i, text(random));
    return new Initiated(1 + random.nextLong(Long.MAX_VALUE - 1), "eur", "pm_card_visa", "automatic",
        random.nextBoolean() ? text(random) : null, random.nextBoolean() ? text(random) : null, metadata,
        random.nextBoolean() ? "https://shop.example/" + random.nextInt() : null);
  }

  private static String text(Random random) {
    return random.ints(random.nextInt(20), 1, 0x11000).filter(c -> !Character.isSurrogate((char) c))
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
  }
}
