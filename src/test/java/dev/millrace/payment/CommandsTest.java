package dev.millrace.payment;

import static dev.millrace.payment.Lives.in;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.Commands.Decision;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class CommandsTest {
  private static final String CAPTURED_BY_ITSELF = " This one is captured automatically.";
  private static final String ONLY_HELD = "only one that is `authorized` can be captured."
      + CAPTURED_BY_ITSELF;
  private static final String REFUND_INSTEAD = "the payer was charged. Refund it instead.";
  private static final String NOT_KNOWN_YET = "what becomes of it at the provider is not known yet. Ask again when it has changed.";
  private static final String NOT_CANCELABLE = "only one that is `authorized`, `requires_action` or `in_review` can be canceled.";
  private static final String NOT_REFUNDABLE = "only one that is `confirmed`, `settled`, `partially_refunded`,"
      + " `disputed` or `charged_back` can be refunded.";

  /** Per command and status: the event it leads to, or what is said behind "The payment is `status`". */
  static Stream<Arguments> table() {
    var capture = every("; " + ONLY_HELD);
    capture.put(Status.AUTHORIZED, new PaymentEvent.CaptureRequested("cap_1", 1999));
    var cancel = every("; " + NOT_CANCELABLE);
    cancel.put(Status.IN_REVIEW, new PaymentEvent.Voided(null, null, null, "changed"));
    for (Status s : new Status[]{Status.AUTHORIZED, Status.REQUIRES_ACTION})
      cancel.put(s, new PaymentEvent.CancelRequested("can_1", "changed", s));
    for (Status s : new Status[]{Status.CONFIRMED, Status.SETTLED, Status.PARTIALLY_REFUNDED})
      cancel.put(s, ": " + REFUND_INSTEAD);
    for (Status s : new Status[]{Status.INITIATED, Status.PROVIDER_SUBMITTED, Status.UNKNOWN,
        Status.PROCESSING})
      cancel.put(s, ": " + NOT_KNOWN_YET);
    var refund = every("; " + NOT_REFUNDABLE);
    refund.put(Status.AUTHORIZED, "; " + NOT_REFUNDABLE + " Cancel it instead.");
    for (Status s : new Status[]{Status.DISPUTED, Status.CHARGED_BACK})
      refund.put(s,
          ": disputes hold, or have withdrawn, all that is left of it. What they hold can be refunded"
              + " once they are won.");
    for (Status s : new Status[]{Status.CONFIRMED, Status.SETTLED})
      refund.put(s, new PaymentEvent.RefundRequested("re_1", 1999, "why", s));
    refund.put(Status.PARTIALLY_REFUNDED,
        new PaymentEvent.RefundRequested("re_1", 1499, "why", Status.PARTIALLY_REFUNDED));
    return Arrays.stream(Status.values()).flatMap(s -> Stream.of(
        Arguments.of("capture", s, capture.get(s)), Arguments.of("cancel", s, cancel.get(s)),
        Arguments.of("refund", s, refund.get(s))));
  }

  private static Map<Status, Object> every(String words) {
    var all = new HashMap<Status, Object>();
    for (Status s : Status.values()) all.put(s, words);
    return all;
  }

  private static Decision decide(String command, Payment p, Long amount) {
    return switch (command) {
      case "capture" -> Commands.capture(p, "cap_1", amount);
      case "cancel" -> Commands.cancel(p, "can_1", "changed");
      default -> Commands.refund(p, "re_1", amount, "why");
    };
  }

  private static String code(String command) {
    return "payment_not_" + (command.equals("capture")
        ? "captur"
        : command.equals("cancel")
            ? "cancel"
            : "refund")
        + "able";
  }

  @ParameterizedTest(name = "{0} of {1}")
  @MethodSource("table")
  void command_inEachStatus(String command, Status status, Object expected) {
    Payment p = in(status);
    Decision decision = decide(command, p, null);
    if (expected instanceof PaymentEvent event) {
      assertThat(decision).isEqualTo(new Decision.Accepted(event));
      assertThat(Transitions.permits(status, event)).isTrue();
      assertThat(p.after(event).version()).isEqualTo(p.version() + 1);
    } else {
      assertThat(decision).isEqualTo(
          new Decision.Forbidden(code(command), "The payment is `" + status.wire() + "`" + expected));
    }
  }

  @Test
  void capture_ofAPaymentThatIsCapturedByHand_doesNotSayThatItIsAutomatic() {
    var byHand = new PaymentEvent.Initiated(1999, "usd", "pm_card_visa", "manual", null, null, Map.of(),
        null);
    assertThat(Commands.capture(Payment.of(byHand), "cap_1", null)).isEqualTo(new Decision.Forbidden(
        "payment_not_capturable",
        "The payment is `initiated`; only one that is `authorized` can be captured."));
  }

  @Test
  void capture_inPart_andBeyond() {
    Payment p = in(Status.AUTHORIZED);
    assertThat(Commands.capture(p, "cap_1", 1L))
        .isEqualTo(new Decision.Accepted(new PaymentEvent.CaptureRequested("cap_1", 1)));
    assertThat(Commands.capture(p, "cap_1", 1999L))
        .isEqualTo(new Decision.Accepted(new PaymentEvent.CaptureRequested("cap_1", 1999)));
    assertThat(Commands.capture(p, "cap_1", 2000L))
        .isEqualTo(new Decision.Excessive("must be at most 1999, which is authorized."));
  }

  @Test
  void second_whileTheFirstIsUnderWay_isRefused() {
    Payment capturing = in(Status.AUTHORIZED, new PaymentEvent.CaptureRequested("cap_9", 5));
    Payment canceling = in(Status.AUTHORIZED,
        new PaymentEvent.CancelRequested("can_9", "x", Status.AUTHORIZED));
    for (String command : new String[]{"capture", "cancel"}) {
      assertThat(decide(command, capturing, null)).isEqualTo(
          new Decision.Forbidden(code(command), "A capture of it is under way already (cap_9)."));
      assertThat(decide(command, canceling, null)).isEqualTo(
          new Decision.Forbidden(code(command), "A cancellation of it is under way already (can_9)."));
    }
    Payment again = capturing.after(new PaymentEvent.CaptureFailed("cap_9", "c", "m", Status.AUTHORIZED));
    assertThat(decide("capture", again, null)).isInstanceOf(Decision.Accepted.class);
  }

  @Test
  void refund_ofWhatIsLeft() {
    Payment p = in(Status.CONFIRMED,
        new PaymentEvent.RefundRequested("re_8", 999, null, Status.CONFIRMED));
    assertThat(Commands.refund(p, "re_1", null, null)).isEqualTo(
        new Decision.Accepted(new PaymentEvent.RefundRequested("re_1", 1000, null, Status.CONFIRMED)));
    assertThat(Commands.refund(p, "re_1", 1001L, null)).isEqualTo(new Decision.Excessive(
        "must be at most 1000: 1999 was captured, 0 is refunded and 999 is being refunded."));
    Payment all = p.after(new PaymentEvent.RefundRequested("re_9", 1000, null, Status.CONFIRMED));
    assertThat(Commands.refund(all, "re_1", 1L, null)).isEqualTo(new Decision.Forbidden(
        "payment_not_refundable", "Refunds of all that was captured are under way."));
  }

  /** What no dispute has taken, and no return, can be refunded, whatever the payment's status says. */
  @Test
  void refund_ofWhatIsNotDisputed() {
    Payment two = in(Status.CONFIRMED, Lives.disputed("du_1", 700), Lives.disputed("du_2", 300));
    assertThat(Commands.refund(two, "re_1", null, null)).isEqualTo(
        new Decision.Accepted(new PaymentEvent.RefundRequested("re_1", 999, null, Status.DISPUTED)));
    assertThat(Commands.refund(two, "re_1", 1000L, null)).isEqualTo(new Decision.Excessive(
        "must be at most 999: 1999 was captured, 0 is refunded and 0 is being refunded; 1000 is held or"
            + " withdrawn by disputes."));
    Payment one = two.after(new PaymentEvent.DisputeWon("du_1", "stripe", 700, "usd", Status.DISPUTED));
    Payment lost = one.after(new PaymentEvent.ChargedBack("du_2", "stripe", 300, "usd"));
    assertThat(Commands.refund(lost, "re_1", null, null)).isEqualTo(
        new Decision.Accepted(new PaymentEvent.RefundRequested("re_1", 1699, null, Status.CHARGED_BACK)));
    assertThat(lost.after(new PaymentEvent.RefundRequested("re_1", 1699, null, Status.CHARGED_BACK))
        .refundable()).isZero();
  }

  /** A refund made at the provider may leave less than is being refunded over the gateway. */
  @Test
  void refund_whenMoreIsGoneThanIsKnown_isRefused() {
    Payment p = in(Status.CONFIRMED,
        new PaymentEvent.RefundRequested("re_8", 1999, null, Status.CONFIRMED),
        Lives.refunded("re_a", 600, 600, Status.PARTIALLY_REFUNDED));
    for (Long amount : new Long[]{null, 1L})
      assertThat(Commands.refund(p, "re_1", amount, null)).isEqualTo(new Decision.Forbidden(
          "payment_not_refundable", "Refunds of all that was captured are under way."));
  }
}
