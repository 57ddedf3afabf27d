package dev.millrace.provider.adyen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Fixture;
import dev.millrace.provider.HttpWire.Answer;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** Answers as Adyen's own library tests them; its notifications are in {@link AdyenEventsTest}. */
final class AdyenFixturesTest {
  private static final Order.Charge CHARGE = new Order.Charge(new UUID(0, 1), false,
      "att_01h455vb4pex5vsknk084sn02q", 1_999, "eur", "pm_card_visa", "card", false, null, "https://r", "t");

  private static Answer answer(int status, String name) {
    return new Answer(status, Fixture.json("adyen/" + name).toBuffer());
  }

  private static Outcome payment(int status, String name) {
    return AdyenOutcomes.ofPayment(answer(status, name), CHARGE);
  }

  @Test
  void payments() {
    assertThat(payment(200, "payments-success"))
        .isEqualTo(new Outcome.Charged("8535296650153317", 1_999, "eur"));
    assertThat(payment(200, "paymentResponse")).isEqualTo(new Outcome.ActionRequired("993617895204576J",
        "https://checkoutshopper-test.adyen.com/checkoutshopper/threeDS/redirect?MD=M2R..."));
    // A page to post to: no URL leads a payer there.
    assertThat(payment(200, "paymentResponseBcmc")).isInstanceOf(Outcome.Unknown.class);
    assertThat(payment(422, "paymentsdetails-error-invalid-data-422"))
        .isEqualTo(new Outcome.Declined(null, "invalid_request", "101", "Invalid card number"));
  }

  @Test
  void details() {
    var complete = new Order.Complete(CHARGE, "993617895204576J", "result");
    assertThat(AdyenOutcomes.ofDetails(answer(200, "paymentDetailsResponse"), complete))
        .isEqualTo(new Outcome.Charged("V4HZ4RBFJGXXGN82", 1_999, "eur"));
    assertThat(AdyenOutcomes.ofDetails(answer(422, "paymentsdetails-error-invalid-data-422"), complete))
        .isEqualTo(new Outcome.ActionRequired("993617895204576J", ""));
  }

  @Test
  void modifications() {
    assertThat(AdyenOutcomes.ofModification(answer(201, "captures-success")))
        .isEqualTo(new Outcome.Pending("882633337753910C"));
    assertThat(AdyenOutcomes.ofModification(answer(201, "refunds-success")))
        .isEqualTo(new Outcome.Pending("862633338502676D"));
    assertThat(AdyenOutcomes.ofModification(answer(201, "standalone-cancels-success")))
        .isEqualTo(new Outcome.Pending("861633338418518C"));
    assertThat(AdyenOutcomes.ofModification(answer(422, "modifications-error-422")))
        .isEqualTo(new Outcome.Declined("invalid_psp", "invalid_request", "167",
            "Original pspReference required for this operation"));
  }
}
