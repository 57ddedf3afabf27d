package dev.millrace.simulator.control;

import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.JsonText;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.WireAnswers;
import java.util.Map;

/**
 * A payment as a line of {@code GET /book}: what it has come to, and every movement of it. Amounts are in ISO
 * 4217's minor units.
 */
public final class PaymentReport {
  private final Map<Wire, WireAnswers> wires;

  public PaymentReport(Map<Wire, WireAnswers> wires) {
    this.wires = wires;
  }

  void append(StringBuilder out, PaymentState state) {
    Entry entry = state.entry();
    String reference = entry.reference();
    String id = id(entry, entry);
    JsonText.string(out.append("{\"reference\":"), reference == null ? id : reference);
    out.append(",\"provider_id\":\"").append(id);
    out.append("\",\"wire\":\"").append(entry.wire().text());
    out.append("\",\"amount\":").append(entry.amount());
    out.append(",\"currency\":\"").append(entry.currency());
    out.append("\",\"amount_authorized\":").append(state.authorized());
    out.append(",\"amount_captured\":").append(state.captured());
    out.append(",\"amount_refunded\":").append(state.refunded());
    out.append(",\"amount_disputed\":").append(state.disputed());
    out.append(",\"amount_returned\":").append(state.returned());
    out.append(",\"status\":\"").append(state.word());
    out.append("\",\"payment_method\":\"").append(entry.method().id());
    out.append("\",\"created\":").append(entry.created()).append(",\"movements\":[");
    for (int i = 0; i < state.movements().size(); i++) {
      movement(i == 0 ? out : out.append(','), state, state.movements().get(i));
    }
    out.append("]}\n");
  }

  private void movement(StringBuilder out, PaymentState state, Movement movement) {
    out.append("{\"kind\":\"").append(movement.kind().text());
    JsonText.string(out.append("\",\"reference\":"), movement.reference());
    out.append(",\"provider_id\":\"").append(id(state.entry(), movement));
    out.append("\",\"amount\":").append(movement.amount());
    out.append(",\"status\":\"").append(status(state, movement)).append("\"}");
  }

  private static String status(PaymentState state, Movement movement) {
    if (!movement.carriedOut()) {
      return "refused";
    }
    Movement end = state.endOf(movement);
    return switch (movement.kind()) {
      case REFUND -> state.pending(movement)
          ? "pending"
          : end != null && end.kind() == Kind.REFUND_FAILURE ? "failed" : "succeeded";
      case CAPTURE, PARTIAL_CAPTURE -> end == null ? "succeeded" : "failed";
      case RETURN -> state.returned() == 0 ? "reversed" : "succeeded";
      case DISPUTE -> end == null ? "open" : end.kind() == Kind.DISPUTE_WON ? "won" : "lost";
      case COMPLETION_FAILURE, AUTHENTICATION_FAILURE, CAPTURE_FAILURE, REFUND_FAILURE, TRY_REFUSED ->
        "failed";
      default -> "succeeded";
    };
  }

  private String id(Entry entry, BookLine line) {
    WireAnswers wire = wires.get(entry.wire());
    if (wire == null) {
      throw new IllegalStateException("no names of " + entry.wire());
    }
    return wire.id(line);
  }
}
