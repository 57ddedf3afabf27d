package dev.millrace.chaos;

import dev.millrace.endtoend.SimulatorBook;
import dev.millrace.endtoend.SimulatorBook.Entry;
import dev.millrace.endtoend.SimulatorBook.Movement;
import dev.millrace.endtoend.SiteSql;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Site;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Lays the provider's book beside the gateway's tables, payment by payment and call by call: what is charged,
 * held and given back there was ordered here, for that payment, and once, whatever reference it went by.
 */
final class Matching {
  private record Call(String payment, String kind, String operation) {}

  private final Map<String, Call> calls = new HashMap<>();
  private final Map<String, String> statuses;
  private final Map<String, Long> authorized;
  private final Map<String, Long> refunded;
  private final List<List<String>> operations;
  private final SimulatorBook book;
  private final Map<String, Entry> live = new HashMap<>();
  private final Map<String, Long> refundedThere = new TreeMap<>();
  private final Map<String, Integer> carriedOut = new HashMap<>();
  private final List<String> differences = new ArrayList<>();

  private Matching(Site site) {
    for (var row : SiteSql.rows(site, "SELECT reference, payment_id, kind, operation FROM attempt"))
      calls.put(row.get(0), new Call(row.get(1), row.get(2), row.get(3)));
    statuses = SiteSql.texts(site, "SELECT id, status FROM payment");
    authorized = SiteSql.numbers(site,
        "SELECT id, amount_authorized FROM payment WHERE status = 'authorized'");
    refunded = SiteSql.numbers(site, "SELECT id, amount_refunded FROM payment WHERE amount_refunded <> 0");
    operations = SiteSql.rows(site, "SELECT id, kind, status, payment_id FROM operation");
    book = SimulatorBook.of(site);
  }

  /** What does not match. Call it at rest. */
  static List<String> differences(Site site) {
    var matching = new Matching(site);
    matching.book.entries().forEach(matching::entry);
    matching.payments();
    matching.operations();
    return matching.differences;
  }

  private Call call(String reference) {
    UUID id = reference == null ? null : TypeId.parse(TypeId.ATTEMPT, reference);
    return id == null ? null : calls.get(id.toString());
  }

  private void entry(Entry entry) {
    Call call = call(entry.reference());
    if (call == null) {
      differences.add("nobody ordered a charge: " + entry);
      return;
    }
    String payment = call.payment;
    if (entry.live()) {
      Entry other = live.put(payment, entry);
      if (other != null)
        differences.add("payment " + payment + " is charged or held more than once: " + other + ", " + entry);
    }
    if (entry.held() && !"authorized".equals(statuses.get(payment)))
      differences.add("payment " + payment + " is held and stands " + statuses.get(payment) + ": " + entry);
    if (entry.refunded() != 0) refundedThere.merge(payment, entry.refunded(), Long::sum);
    entry.movements().stream().filter(Movement::carriedOut).forEach(m -> movement(payment, m));
  }

  private void movement(String payment, Movement movement) {
    Call call = call(movement.reference());
    if (call == null) {
      differences.add("nobody ordered a " + movement.kind() + " of payment " + payment + ": " + movement);
      return;
    }
    if (!call.payment.equals(payment) || !call.kind.equals(movement.kind()))
      differences.add("a " + call.kind + " of payment " + call.payment + " was carried out as a "
          + movement.kind() + " of payment " + payment + ": " + movement);
    if (call.operation != null) carriedOut.merge(call.operation, 1, Integer::sum);
  }

  private void payments() {
    authorized.forEach((payment, amount) -> {
      Entry entry = live.get(payment);
      if (entry == null || !entry.held() || entry.authorized() != amount)
        differences
            .add("payment " + payment + " stands authorized, " + amount + ", and the book says " + entry);
    });
    if (!refunded.equals(refundedThere)) {
      var payments = new HashMap<>(refunded);
      payments.putAll(refundedThere);
      for (String payment : payments.keySet())
        if (!refunded.getOrDefault(payment, 0L).equals(refundedThere.getOrDefault(payment, 0L)))
          differences.add("refunded of payment " + payment + ": " + refunded.get(payment)
              + " by the gateway, " + refundedThere.get(payment) + " by the book");
    }
  }

  /** Each that succeeded was carried out once, whichever of its calls it was; none that failed was. */
  private void operations() {
    for (var row : operations) {
      int times = carriedOut.getOrDefault(row.get(0), 0);
      boolean succeeded = row.get(2).equals("succeeded");
      if (times != (succeeded ? 1 : 0))
        differences.add("the " + row.get(1) + " " + row.get(0) + " of payment " + row.get(3) + " "
            + row.get(2) + " and was carried out " + times + " times");
    }
  }
}
