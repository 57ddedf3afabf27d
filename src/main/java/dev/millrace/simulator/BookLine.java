package dev.millrace.simulator;

import dev.millrace.simulator.Movement.Kind;
import java.util.Map;

/** A payment as a line of {@code GET /book}: what it has come to, and every movement of it. */
final class BookLine {
  private final Map<Wire, Answers> wires;

  BookLine(Map<Wire, Answers> wires) {
    this.wires = wires;
  }

  void append(StringBuilder out, Standing standing) {
    Entry entry = standing.entry();
    String reference = entry.reference();
    String id = id(entry, entry);
    JsonText.string(out.append("{\"reference\":"), reference == null ? id : reference);
    out.append(",\"provider_id\":\"").append(id);
    out.append("\",\"wire\":\"").append(entry.wire().text());
    out.append("\",\"amount\":").append(entry.amount());
    out.append(",\"currency\":\"").append(entry.currency());
    out.append("\",\"amount_authorized\":").append(standing.authorized());
    out.append(",\"amount_captured\":").append(standing.captured());
    out.append(",\"amount_refunded\":").append(standing.refunded());
    out.append(",\"amount_disputed\":").append(standing.disputed());
    out.append(",\"amount_returned\":").append(standing.returned());
    out.append(",\"status\":\"").append(standing.word());
    out.append("\",\"payment_method\":\"").append(entry.method().id());
    out.append("\",\"created\":").append(entry.created()).append(",\"movements\":[");
    for (int i = 0; i < standing.movements().size(); i++) {
      movement(i == 0 ? out : out.append(','), standing, standing.movements().get(i));
    }
    out.append("]}\n");
  }

  private void movement(StringBuilder out, Standing standing, Movement movement) {
    out.append("{\"kind\":\"").append(movement.kind().text());
    JsonText.string(out.append("\",\"reference\":"), movement.reference());
    out.append(",\"provider_id\":\"").append(id(standing.entry(), movement));
    out.append("\",\"amount\":").append(movement.amount());
    out.append(",\"status\":\"").append(status(standing, movement)).append("\"}");
  }

  private static String status(Standing standing, Movement movement) {
    if (!movement.carriedOut()) {
      return "refused";
    }
    Movement end = standing.endOf(movement);
    return switch (movement.kind()) {
      case REFUND -> standing.pending(movement)
          ? "pending"
          : end != null && end.kind() == Kind.REFUND_FAILURE ? "failed" : "succeeded";
      case DISPUTE -> end == null ? "open" : end.kind() == Kind.DISPUTE_WON ? "won" : "lost";
      case COMPLETION_FAILURE, AUTHENTICATION_FAILURE, REFUND_FAILURE -> "failed";
      default -> "succeeded";
    };
  }

  private String id(Entry entry, Line line) {
    Answers wire = wires.get(entry.wire());
    if (wire == null) {
      throw new IllegalStateException("no names of " + entry.wire());
    }
    return wire.id(line);
  }
}
