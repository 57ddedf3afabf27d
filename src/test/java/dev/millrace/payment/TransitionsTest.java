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
    requires_action      | provider_submitted unknown                      | requires_action
    action_returned      | requires_action                                 | requires_action
    unknown              | provider_submitted                              | unknown
    authorized           | provider_submitted unknown requires_action      | authorized
    confirmed            | provider_submitted unknown requires_action authorized | confirmed
    declined             | initiated provider_submitted unknown requires_action | declined
    capture_requested    | authorized                                      | authorized
    capture_failed       | authorized voided expired CHARGED               | =
    cancel_requested     | CANCELABLE                                      | =
    cancel_failed        | CANCELABLE declined voided expired CHARGED      | =
    voided               | in_review CANCELABLE                            | voided
    expired              | CANCELABLE                                      | expired
    refund_requested     | REFUNDABLE                                      | =
    refund_failed        | CHARGED                                         | =
    refunded             | REFUNDABLE                                      | partially_refunded
    refunded             | REFUNDABLE                                      | refunded
    refunded             | disputed charged_back returned                  | =
    operation_submitted  | CANCELABLE declined voided expired CHARGED      | =
    operation_unknown    | CANCELABLE declined voided expired CHARGED      | =
    settled              | confirmed settled                               | settled
    settled              | partially_refunded refunded disputed charged_back returned | =
    disputed             | REFUNDABLE refunded                             | disputed
    dispute_won          | disputed                                        | confirmed
    dispute_won          | disputed                                        | settled
    dispute_won          | disputed                                        | partially_refunded
    dispute_won          | disputed                                        | refunded
    charged_back         | disputed                                        | charged_back
    returned             | REFUNDABLE refunded                             | returned
    """.replace("CHARGED", CHARGED).replace("CANCELABLE", CANCELABLE).replace("REFUNDABLE", REFUNDABLE);

  /** Every event there is, once for each status it can name. */
  private static List<PaymentEvent> events() {
    var events = new ArrayList<PaymentEvent>(List.of(
        new PaymentEvent.Initiated(1999, "usd", "pm_card_visa", "automatic", null, null, Map.of(), null),
        new PaymentEvent.Screened("clear", null, 0, true, null),
        new PaymentEvent.Screened("review", "r", 70, true, null), new PaymentEvent.Blocked("r", 100, null),
        new PaymentEvent.ProviderSubmitted("stripe", "att_1"),
        new PaymentEvent.RequiresAction("stripe", "att_1", "pi_1", "https://bank.example", 1),
        new PaymentEvent.ActionReturned("att_1"), new PaymentEvent.Unknown("stripe", "att_1", "timeout"),
        new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 1999, "usd", 1),
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 1999, "usd"),
        new PaymentEvent.Declined("stripe", "att_1", null, "card_declined", null, "Your card was declined."),
        new PaymentEvent.CaptureRequested("cap_1", 1),
        new PaymentEvent.Voided("can_1", "stripe", "att_2", "x"),
        new PaymentEvent.Expired("can_1", "stripe", "att_2", "expired"),
        new PaymentEvent.Disputed("du_1", "stripe", 1, "usd", null, null),
        new PaymentEvent.ChargedBack("du_1", "stripe", 1, "usd"),
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
          new PaymentEvent.Settled("stl_1", s), new PaymentEvent.DisputeWon("du_1", "stripe", 1, "usd", s)));
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
    var ends = List.of(Status.BLOCKED, Status.DECLINED, Status.VOIDED, Status.EXPIRED, Status.CHARGED_BACK,
        Status.RETURNED);
    assertThat(Transitions.permitted())
        .noneMatch(move -> ends.contains(move.from()) && move.to() != move.from());
    assertThat(ends).allMatch(Status::atRest);
  }

  /** The only way back is a dispute that was won: the payment stands again where it stood. */
  @Test
  void permitted_statesNeverGoBackwards() {
    var order = List.of(Status.INITIATED, Status.IN_REVIEW, Status.BLOCKED, Status.PROVIDER_SUBMITTED,
        Status.UNKNOWN, Status.REQUIRES_ACTION, Status.AUTHORIZED, Status.DECLINED, Status.VOIDED,
        Status.EXPIRED,
        Status.CONFIRMED, Status.SETTLED, Status.PARTIALLY_REFUNDED, Status.REFUNDED, Status.DISPUTED,
        Status.CHARGED_BACK, Status.RETURNED);
    assertThat(order).containsExactlyInAnyOrder(Status.values());
    assertThat(Transitions.permitted())
        .filteredOn(move -> order.indexOf(move.to()) < order.indexOf(move.from()))
        .allMatch(move -> move.event() == EventType.DISPUTE_WON
            || (move.event() == EventType.SCREENED && move.from() == Status.IN_REVIEW));
  }

  @Test
  void permitted_noChargeWithoutARecordedIntent() {
    assertThat(Transitions.permitted())
        .filteredOn(move -> move.to() == Status.CONFIRMED && move.event() == EventType.CONFIRMED)
        .extracting(Transitions.Move::from).containsExactlyInAnyOrder(Status.PROVIDER_SUBMITTED,
            Status.UNKNOWN,
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
