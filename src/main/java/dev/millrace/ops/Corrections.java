package dev.millrace.ops;

import dev.millrace.ledger.Accounts;
import dev.millrace.ledger.Suspense;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.Corrected;
import dev.millrace.platform.OperatorRefusal;
import dev.millrace.platform.TypeId;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What moves out of suspense by an operator's word: at most what of the payment stands there, to the side
 * from which it came. Pure.
 */
final class Corrections {
  /**
   * What an operator wants.
   *
   * @param key the operator's name of the act: the same again is the same act
   * @param amount minor units, positive
   * @param to {@code merchant}, {@code fees} or {@code provider}
   * @param lateCharge of which late charge it is, by any operation that was to give it back; null where that
   *   is plain
   * @param provider at which account it was moved; null where that is plain
   */
  record Order(String key, String operator, String reason, long amount, String to,
      @Nullable String lateCharge, @Nullable String provider) {}

  /** {@code known}: it was booked before, under the same key. */
  record Decision(Corrected event, boolean known) {}

  private Corrections() {}

  /**
   * The event to be appended, or that was.
   *
   * @param merchant {@code mer_…}
   * @throws OperatorRefusal 409 when the payment does not bear it, or the key was used for something else
   */
  static Decision decide(UUID payment, String merchant, List<PaymentEvent> events, Order order) {
    Payment p = Payment.of(events);
    String id = TypeId.format(TypeId.CORRECTION,
        UUID.nameUUIDFromBytes((payment + "/" + order.key).getBytes(StandardCharsets.UTF_8)));
    for (PaymentEvent event : events)
      if (event instanceof Corrected c && c.correction().equals(id)) return again(p, merchant, c, order);
    Suspense.Part part = part(p, Suspense.of(events, merchant), order);
    long stands = Math.abs(part.amount());
    if (order.amount > stands)
      throw new OperatorRefusal(409,
          "`amount` must be at most " + stands + ", which is what stands in suspense of "
              + origin(part) + ", not " + order.amount);
    if (part.lateCharge() != null)
      for (Operation o : p.returnsOf(part.lateCharge()))
        if (o.open())
          throw new OperatorRefusal(409, "the late charge is being given back by " + o.id()
              + ": correct what is left of it when that has ended");
    boolean debit = part.amount() < 0;
    String other = account(order.to, merchant, part.provider());
    return new Decision(new Corrected(id, order.operator, order.reason, order.amount, p.asked().currency(),
        debit ? Accounts.SUSPENSE : other, debit ? other : Accounts.SUSPENSE, part.provider(),
        part.lateCharge(), p.status()), false);
  }

  private static String account(String to, String merchant, String provider) {
    return switch (to) {
      case "merchant" -> Accounts.merchantPending(merchant);
      case "fees" -> Accounts.FEES;
      case "provider" -> Accounts.providerReceivable(provider);
      default -> throw new IllegalArgumentException("no account: " + to);
    };
  }

  private static Decision again(Payment p, String merchant, Corrected known, Order order) {
    String other = account(order.to, merchant, known.provider());
    boolean same = known.operator().equals(order.operator) && known.reason().equals(order.reason)
        && known.amount() == order.amount
        && (known.debit().equals(other) || known.credit().equals(other))
        && (order.provider == null || order.provider.equals(known.provider()))
        && (order.lateCharge == null || order.lateCharge.equals(known.lateCharge())
            || (known.lateCharge() != null && p.returnsOf(known.lateCharge()).stream()
                .anyMatch(o -> o.id().equals(order.lateCharge))));
    if (same) return new Decision(known, true);
    throw new OperatorRefusal(409, "`key` was used for another correction, of " + known.amount() + " from "
        + known.credit() + " to " + known.debit() + " by " + known.operator()
        + ": give a new correction a key of its own");
  }

  /** That of which the order is: the only one, or the one that it names. */
  private static Suspense.Part part(Payment p, List<Suspense.Part> all, Order order) {
    if (all.isEmpty()) throw new OperatorRefusal(409, "nothing of this payment stands in suspense");
    var meant = all.stream().filter(part -> order.provider == null || part.provider().equals(order.provider))
        .filter(
            part -> order.lateCharge == null || (part.lateCharge() != null && p.returnsOf(part.lateCharge())
                .stream().anyMatch(o -> o.id().equals(order.lateCharge))))
        .toList();
    if (meant.size() == 1) return meant.getFirst();
    String stand = all.stream().map(part -> Math.abs(part.amount()) + " of " + origin(part))
        .collect(Collectors.joining(", "));
    throw meant.isEmpty()
        ? new OperatorRefusal(409, "nothing such stands in suspense, but " + stand)
        : new OperatorRefusal(400, "`late_charge` or `provider` must say of which: there stand " + stand);
  }

  private static String origin(Suspense.Part part) {
    return (part.lateCharge() == null
        ? "what moved beyond the payment"
        : "the late charge " + part.lateCharge()) + " at " + part.provider();
  }
}
