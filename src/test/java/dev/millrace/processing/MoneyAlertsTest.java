package dev.millrace.processing;

import static dev.millrace.payment.Lives.in;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.Lives;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class MoneyAlertsTest {
  /** The alerts that these events raise, appended to a payment. */
  private static List<String> alerts(Payment before, PaymentEvent... events) {
    var registry = new SimpleMeterRegistry();
    new MoneyAlerts(registry).of(UUID.randomUUID(), before, List.of(events));
    return registry.getMeters().stream()
        .map(m -> String
            .valueOf(m.getId().getTag("alert") == null ? m.getId().getName() : m.getId().getTag("alert")))
        .toList();
  }

  private static PaymentEvent disputed(long amount, Long excess) {
    return new PaymentEvent.Disputed("du_1", "stripe", amount, "usd", null, null, excess);
  }

  private static PaymentEvent corrected(Status status) {
    return new PaymentEvent.Corrected("cor_1", "ann", "why", 501, "usd", "fees", "suspense", "stripe", null,
        status);
  }

  @Test
  void whatGoesBeyondThePayment_isAnAlert_whateverTookIt() {
    assertThat(alerts(in(Status.SETTLED), disputed(1_999, null))).isEmpty();
    assertThat(alerts(in(Status.SETTLED), disputed(2_500, 501L))).containsExactly("beyond_payment");
    assertThat(alerts(in(Status.REFUNDED), disputed(1_999, 1_999L))).containsExactly("beyond_payment");
    assertThat(alerts(in(Status.PARTIALLY_REFUNDED), new PaymentEvent.CaptureReversed(null, "stripe", null,
        1999, 0, 0, "usd", "c", "m", 500L, null, null, null, Status.REFUNDED)))
        .containsExactly("beyond_payment");
    assertThat(alerts(in(Status.CONFIRMED), new PaymentEvent.Captured("stripe", "att_1", "pi_1", "ca_2", 700,
        2_699, 1_999, "usd", 700L, null, null, null, null, Status.CONFIRMED)))
        .containsExactly("beyond_payment");
  }

  /** What comes back out of suspense was told when it went there, unless a person has moved it meanwhile. */
  @Test
  void whatComesBack_isAnAlert_onlyWhereItWasCorrected() {
    Payment lost = in(Status.SETTLED, disputed(2_500, 501L),
        new PaymentEvent.ChargedBack("du_1", "stripe", 2_500, "usd"));
    var won = new PaymentEvent.ChargebackReversed("du_1", "stripe", 2_500, "usd", 501L, Status.SETTLED);
    assertThat(alerts(lost, won)).isEmpty();
    assertThat(alerts(lost.after(corrected(Status.CHARGED_BACK)), won))
        .containsExactly("moved_after_correction");
    assertThat(alerts(lost, corrected(Status.CHARGED_BACK))).isEmpty();
  }

  @Test
  void chargeOfAnotherAmount_hasAnAlertOfItsOwn() {
    Payment p = in(Status.PROVIDER_SUBMITTED);
    assertThat(alerts(p, Lives.confirmed())).isEmpty();
    assertThat(alerts(p, new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 2500, "usd")))
        .containsExactly("millrace.provider.amount.mismatch");
  }
}
