package dev.millrace.processing;

import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The ledger of some payments of one merchant, in memory: postings, a roll-up with its tail, and netting as
 * it is settled.
 */
final class LedgerModel {
  static final String MERCHANT = "mer_1";

  /** Which event posts what. */
  interface Rules {
    List<Posting> postings(PaymentEvent event, String merchant);
  }

  private record Batch(String provider, String currency) {}

  private record Net(long share, long owed) {
    Net plus(Net other) { return new Net(share + other.share, owed + other.owed); }
  }

  private final Rules rules;
  private final List<Posting> postings = new ArrayList<>();
  private final Map<String, Long> rolledUp = new TreeMap<>();
  private int horizon;
  /** What has moved since the last settlement, by payment and batch. */
  private final Map<PaymentLife, Map<Batch, Net>> moved = new LinkedHashMap<>();

  LedgerModel(Rules rules) { this.rules = rules; }

  void post(PaymentLife life, String provider, PaymentEvent event) {
    var lines = rules.postings(event, MERCHANT);
    book(lines);
    long share = 0;
    long owed = 0;
    for (Posting p : lines) {
      if (p.account().startsWith("merchant_pending:")) share -= p.amount();
      if (p.account().startsWith("provider_receivable:")) owed += p.amount();
    }
    if (event instanceof PaymentEvent.Nets)
      moved.computeIfAbsent(life, l -> new LinkedHashMap<>())
          .merge(new Batch(provider, lines.getFirst().currency()), new Net(share, owed), Net::plus);
  }

  private void book(List<Posting> lines) {
    var sums = new TreeMap<String, Long>();
    for (Posting p : lines) sums.merge(p.currency(), p.amount(), Math::addExact);
    if (sums.values().stream().anyMatch(sum -> sum != 0))
      throw new AssertionError("debits and credits differ: " + lines);
    postings.addAll(lines);
  }

  /** Nets what has moved; answers the payments that get a {@code payment.settled}. */
  List<PaymentLife> settle() {
    var nets = new LinkedHashMap<Batch, Net>();
    moved.values().forEach(batches -> batches.forEach((batch, net) -> nets.merge(batch, net, Net::plus)));
    nets.forEach((batch, net) -> book(PostingRules.settlement(MERCHANT, batch.provider, "card",
        batch.currency, net.share, net.owed)));
    var lives = List.copyOf(moved.keySet());
    moved.clear();
    return lives;
  }

  static PaymentEvent settled(Status status) {
    return new PaymentEvent.Settled("stl_1", status == Status.CONFIRMED ? null : status);
  }

  /** Takes the postings so far into the roll-up. */
  void rollUp() {
    for (; horizon < postings.size(); horizon++) add(rolledUp, postings.get(horizon));
  }

  private static void add(Map<String, Long> balances, Posting p) {
    balances.merge(p.account() + " " + p.currency(), p.amount(), Math::addExact);
  }

  /** The roll-up and the tail after it. */
  Map<String, Long> balances() {
    var all = new TreeMap<>(rolledUp);
    for (Posting p : postings.subList(horizon, postings.size())) add(all, p);
    return all;
  }

  /** Every posting, added up. */
  Map<String, Long> fold() {
    var all = new TreeMap<String, Long>();
    for (Posting p : postings) add(all, p);
    return all;
  }

  /** The sum of the accounts that begin so. */
  long sum(String prefix) {
    return postings.stream().filter(p -> p.account().startsWith(prefix)).mapToLong(Posting::amount).sum();
  }
}
