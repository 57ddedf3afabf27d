package dev.millrace.payment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class TransitionsTest {
  /** One event of every kind, and one more for each further target that a kind has. */
  private static final Map<String, PaymentEvent> EVENTS = events();

  /** The specification, as a second hand would write it: from a status (row) by an event (column) to a status. */
  private static final String TABLE = """
    from               | initiated screened:clear screened:review blocked submitted          unknown confirmed declined settled
    initiated          | -         initiated      in_review       blocked provider_submitted -       -         -        -
    blocked            | -         -              -               -       -                  -       -         -        -
    in_review          | -         initiated      -               blocked -                  -       -         -        -
    provider_submitted | -         -              -               -       -                  unknown confirmed declined -
    unknown            | -         -              -               -       -                  -       confirmed declined -
    confirmed          | -         -              -               -       -                  -       -         -        settled
    declined           | -         -              -               -       -                  -       -         -        -
    settled            | -         -              -               -       -                  -       -         -        -
    """;

  private static Map<String, PaymentEvent> events() {
    var events = new LinkedHashMap<String, PaymentEvent>();
    events.put("initiated",
        new PaymentEvent.Initiated(1999, "usd", "pm_card_visa", "automatic", null, null, Map.of(), null));
    events.put("screened:clear", new PaymentEvent.Screened("clear", null, 0, true, null));
    events.put("screened:review", new PaymentEvent.Screened("review", "r", 70, true, null));
    events.put("blocked", new PaymentEvent.Blocked("r", 100, null));
    events.put("submitted", new PaymentEvent.ProviderSubmitted("stripe", "att_1"));
    events.put("unknown", new PaymentEvent.Unknown("stripe", "att_1", "timeout"));
    events.put("confirmed", new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 1999, "usd"));
    events.put("declined",
        new PaymentEvent.Declined("stripe", "att_1", null, "card_declined", null, "Your card was declined."));
    events.put("settled", new PaymentEvent.Settled("stl_1"));
    return events;
  }

  static Stream<Arguments> cells() {
    List<String[]> rows = TABLE.lines().map(line -> line.trim().split("[\\s|]+")).toList();
    return rows.stream().skip(1).flatMap(row -> java.util.stream.IntStream.range(1, row.length)
        .mapToObj(i -> Arguments.of(row[0], rows.getFirst()[i], row[i])));
  }

  @Test
  void table_coversEveryStatusAndEveryEvent() {
    assertThat(cells().map(c -> c.get()[0]).distinct())
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(Status.values()).map(s -> (Object) s.wire()).toList());
    assertThat(cells().map(c -> c.get()[1]).distinct()).containsExactlyInAnyOrderElementsOf(EVENTS.keySet());
    assertThat(EVENTS.values().stream().<Class<?>>map(Object::getClass).collect(Collectors.toSet()))
        .isEqualTo(setOf(PaymentEvent.class.getPermittedSubclasses()));
    assertThat(cells()).hasSize(Status.values().length * EVENTS.size());
  }

  private static HashSet<Class<?>> setOf(Class<?>[] classes) { return new HashSet<>(Arrays.asList(classes)); }

  @ParameterizedTest(name = "{0} by {1} to {2}")
  @MethodSource("cells")
  void move_isPermittedExactlyAsTheTableSays(String from, String by, String to) {
    Status before = Status.ofWire(from);
    PaymentEvent event = EVENTS.get(by);
    if (to.equals("-")) {
      assertThatThrownBy(() -> Transitions.after(before, event)).isInstanceOf(IllegalStateException.class)
          .hasMessage(event.type().wire() + " may not move a payment from " + from + " to "
              + event.target().wire());
    } else {
      assertThat(Transitions.after(before, event)).isEqualTo(Status.ofWire(to)).isEqualTo(event.target());
    }
  }

  @Test
  void permitted_holdsNoMoveBesidesTheTable() {
    var expected = cells().filter(c -> !c.get()[2].equals("-"))
        .map(c -> new Transitions.Move(Status.ofWire((String) c.get()[0]),
            EVENTS.get((String) c.get()[1]).type(), Status.ofWire((String) c.get()[2])))
        .collect(Collectors.toSet());
    assertThat(Transitions.permitted()).isEqualTo(expected);
  }

  @Test
  void permitted_noWayOutOfAnEnd() {
    var ends = List.of(Status.BLOCKED, Status.DECLINED, Status.SETTLED);
    assertThat(Transitions.permitted()).noneMatch(move -> ends.contains(move.from()));
    assertThat(ends).allMatch(Status::atRest);
  }

  @Test
  void permitted_noChargeWithoutARecordedIntent() {
    assertThat(Transitions.permitted()).filteredOn(move -> move.to() == Status.CONFIRMED)
        .extracting(Transitions.Move::from)
        .containsExactlyInAnyOrder(Status.PROVIDER_SUBMITTED, Status.UNKNOWN);
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
    assertThat(EventType.ofWire("payment.refunded")).isNull();
  }
}
