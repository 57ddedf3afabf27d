package dev.millrace.ledger;

import dev.millrace.payment.PaymentEvent;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What of one payment stands in suspense, by where it came from: the sums of the postings of its events.
 * Pure.
 */
public final class Suspense {
  /**
   * What stands there of one origin.
   *
   * @param lateCharge the late charge whose money it is, by the operation of its own event; null for what was
   *   moved beyond the payment
   * @param provider the account at which it was moved
   * @param amount minor units, as postings have them: negative where more came than anybody is entitled to,
   *   positive where more went out than the payment had; never zero
   */
  public record Part(@Nullable String lateCharge, String provider, long amount) {}

  private record Origin(@Nullable String lateCharge, String provider) {}

  private Suspense() {}

  /** Of a payment by its events, oldest first; {@code merchant} is {@code mer_…}. Empty when nothing does. */
  public static List<Part> of(List<PaymentEvent> events, String merchant) {
    Map<String, String> lateCharges = new HashMap<>();
    Map<Origin, Long> sums = new LinkedHashMap<>();
    for (PaymentEvent event : events) {
      if (event instanceof PaymentEvent.ReturnsLateCharge r) lateCharges.put(r.operation(), r.lateCharge());
      if (!(event instanceof PaymentEvent.MovesMoney moved)) continue;
      long amount = 0;
      for (Posting posting : PostingRules.postings(moved, merchant))
        if (posting.account().equals(Accounts.SUSPENSE)) amount += posting.amount();
      if (amount != 0)
        sums.merge(new Origin(lateCharges.get(moved.lateChargeOperation()), moved.provider()), amount,
            Long::sum);
    }
    var parts = new ArrayList<Part>();
    sums.forEach((origin, sum) -> {
      if (sum != 0) parts.add(new Part(origin.lateCharge, origin.provider, sum));
    });
    return List.copyOf(parts);
  }
}
