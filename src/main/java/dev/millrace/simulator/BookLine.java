package dev.millrace.simulator;

import dev.millrace.simulator.Movement.Kind;

/** A payment as a line of {@code GET /book}: what it has come to, and every movement of it. */
final class BookLine {
  private final Ids ids;

  BookLine(Ids ids) {
    this.ids = ids;
  }

  void append(StringBuilder out, Standing standing) {
    Entry entry = standing.entry();
    String reference = entry.reference();
    String id = providerId(entry);
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
    out.append(",\"provider_id\":\"").append(providerId(standing.entry(), movement));
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

  /** The payment's id on its wire. */
  String providerId(Entry entry) {
    return ids.of(StripeObjects.INTENT, entry);
  }

  /** The id the movement has on its wire: Stripe's captures, cancellations and completions have the payment's. */
  private String providerId(Entry entry, Movement movement) {
    return switch (movement.kind()) {
      case REFUND -> ids.of(StripeRefunds.REFUND, movement);
      case REFUND_SUCCESS, REFUND_FAILURE -> ids.movement(StripeRefunds.REFUND, movement.about());
      case DISPUTE -> ids.of(StripeRefunds.DISPUTE, movement);
      case DISPUTE_WON, DISPUTE_LOST -> ids.movement(StripeRefunds.DISPUTE, movement.about());
      default -> providerId(entry);
    };
  }
}
