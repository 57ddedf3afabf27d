package dev.millrace.payment;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A payment as the fold of its events: the same events in the same order always give the same payment.
 * Immutable. It refuses what {@link Transitions} refuses, and every amount that cannot be: nothing is
 * captured beyond what was authorized, nothing refunded beyond what was captured. Amounts are minor units.
 *
 * @param version how many events it has
 * @param attempt our reference of the charge that is out or has been answered last
 * @param amountAuthorized what the provider held or charged for us, at most what was asked for
 * @param amountCharged what the provider says it took from the payer
 * @param amountCaptured the merchant's part of that
 * @param fees what was taken of the merchant's part
 * @param settled whether it has been netted into a batch
 * @param payerReturned whether the payer has come back from the provider's page
 * @param operations every capture, cancellation and refund, oldest first
 * @param refunds the provider's names of all refunds
 * @param disputes by the provider's name
 */
public record Payment(int version, Status status, PaymentEvent.Initiated asked, @Nullable String provider,
    @Nullable String attempt, @Nullable String providerReference, long amountAuthorized, long amountCharged,
    long amountCaptured, long amountRefunded, Fees fees, boolean settled, boolean payerReturned,
    List<Operation> operations, Set<String> refunds, Map<String, Dispute> disputes) {

  /** Fees that were taken, and what of them went back to the merchant with refunds. */
  public record Fees(long provider, long providerReturned, long gateway, long gatewayReturned) {
    static final Fees NONE = new Fees(0, 0, 0, 0);
  }

  /** A payment that was accepted. */
  public static Payment of(PaymentEvent.Initiated asked) {
    return new Payment(1, Status.INITIATED, asked, null, null, null, 0, 0, 0, 0, Fees.NONE, false, false,
        List.of(), Set.of(), Map.of());
  }

  /** The payment after these events, of which the first is its {@code payment.initiated}. */
  public static Payment of(List<PaymentEvent> events) {
    if (events.isEmpty() || !(events.getFirst() instanceof PaymentEvent.Initiated asked))
      throw new IllegalStateException("a payment's first event is payment.initiated");
    Payment payment = of(asked);
    for (PaymentEvent event : events.subList(1, events.size())) payment = payment.after(event);
    return payment;
  }

  /** The operation of this id, or null. */
  public @Nullable Operation operation(String id) {
    for (Operation operation : operations) if (operation.id().equals(id)) return operation;
    return null;
  }

  /** The capture or cancellation that is under way, or null: there is at most one. */
  public @Nullable Operation openCaptureOrCancel() {
    for (Operation o : operations) if (o.open() && o.kind() != Operation.Kind.REFUND) return o;
    return null;
  }

  /** What refunds that are under way would give back. */
  public long refundsOpen() {
    long sum = 0;
    for (Operation o : operations) if (o.open() && o.kind() == Operation.Kind.REFUND) sum += o.amount();
    return sum;
  }

  /**
   * What can still be refunded: never less than nothing, also when more went back at the provider than we
   * know of.
   */
  public long refundable() {
    return Math.max(0, amountCaptured - amountRefunded - refundsOpen());
  }

  /**
   * The status that captures, refunds and settlement alone would give: where a won dispute leaves the
   * payment.
   */
  public Status undisputed() {
    if (amountRefunded > 0)
      return amountRefunded == amountCaptured ? Status.REFUNDED : Status.PARTIALLY_REFUNDED;
    return settled ? Status.SETTLED : Status.CONFIRMED;
  }

  /**
   * The payment after one more event.
   *
   * @throws IllegalStateException when the event cannot follow: a defect of whoever made it
   */
  public Payment after(PaymentEvent event) {
    var next = new Draft(this, Transitions.after(status, event));
    switch (event) {
      case PaymentEvent.Initiated _, PaymentEvent.Screened _, PaymentEvent.Blocked _,
          PaymentEvent.Unknown _ ->
        {
        }
      case PaymentEvent.ActionReturned _ -> next.payerReturned = true;
      case PaymentEvent.ProviderSubmitted s -> {
        next.provider = s.provider();
        next.attempt = s.attempt();
      }
      case PaymentEvent.RequiresAction a -> next.providerReference = a.providerReference();
      case PaymentEvent.Authorized a -> {
        positive(event, a.amountAuthorized());
        next.providerReference = a.providerReference();
        next.amountAuthorized = Math.min(a.amount(), a.amountAuthorized());
      }
      case PaymentEvent.Confirmed c -> confirmed(next, c);
      case PaymentEvent.Declined d -> {
        if (d.providerReference() != null) next.providerReference = d.providerReference();
      }
      case PaymentEvent.CaptureRequested r -> {
        positive(event, r.amount());
        require(r.amount() <= amountAuthorized, event,
            "a capture of " + r.amount() + " where " + amountAuthorized + " was authorized");
        next.request(r.operation(), Operation.Kind.CAPTURE, r.amount(), null);
      }
      case PaymentEvent.CancelRequested r ->
        next.request(r.operation(), Operation.Kind.CANCEL, 0, r.reason());
      case PaymentEvent.RefundRequested r -> {
        positive(event, r.amount());
        require(r.amount() <= refundable(), event, "a refund of " + r.amount() + " where " + refundable()
            + " can be refunded");
        next.request(r.operation(), Operation.Kind.REFUND, r.amount(), r.reason());
      }
      case PaymentEvent.OperationSubmitted s -> next.submitted(s.operation(), s.attempt());
      case PaymentEvent.OperationUnknown u -> next.operation(u.operation(), Operation.State.UNKNOWN);
      case PaymentEvent.Refunded r -> refunded(next, r);
      case PaymentEvent.EndsOperation e -> next.operation(e.operation(), e.end());
      case PaymentEvent.Settled _ -> next.settled = true;
      case PaymentEvent.Disputed d -> {
        positive(event, d.amount());
        require(!disputes.containsKey(d.dispute()), event, "a second opening of " + d.dispute());
        require(d.amount() <= amountCaptured, event, "a dispute of more than was captured");
        next.dispute(new Dispute(d.dispute(), d.amount(), Dispute.State.OPEN));
      }
      case PaymentEvent.DisputeWon w -> {
        require(w.status() == undisputed(), event, "a won dispute that leads to " + w.status().wire());
        close(next, event, w.dispute(), w.amount(), Dispute.State.WON);
      }
      case PaymentEvent.ChargedBack c -> close(next, event, c.dispute(), c.amount(), Dispute.State.LOST);
      case PaymentEvent.Returned r -> {
        positive(event, r.amount());
        require(r.amount() <= amountCaptured, event, "a return of more than was captured");
        next.returned(r.providerFeeReturned(), r.gatewayFeeReturned());
      }
    }
    return next.payment();
  }

  private void confirmed(Draft next, PaymentEvent.Confirmed c) {
    positive(c, c.captured());
    long authorized = status == Status.AUTHORIZED ? amountAuthorized : asked.amount();
    require(c.captured() <= authorized, c, "a capture of " + c.captured() + " where " + authorized
        + " was authorized");
    next.providerReference = c.providerReference();
    next.amountAuthorized = authorized;
    next.amountCharged = c.amountCharged();
    next.amountCaptured = c.captured();
    next.fees = new Fees(c.providerFee() == null ? 0 : c.providerFee(), 0,
        c.gatewayFee() == null ? 0 : c.gatewayFee(), 0);
    next.operation(c.operation(), Operation.State.SUCCEEDED);
  }

  private void refunded(Draft next, PaymentEvent.Refunded r) {
    positive(r, r.amount());
    long total = amountRefunded + r.amount();
    require(r.amountRefunded() == total, r, "refunds of " + r.amountRefunded() + " that sum up to " + total);
    require(total <= amountCaptured, r, "refunds of " + total + " of " + amountCaptured + " captured");
    require(!refunds.contains(r.providerReference()), r, "a second " + r.providerReference());
    var names = new TreeSet<>(refunds);
    names.add(r.providerReference());
    next.refunds = names;
    next.amountRefunded = total;
    next.returned(r.providerFeeReturned(), r.gatewayFeeReturned());
    next.operation(r.operation(), Operation.State.SUCCEEDED);
  }

  private void close(Draft next, PaymentEvent event, String id, long amount, Dispute.State end) {
    Dispute open = disputes.get(id);
    require(open != null && open.open() && open.amount() == amount, event,
        "the end of a dispute that is not open: " + id);
    next.dispute(new Dispute(id, amount, end));
  }

  /** Money moves one way by each event: an amount of nothing, or a negative one, would move it another. */
  private static void positive(PaymentEvent event, long amount) {
    require(amount > 0, event, "an amount of " + amount);
  }

  private static void require(boolean held, PaymentEvent event, String what) {
    if (!held) throw new IllegalStateException(event.type().wire() + ": " + what);
  }

  /** The next payment while it is being made. */
  private static final class Draft {
    final Payment before;
    final Status status;
    @Nullable
    String provider;
    @Nullable
    String attempt;
    @Nullable
    String providerReference;
    long amountAuthorized;
    long amountCharged;
    long amountCaptured;
    long amountRefunded;
    Fees fees;
    boolean settled;
    boolean payerReturned;
    List<Operation> operations;
    Set<String> refunds;
    Map<String, Dispute> disputes;

    Draft(Payment before, Status status) {
      this.before = before;
      this.status = status;
      provider = before.provider;
      attempt = before.attempt;
      providerReference = before.providerReference;
      amountAuthorized = before.amountAuthorized;
      amountCharged = before.amountCharged;
      amountCaptured = before.amountCaptured;
      amountRefunded = before.amountRefunded;
      fees = before.fees;
      settled = before.settled;
      payerReturned = before.payerReturned;
      refunds = before.refunds;
      operations = before.operations;
      disputes = before.disputes;
    }

    void request(String id, Operation.Kind kind, long amount, @Nullable String reason) {
      if (before.operation(id) != null) throw new IllegalStateException("a second request of " + id);
      if (kind != Operation.Kind.REFUND && before.openCaptureOrCancel() != null)
        throw new IllegalStateException(id + " while another capture or cancellation is under way");
      var all = new ArrayList<>(operations);
      all.add(new Operation(id, kind, Operation.State.REQUESTED, amount, reason, null));
      operations = List.copyOf(all);
    }

    void submitted(String id, String reference) { replace(open(id).submitted(reference)); }

    /** Null: nobody asked for it. */
    void operation(@Nullable String id, Operation.State state) {
      if (id != null) replace(open(id).to(state));
    }

    private Operation open(String id) {
      Operation operation = before.operation(id);
      if (operation == null || !operation.open())
        throw new IllegalStateException("no operation under way: " + id);
      return operation;
    }

    private void replace(Operation changed) {
      operations = operations.stream().map(o -> o.id().equals(changed.id()) ? changed : o).toList();
    }

    void dispute(Dispute dispute) {
      var all = new TreeMap<>(disputes);
      all.put(dispute.id(), dispute);
      disputes = all;
    }

    void returned(@Nullable Long ofProvider, @Nullable Long ofGateway) {
      long provided = fees.providerReturned + (ofProvider == null ? 0 : ofProvider);
      long gated = fees.gatewayReturned + (ofGateway == null ? 0 : ofGateway);
      if (provided > fees.provider || gated > fees.gateway)
        throw new IllegalStateException("more of a fee returned than was taken");
      fees = new Fees(fees.provider, provided, fees.gateway, gated);
    }

    Payment payment() {
      return new Payment(before.version + 1, status, before.asked, provider, attempt, providerReference,
          amountAuthorized, amountCharged, amountCaptured, amountRefunded, fees, settled,
          payerReturned, operations, refunds, disputes);
    }
  }
}
