package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class TransitionsTest {
  private static final String CHARGED = "confirmed settled partially_refunded refunded disputed charged_back returned";
  private static final String CANCELABLE = "requires_action authorized";
  private static final String REFUNDABLE = "confirmed settled partially_refunded";

  /**
   * The specification, as a second hand would write it: an event, the statuses in which it may come, and the
   * status it leads to ({@code =}: the same). Whatever does not stand here is refused.
   */
  private static final String TABLE = """
    initiated            | -                                               | initiated
    screened:clear       | initiated in_review                             | initiated
    screened:review      | initiated                                       | in_review
    blocked              | initiated in_review                             | blocked
    provider_submitted   | initiated provider_submitted                    | provider_submitted
    requires_action      | OUT processing                                  | requires_action
    action_returned      | requires_action                                 | requires_action
    try_refused          | requires_action                                 | requires_action
    processing           | OUT requires_action                             | processing
    unknown              | provider_submitted                              | unknown
    authorized           | OUT requires_action processing                  | authorized
    confirmed            | OUT requires_action processing authorized       | confirmed
    declined             | initiated OUT requires_action processing        | declined
    capture_requested    | authorized                                      | authorized
    capture_failed       | authorized voided expired CHARGED               | =
    cancel_requested     | CANCELABLE                                      | =
    cancel_failed        | CANCELABLE processing declined voided expired CHARGED | =
    voided               | in_review processing CANCELABLE                 | voided
    expired              | processing CANCELABLE                           | expired
    refund_requested     | REFUNDABLE disputed charged_back                | =
    refund_failed        | authorized voided expired CHARGED               | =
    refunded             | REFUNDABLE                                      | partially_refunded
    refunded             | REFUNDABLE                                      | refunded
    refunded             | refunded disputed charged_back returned         | =
    operation_submitted  | EARLY CANCELABLE ENDED CHARGED                  | =
    operation_unknown    | EARLY CANCELABLE ENDED CHARGED                  | =
    settled              | confirmed settled                               | settled
    settled              | EARLY CANCELABLE ENDED partially_refunded refunded disputed charged_back returned | =
    disputed             | REFUNDABLE refunded disputed charged_back       | disputed
    dispute_won          | disputed                                        | confirmed
    dispute_won          | disputed                                        | settled
    dispute_won          | disputed                                        | authorized
    dispute_won          | disputed                                        | partially_refunded
    dispute_won          | disputed                                        | refunded
    dispute_won          | disputed                                        | disputed
    dispute_won          | disputed                                        | charged_back
    charged_back         | disputed                                        | charged_back
    charged_back         | disputed                                        | disputed
    returned             | REFUNDABLE refunded                             | returned
    captured             | CHARGED                                         | =
    captured             | refunded                                        | partially_refunded
    capture_reversed     | confirmed settled                               | authorized
    capture_reversed     | authorized CHARGED                              | =
    capture_reversed     | partially_refunded                              | refunded
    refund_reversed      | refunded                                        | authorized
    refund_reversed      | partially_refunded refunded                     | confirmed
    refund_reversed      | partially_refunded refunded                     | settled
    refund_reversed      | partially_refunded refunded                     | partially_refunded
    refund_reversed      | authorized voided expired confirmed settled refunded disputed charged_back returned | =
    refunded             | authorized                                      | refunded
    disputed             | authorized                                      | disputed
    dispute_changed      | authorized voided expired CHARGED               | =
    dispute_reopened     | REFUNDABLE refunded disputed charged_back       | disputed
    chargeback_reversed  | charged_back disputed                           | authorized
    chargeback_reversed  | charged_back disputed                           | confirmed
    chargeback_reversed  | charged_back disputed                           | settled
    chargeback_reversed  | charged_back disputed                           | partially_refunded
    chargeback_reversed  | charged_back disputed                           | refunded
    chargeback_reversed  | charged_back disputed                           | disputed
    chargeback_reversed  | charged_back disputed                           | charged_back
    return_reversed      | returned                                        | authorized
    return_reversed      | returned                                        | confirmed
    return_reversed      | returned                                        | settled
    return_reversed      | returned                                        | partially_refunded
    return_reversed      | returned                                        | refunded
    late_charge          | EARLY CANCELABLE ENDED CHARGED                  | =
    late_charge_returned | EARLY CANCELABLE ENDED CHARGED                  | =
    late_charge_retried  | EARLY CANCELABLE ENDED CHARGED                  | =
    late_charge_kept     | EARLY CANCELABLE ENDED CHARGED                  | =
    provider_notice      | EARLY CANCELABLE ENDED CHARGED                  | =
    corrected            | EARLY CANCELABLE ENDED CHARGED                  | =
    """
      .replace("CHARGED", CHARGED).replace("CANCELABLE", CANCELABLE).replace("REFUNDABLE", REFUNDABLE)
      .replace("EARLY", "initiated in_review OUT processing").replace("OUT", "provider_submitted unknown")
      .replace("ENDED", "blocked declined voided expired");

  /** Every event there is, once for each status it can name. */
  private static List<PaymentEvent> events() {
    var events = new ArrayList<PaymentEvent>(List.of(
        new PaymentEvent.Initiated(1999, "usd", "pm_card_visa", "automatic", null, null, Map.of(), null),
        new PaymentEvent.Screened("clear", null, 0, true, null),
        new PaymentEvent.Screened("review", "r", 70, true, null), new PaymentEvent.Blocked("r", 100, null),
        new PaymentEvent.ProviderSubmitted("stripe", "att_1"),
        new PaymentEvent.RequiresAction("stripe", "att_1", "pi_1", "https://bank.example", 1),
        new PaymentEvent.ActionReturned("att_1"), new PaymentEvent.Unknown("stripe", "att_1", "timeout"),
        new PaymentEvent.TryRefused("stripe", "att_1", "ch_1", "card_declined", null, "No."),
        new PaymentEvent.Processing("stripe", "att_1", "pi_1"),
        new PaymentEvent.DisputeReopened("du_1", "stripe", 1, "usd", null),
        new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 1999, "usd", 1),
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 1999, "usd"),
        new PaymentEvent.Declined("stripe", "att_1", null, "card_declined", null, "Your card was declined."),
        new PaymentEvent.CaptureRequested("cap_1", 1),
        new PaymentEvent.Voided("can_1", "stripe", "att_2", "x"),
        new PaymentEvent.Expired("can_1", "stripe", "att_2", "expired"),
        new PaymentEvent.Disputed("du_1", "stripe", 1, "usd", null, null),
        new PaymentEvent.Returned("bank", "db_1", 1, "usd", "R01", "", null, null, null, null)));
    for (Status s : Status.values()) {
      events.addAll(List.of(new PaymentEvent.CaptureFailed("cap_1", "c", "m", s),
          new PaymentEvent.CancelRequested("can_1", "x", s),
          new PaymentEvent.CancelFailed("can_1", "c", "m", s),
          new PaymentEvent.RefundRequested("re_1", 1, null, s),
          new PaymentEvent.RefundFailed("re_1", "c", "m", s),
          new PaymentEvent.Refunded("re_1", "stripe", "att_3", "re_1", 1, 1, "usd", null, null, null, null,
              s),
          new PaymentEvent.OperationSubmitted("re_1", "stripe", "att_3", s),
          new PaymentEvent.OperationUnknown("re_1", "stripe", "att_3", "timeout", s),
          new PaymentEvent.Settled("stl_1", s), new PaymentEvent.DisputeWon("du_1", "stripe", 1, "usd", s),
          new PaymentEvent.ChargedBack("du_1", "stripe", 1, "usd", s), Lives.captured("ca_1", 1, 2, s),
          Lives.captureReversed(0, 0, s), Lives.refundReversed("re_a", 1, 0, s),
          new PaymentEvent.ChargebackReversed("du_1", "stripe", 1, "usd", null, s),
          new PaymentEvent.DisputeChanged("du_1", "stripe", 1, 2, "usd", null, Dispute.State.LOST, s, 1),
          new PaymentEvent.ReturnReversed("bank", "db_1", 1, "usd", "m", null, null, null, s),
          Lives.lateCharge(false, s),
          new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_2", null, 1, "usd", false, s),
          new PaymentEvent.LateChargeKept("rev_1", "c", "m", s),
          new PaymentEvent.ProviderNotice("stripe", "radar", "evt_1", "m", true, s),
          new PaymentEvent.LateChargeRetried("rev_2", "rev_1", "stripe", "pi_0", 1, "usd", false, "ann",
              "why", s),
          new PaymentEvent.Corrected("cor_1", "ann", "why", 1, "usd", "suspense", "fees", "stripe", null,
              s)));
    }
    return events;
  }

  private static String name(PaymentEvent event) {
    String wire = event.type().wire().replace("payment.", "");
    return event instanceof PaymentEvent.Screened s ? wire + ":" + s.decision() : wire;
  }

  /** Every permitted move of the specification: {@code from event to}. */
  private static Set<String> permitted() {
    var moves = new TreeSet<String>();
    TABLE.lines().forEach(line -> {
      String[] cells = line.split("\\|");
      for (String from : cells[1].trim().split(" ")) {
        if (from.equals("-")) continue;
        String to = cells[2].trim().equals("=") ? from : cells[2].trim();
        moves.add(from + " " + cells[0].trim() + " " + to);
      }
    });
    return moves;
  }

  static Stream<Arguments> cells() {
    return Arrays.stream(Status.values())
        .flatMap(from -> events().stream().map(event -> Arguments.of(from, event)));
  }

  @Test
  void table_namesEveryEventAndEveryStatus() {
    assertThat(TABLE.lines().map(line -> line.split("\\|")[0].trim()).collect(Collectors.toSet()))
        .isEqualTo(events().stream().map(TransitionsTest::name).collect(Collectors.toSet()));
    assertThat(events().stream().<Class<?>>map(Object::getClass).collect(Collectors.toSet()))
        .containsExactlyInAnyOrderElementsOf(PaymentEvent.records(PaymentEvent.class).values());
    assertThat(permitted()).allSatisfy(move -> {
      assertThat(Status.ofWire(move.split(" ")[0])).isNotNull();
      assertThat(Status.ofWire(move.split(" ")[2])).isNotNull();
    });
  }

  @ParameterizedTest
  @MethodSource("cells")
  void move_isPermittedExactlyAsTheTableSays(Status from, PaymentEvent event) {
    if (permitted().contains(from.wire() + " " + name(event) + " " + event.target().wire())) {
      assertThat(Transitions.after(from, event)).isEqualTo(event.target());
      assertThat(Transitions.permits(from, event)).isTrue();
    } else {
      assertThat(Transitions.permits(from, event)).isFalse();
      assertThatThrownBy(() -> Transitions.after(from, event)).isInstanceOf(IllegalStateException.class)
          .hasMessage(event.type().wire() + " may not move a payment from " + from.wire() + " to "
              + event.target().wire());
    }
  }

  @Test
  void permitted_noWayOutOfAnEnd() {
    var ends = List.of(Status.BLOCKED, Status.DECLINED, Status.VOIDED, Status.EXPIRED);
    assertThat(Transitions.permitted())
        .noneMatch(move -> ends.contains(move.from()) && move.to() != move.from());
    assertThat(ends).allMatch(Status::atRest);
    // Of what was taken from the merchant there is a way back only by what takes that back, or takes more.
    assertThat(Transitions.permitted().stream().filter(move -> move.to() != move.from())
        .filter(move -> move.from() == Status.CHARGED_BACK || move.from() == Status.RETURNED)
        .map(Transitions.Move::event).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(EventType.DISPUTED, EventType.DISPUTE_REOPENED,
            EventType.CHARGEBACK_REVERSED, EventType.RETURN_REVERSED);
  }

  /** Ways back: a dispute that was won, what was final and was taken back, more captured after a refund. */
  @Test
  void permitted_statesNeverGoBackwards() {
    var order = List.of(Status.INITIATED, Status.IN_REVIEW, Status.BLOCKED, Status.PROVIDER_SUBMITTED,
        Status.UNKNOWN, Status.REQUIRES_ACTION, Status.PROCESSING, Status.AUTHORIZED, Status.DECLINED,
        Status.VOIDED,
        Status.EXPIRED,
        Status.CONFIRMED, Status.SETTLED, Status.PARTIALLY_REFUNDED, Status.REFUNDED, Status.DISPUTED,
        Status.CHARGED_BACK, Status.RETURNED);
    assertThat(order).containsExactlyInAnyOrder(Status.values());
    assertThat(Transitions.permitted())
        .filteredOn(move -> order.indexOf(move.to()) < order.indexOf(move.from()))
        .allMatch(move -> PaymentEvent.records(PaymentEvent.Reverses.class).containsKey(move.event())
            || move.event() == EventType.DISPUTE_WON
            || (move.event() == EventType.DISPUTED && move.from() == Status.CHARGED_BACK)
            || (move.event() == EventType.CAPTURED && move.from() == Status.REFUNDED)
            || (move.event() == EventType.REQUIRES_ACTION && move.from() == Status.PROCESSING)
            || (move.event() == EventType.SCREENED && move.from() == Status.IN_REVIEW));
  }

  @Test
  void permitted_noChargeWithoutARecordedIntent() {
    assertThat(Transitions.permitted())
        .filteredOn(move -> move.to() == Status.CONFIRMED && move.event() == EventType.CONFIRMED)
        .extracting(Transitions.Move::from).containsExactlyInAnyOrder(Status.PROVIDER_SUBMITTED,
            Status.UNKNOWN, Status.PROCESSING,
            Status.REQUIRES_ACTION, Status.AUTHORIZED);
  }

  @Test
  void permitted_everyStatusIsReached() {
    assertThat(Transitions.permitted().stream().map(Transitions.Move::to).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(Status.values());
  }

  @Test
  void wireNames_readBackAndUnknownIsNull() {
    for (Status status : Status.values()) assertThat(Status.ofWire(status.wire())).isEqualTo(status);
    for (EventType type : EventType.values()) assertThat(EventType.ofWire(type.wire())).isEqualTo(type);
    assertThat(Status.ofWire("INITIATED")).isNull();
    assertThat(EventType.ofWire("payment.unheard_of")).isNull();
  }
}
