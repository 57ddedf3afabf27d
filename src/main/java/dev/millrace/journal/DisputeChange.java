package dev.millrace.journal;

import dev.millrace.payment.Dispute.State;
import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What events of a payment change in the row of one of its disputes, and which events of the dispute's own
 * they bring along, oldest first. Reason and {@code evidenceDue} (Unix seconds) are null where they stay.
 */
record DisputeChange(UUID id, UUID payment, String provider, String providerReference, State state,
    long amount, String currency, @Nullable String reason, @Nullable Long evidenceDue,
    List<OwnEvent> events) {

  /** An event of the dispute's own, which has {@code amount} and {@code state} after it. */
  record OwnEvent(EventType type, State state, long amount) {
    String status() {
      return wire(state);
    }
  }

  /** Null when the event is about no dispute. */
  static @Nullable DisputeChange of(UUID payment, PaymentEvent event) {
    if (!(event instanceof PaymentEvent.OfDispute d)) return null;
    return new DisputeChange(id(payment, d.dispute()), payment, d.provider(), d.dispute(), d.state(),
        d.amount(), d.currency(), d.reason(), d.evidenceDue(),
        List.of(new OwnEvent(d.disputeEvent(), d.state(), d.amount())));
  }

  /**
   * The id of a dispute, the same from the same events: a name-based UUID of its payment and the provider's
   * name of it.
   */
  static UUID id(UUID payment, String reference) {
    return UUID.nameUUIDFromBytes((payment + "/" + reference).getBytes(StandardCharsets.UTF_8));
  }

  /** The name of its status in the API and the database. */
  String status() {
    return wire(state);
  }

  private static String wire(State state) { return state.name().toLowerCase(Locale.ROOT); }

  /** This change with one that came after it. */
  DisputeChange then(DisputeChange next) {
    var all = new ArrayList<>(events);
    all.addAll(next.events);
    return new DisputeChange(id, payment, provider, providerReference, next.state, next.amount, currency,
        next.reason == null ? reason : next.reason, next.evidenceDue == null ? evidenceDue : next.evidenceDue,
        List.copyOf(all));
  }
}
