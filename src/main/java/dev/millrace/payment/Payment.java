package dev.millrace.payment;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * A payment as the fold of its events: the same events in the same order always give the same payment.
 * Immutable. It refuses what {@link Transitions} refuses, and every amount that cannot be. What a provider
 * moved beyond what was authorized or captured is {@link #beyond} the payment and stands in suspense: each
 * event's excess is by how much that changes, so that the same movements give the same in any order. Amounts
 * are minor units.
 *
 * @param version how many events it has
 * @param attempt our reference of the charge that is out or has been answered last
 * @param amountAuthorized what the provider held or charged for us, at most what was asked for
 * @param amountCharged what the provider says it took from the payer, in all captures
 * @param amountCaptured the merchant's part of that
 * @param amountRefunded what the provider has given back, in all refunds
 * @param fees what was taken of the merchant's part
 * @param settled whether it has been netted into a batch
 * @param payerCameBack whether the payer has come back from the provider's page
 * @param operations every capture, cancellation, refund and reversal, oldest first
 * @param captures all, oldest first, those that were reversed included
 * @param refunds the same
 * @param sentBack the last return of the debit, reversed or not; null where there was none
 * @param disputes by the provider's name
 * @param strays charges that are given back, by the operation that does so
 * @param heard what of the provider's words that move nothing is recorded, by its names of them, and which
 *   corrections are booked
 */
public record Payment(int version, Status status, PaymentEvent.Initiated asked, @Nullable String provider,
    @Nullable String attempt, @Nullable String providerReference, long amountAuthorized, long amountCharged,
    long amountCaptured, long amountRefunded, Fees fees, boolean settled, boolean payerCameBack,
    List<Operation> operations, List<BookedMovement> captures, List<BookedMovement> refunds,
    @Nullable BookedMovement sentBack,
    Map<String, Dispute> disputes, Map<String, StrayCharge> strays, Set<String> heard) {

  private static final String CORRECTION = "cor_";
  /** What stands before the name of a capture that failed and the time when it did, among what was heard. */
  public static final String CAPTURE_FAILED = "capture_failed/";

  /** Fees that were taken, and what of them went back to the merchant with refunds. */
  public record Fees(long provider, long providerGivenBack, long gateway, long gatewayGivenBack) {

    static final Fees NONE = new Fees(0, 0, 0, 0);

    /**
     * A capture that had these fees came to nothing, and so much went back to the merchant by that; a fee of
     * 0 stays where its rule keeps it.
     */
    Fees without(long ofProvider, long providerBack, long ofGateway, long gatewayBack) {
      return new Fees(provider - ofProvider, providerGivenBack + providerBack - ofProvider,
          gateway - ofGateway, gatewayGivenBack + gatewayBack - ofGateway);
    }

    /** So much more was taken. */
    Fees with(long ofProvider, long ofGateway) {
      return new Fees(provider + ofProvider, providerGivenBack, gateway + ofGateway, gatewayGivenBack);
    }
  }

  /** A payment that was accepted. */
  public static Payment of(PaymentEvent.Initiated asked) {
    return new Payment(1, Status.INITIATED, asked, null, null, null, 0, 0, 0, 0, Fees.NONE, false, false,
        List.of(), List.of(), List.of(), null, Map.of(), Map.of(), Set.of());
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

  /**
   * The operations that were, or are, to give back the late charge that {@code operation} is of, oldest
   * first; empty when it is of none. The last one counts: one that had succeeded before it came to nothing.
   */
  public List<Operation> returnsOf(String operation) {
    StrayCharge charge = strays.get(operation);
    return charge == null
        ? List.of()
        : operations.stream().filter(o -> charge.same(strays.get(o.id()))).toList();
  }

  /** The capture or cancellation that is under way, or null: there is at most one. */
  public @Nullable Operation openCaptureOrCancel() {
    for (Operation o : operations)
      if (o.open() && (o.kind() == Operation.Kind.CAPTURE || o.kind() == Operation.Kind.CANCEL)) return o;
    return null;
  }

  /** What refunds that are under way would give back. */
  public long refundsOpen() {
    long sum = 0;
    for (Operation o : operations) if (o.open() && o.kind() == Operation.Kind.REFUND) sum += o.amount();
    return sum;
  }

  /** What disputes hold or have withdrawn. */
  public long disputed() {
    return disputes.values().stream().mapToLong(Dispute::taken).sum();
  }

  /** Whether the debit was sent back, and that was not reversed. */
  public boolean isSentBack() {
    return sentBack != null && !sentBack.reversed();
  }

  /** What went out, or is held: refunded, sent back, disputed. */
  private long out() {
    return amountRefunded + disputed() + (isSentBack() ? Objects.requireNonNull(sentBack).amount() : 0);
  }

  /** Whether any of its money is, or has gone, anywhere: not where all that was captured came to nothing. */
  public boolean moved() {
    return amountCharged > 0 || out() > 0;
  }

  /**
   * Whether any of its money was, be it that all captures came to nothing; while one is under way again, that
   * one decides.
   */
  public boolean hasMoved() {
    return moved() || (status == Status.AUTHORIZED && !captures.isEmpty() && openCaptureOrCancel() == null);
  }

  /** What went out, or is held, beyond what was captured: nobody is entitled to it, and it is in suspense. */
  public long beyond() {
    return Math.max(0, out() - amountCaptured);
  }

  /** What was captured beyond what was authorized: that is in suspense as well, on the other side. */
  public long surplus() {
    return captures.stream().filter(m -> !m.reversed()).mapToLong(BookedMovement::excess).sum();
  }

  /**
   * The excess of an event by which {@code out} more goes out and {@code captured} more is captured for the
   * merchant, less where they are negative.
   */
  public long excess(long out, long captured) {
    return Math.abs(Math.max(0, out() + out - amountCaptured - captured) - beyond());
  }

  /** Whether an operator has moved any of its money by a correction. */
  public boolean corrected() {
    return heard.stream().anyMatch(word -> word.startsWith(CORRECTION));
  }

  /** What of the merchant's part neither went back to the payer nor is held or withdrawn. */
  public long left() {
    return Math.max(0, amountCaptured - out());
  }

  /** What of that is not on its way to the payer: it can be refunded. */
  public long refundable() {
    return Math.max(0, left() - refundsOpen());
  }

  /** The last refund, or capture, that the provider calls so, reversed or not; null when there is none. */
  public static @Nullable BookedMovement named(List<BookedMovement> movements, String reference) {
    for (BookedMovement m : movements.reversed()) if (m.reference().equals(reference)) return m;
    return null;
  }

  /** The status that captures, refunds, returns, disputes and settlement give. */
  public Status standing() {
    return standing(amountCaptured, amountRefunded, disputes.values(), isSentBack());
  }

  /** The same when these were so. */
  Status standing(long captured, long refunded, Collection<Dispute> of, boolean returned) {
    if (of.stream().anyMatch(Dispute::open)) return Status.DISPUTED;
    if (returned) return Status.RETURNED;
    if (of.stream().anyMatch(d -> d.state() == Dispute.State.LOST)) return Status.CHARGED_BACK;
    if (captured == 0 && refunded == 0) return Status.AUTHORIZED;
    if (refunded > 0) return refunded >= captured ? Status.REFUNDED : Status.PARTIALLY_REFUNDED;
    return settled ? Status.SETTLED : Status.CONFIRMED;
  }

  /** Where it stands when all captures come to so much. */
  public Status withCaptured(long captured) {
    return standing(captured, amountRefunded, disputes.values(), isSentBack());
  }

  /** Where it stands when all refunds come to so much. */
  public Status withRefunded(long refunded) {
    return standing(amountCaptured, refunded, disputes.values(), isSentBack());
  }

  /** Where it stands when a dispute of it has come so far. */
  public Status withDispute(String id, Dispute.State state) {
    var of = new ArrayList<Dispute>();
    for (Dispute d : disputes.values()) if (!d.id().equals(id)) of.add(d);
    of.add(new Dispute(id, 0, state, 0, null, null, 0, null, null));
    return standing(amountCaptured, amountRefunded, of, isSentBack());
  }

  /** Where it stands when its return is reversed. */
  public Status withoutReturn() {
    return standing(amountCaptured, amountRefunded, disputes.values(), false);
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
      case PaymentEvent.TryRefused t -> next.hear(t.providerReference());
      case PaymentEvent.Processing r -> next.providerReference = r.providerReference();
      case PaymentEvent.ActionReturned _ -> next.payerCameBack = true;
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
      case PaymentEvent.LateCharge l -> {
        positive(event, l.amount());
        next.request(l.operation(), Operation.Kind.REVERSAL, l.amount(), l.reason());
        next.stray(new StrayCharge(l.operation(), l.provider(), l.providerReference(), l.amount(), l.held()));
      }
      case PaymentEvent.LateChargeRetried r -> {
        stays(event);
        StrayCharge charge = strays.get(r.lateCharge());
        require(charge != null && charge.amount() == r.amount() && charge.held() == r.held(), event,
            "no late charge " + r.lateCharge());
        Operation last = returnsOf(r.lateCharge()).getLast();
        require(last.state() == Operation.State.FAILED, event, last.id() + " has not failed");
        next.request(r.operation(), Operation.Kind.REVERSAL, r.amount(), r.reason());
        next.stray(new StrayCharge(r.operation(), r.provider(), r.providerReference(), r.amount(), r.held()));
      }
      case PaymentEvent.RefundReversed r -> refundReversed(next, r);
      case PaymentEvent.CaptureReversed r -> captureReversed(next, r);
      case PaymentEvent.LateChargeReturned l -> {
        next.operation(l.operation(), l.end());
        StrayCharge stray = strays.get(l.operation());
        require(stray != null && stray.provider().equals(l.provider()) && stray.amount() == l.amount()
            && stray.held() == l.held(), event, "the return of what was not charged");
      }
      case PaymentEvent.EndsOperation e -> next.operation(e.operation(), e.end());
      case PaymentEvent.Captured c -> captured(next, c);
      case PaymentEvent.Settled _ -> next.settled = true;
      case PaymentEvent.Disputed d -> {
        require(!disputes.containsKey(d.dispute()), event, "a second opening of " + d.dispute());
        positive(event, d.amount());
        excess(event, d.excess(), excess(d.amount(), 0));
        next.dispute(Dispute.opened(d.dispute(), d.amount(), d.told(), d.reason(), d.evidenceDue()));
      }
      case PaymentEvent.DisputeWon w ->
        decide(next, event, w.dispute(), w.amount(), w.excess(), Dispute.State.OPEN, Dispute.State.WON,
            w.decided());
      case PaymentEvent.ChargedBack c ->
        decide(next, event, c.dispute(), c.amount(), null, Dispute.State.OPEN, Dispute.State.LOST,
            c.decided());
      case PaymentEvent.DisputeReopened r -> reopened(next, r);
      case PaymentEvent.DisputeChanged c -> changed(next, c);
      case PaymentEvent.ChargebackReversed r ->
        decide(next, event, r.dispute(), r.amount(), r.excess(), Dispute.State.LOST, Dispute.State.WON,
            r.decided());
      case PaymentEvent.Returned r -> {
        require(!isSentBack(), event, "a second return");
        positive(event, r.amount());
        excess(event, r.excess(), excess(r.amount(), 0));
        next.sentBack = new BookedMovement(r.providerReference(), null, r.amount(), 0,
            orZero(r.providerFeeReturned()), orZero(r.gatewayFeeReturned()), false);
        next.feesGivenBack(r.providerFeeReturned(), r.gatewayFeeReturned());
      }
      case PaymentEvent.ReturnReversed r -> {
        mirrors(event, sentBack, r);
        next.sentBack = Objects.requireNonNull(sentBack).taken();
        next.feesGivenBack(-r.providerFee(), -r.gatewayFee());
        stands(event, withoutReturn());
      }
      case PaymentEvent.ProviderNotice n -> {
        stays(event);
        next.hear(n.event());
      }
      case PaymentEvent.Corrected c -> {
        stays(event);
        positive(event, c.amount());
        require(!heard.contains(c.correction()), event, "a second " + c.correction());
        next.hear(c.correction());
      }
    }
    return next.payment();
  }

  private void confirmed(Draft next, PaymentEvent.Confirmed c) {
    positive(c, c.captured());
    require(amountCaptured == 0, c, "a second first capture");
    long authorized = status == Status.AUTHORIZED ? amountAuthorized : asked.amount();
    require(c.captured() <= authorized, c, "a capture of " + c.captured() + " where " + authorized
        + " was authorized");
    next.providerReference = c.providerReference();
    next.amountAuthorized = authorized;
    next.settled = false;
    next.take(c, c.captured(), c.operation(), c.capture() == null ? "" : c.capture());
    next.operation(c.operation(), Operation.State.SUCCEEDED);
  }

  private void captured(Draft next, PaymentEvent.Captured c) {
    positive(c, c.amount());
    require(!captures.isEmpty(), c, "a further capture of what was not captured yet");
    long share = Math.clamp(amountAuthorized - amountCaptured, 0, c.amount());
    excess(c, c.excess(), c.amount() - share + excess(0, share));
    require(named(captures, c.capture()) == null, c, "a second " + c.capture());
    next.take(c, share, null, c.capture());
    require(c.amountCaptured() == next.amountCaptured && c.amountCharged() == next.amountCharged, c,
        "captures that sum up to " + next.amountCaptured);
    stands(c, withCaptured(next.amountCaptured));
  }

  /** A capture that took more than was authorized, of which {@code more} is the merchant's now. */
  public record Filled(BookedMovement capture, long more) {}

  /**
   * The captures, oldest first, that take over the share of one that comes to nothing, as they took more than
   * was authorized: so the same captures give the same in any order.
   */
  public List<Filled> filledBy(BookedMovement failed) {
    var filled = new ArrayList<Filled>();
    long left = failed.share();
    for (BookedMovement m : captures) {
      long more = m.reversed() || m == failed ? 0 : Math.min(left, m.excess());
      if (more > 0) filled.add(new Filled(m, more));
      left -= more;
    }
    return filled;
  }

  /** The fees of what took its place go with it by its parts, what does not divide with the first. */
  private static List<BookedMovement> fill(List<BookedMovement> all, List<Filled> filled,
      PaymentEvent.CaptureReversed r) {
    if (filled.isEmpty()) return all;
    long sum = filled.stream().mapToLong(Filled::more).sum();
    long[] parts = parts(filled, sum, orZero(r.providerFeeTaken()));
    long[] ofGateway = parts(filled, sum, orZero(r.gatewayFeeTaken()));
    var after = new ArrayList<BookedMovement>(all.size());
    for (BookedMovement m : all) {
      BookedMovement next = m;
      for (int i = 0; i < filled.size(); i++)
        if (filled.get(i).capture == m) next = m.filled(filled.get(i).more, parts[i], ofGateway[i]);
      after.add(next);
    }
    return List.copyOf(after);
  }

  private static long[] parts(List<Filled> filled, long sum, long fee) {
    long[] parts = filled.stream().mapToLong(f -> Math.multiplyExact(fee, f.more) / sum).toArray();
    parts[0] += fee - LongStream.of(parts).sum();
    return parts;
  }

  private void captureReversed(Draft next, PaymentEvent.CaptureReversed r) {
    BookedMovement capture = named(captures, r.capture() == null ? "" : r.capture());
    if (capture == null || capture.reversed() || capture.amount() != r.amount())
      throw refusal(r, "the reversal of a capture that is not there");
    var filled = filledBy(capture);
    long share = capture.share() - filled.stream().mapToLong(Filled::more).sum();
    next.captures = fill(reversed(captures, capture), filled, r);
    next.amountCharged -= capture.amount();
    next.amountCaptured -= share;
    require(r.amountCaptured() == next.amountCaptured && r.amountCharged() == next.amountCharged, r,
        "captures that sum up to " + next.amountCaptured);
    excess(r, r.excess(), capture.amount() - share + excess(0, -share));
    require(r.providerFee() <= fees.provider() + orZero(r.providerFeeTaken()) - fees.providerGivenBack()
        && r.gatewayFee() <= fees.gateway() + orZero(r.gatewayFeeTaken()) - fees.gatewayGivenBack(), r,
        "more of a fee given back than was taken");
    require(!filled.isEmpty() || (r.providerFeeTaken() == null && r.gatewayFeeTaken() == null), r,
        "a fee of nothing that took its place");
    next.fees = fees.without(r.providerFeeReturned() == null ? 0 : capture.providerFee(), r.providerFee(),
        r.gatewayFeeReturned() == null ? 0 : capture.gatewayFee(), r.gatewayFee())
        .with(orZero(r.providerFeeTaken()), orZero(r.gatewayFeeTaken()));
    next.reopened(r.operation());
    if (r.told() != null) next.hear(CAPTURE_FAILED + capture.reference() + "/" + r.told());
    stands(r, withCaptured(next.amountCaptured));
  }

  private void refunded(Draft next, PaymentEvent.Refunded r) {
    positive(r, r.amount());
    excess(r, r.excess(), excess(r.amount(), 0));
    long total = amountRefunded + r.amount();
    require(r.amountRefunded() == total, r, "refunds of " + r.amountRefunded() + " that sum up to " + total);
    require(named(refunds, r.providerReference()) == null, r, "a second " + r.providerReference());
    var all = new ArrayList<>(refunds);
    all.add(new BookedMovement(r.providerReference(), r.operation(), r.amount(), 0,
        orZero(r.providerFeeReturned()), orZero(r.gatewayFeeReturned()), false));
    next.refunds = List.copyOf(all);
    next.amountRefunded = total;
    next.feesGivenBack(r.providerFeeReturned(), r.gatewayFeeReturned());
    next.operation(r.operation(), Operation.State.SUCCEEDED);
  }

  private void refundReversed(Draft next, PaymentEvent.RefundReversed r) {
    BookedMovement refund = named(refunds, r.providerReference());
    mirrors(r, refund, r);
    next.refunds = reversed(refunds, Objects.requireNonNull(refund));
    next.amountRefunded -= refund.amount();
    require(r.amountRefunded() == next.amountRefunded, r, "refunds that sum up to " + next.amountRefunded);
    next.feesGivenBack(-r.providerFee(), -r.gatewayFee());
    next.reopened(r.operation());
    stands(r, withRefunded(next.amountRefunded));
  }

  private static List<BookedMovement> reversed(List<BookedMovement> all, BookedMovement one) {
    return all.stream().map(m -> m == one ? m.taken() : m).toList();
  }

  /** That a reversal is of something that stands, by its figures. */
  private void mirrors(PaymentEvent event, @Nullable BookedMovement of, PaymentEvent.Reverses by) {
    require(of != null && !of.reversed() && of.amount() == by.amount()
        && by.providerFee() <= fees.providerGivenBack() && by.gatewayFee() <= fees.gatewayGivenBack(), event,
        "the reversal of what is not there");
    excess(event, by.excess(), excess(-by.amount(), 0));
  }

  /** What is withdrawn was all held before, so a loss changes nothing beyond the payment. */
  private void decide(Draft next, PaymentEvent event, String id, long amount, @Nullable Long excess,
      Dispute.State before, Dispute.State after, @Nullable Long decided) {
    Dispute dispute = disputes.get(id);
    if (dispute == null || dispute.state() != before || dispute.amount() != amount)
      throw refusal(event,
          "no dispute of " + amount + " that is " + before.name().toLowerCase(Locale.ROOT) + ": " + id);
    excess(event, excess, after == Dispute.State.LOST ? 0 : excess(-amount, 0));
    next.dispute(dispute.to(after, decided));
    stands(event, withDispute(id, after));
  }

  private void reopened(Draft next, PaymentEvent.DisputeReopened r) {
    Dispute dispute = disputes.get(r.dispute());
    if (dispute == null || dispute.state() != Dispute.State.WON)
      throw refusal(r, "no dispute that is won: " + r.dispute());
    positive(r, r.amount());
    excess(r, r.excess(), excess(r.amount(), 0));
    next.dispute(dispute.reopened(r.amount()));
    stands(r, withDispute(r.dispute(), Dispute.State.OPEN));
  }

  private void changed(Draft next, PaymentEvent.DisputeChanged c) {
    Dispute dispute = disputes.get(c.dispute());
    require(c.state() != Dispute.State.WON, c, "of one that is won");
    if (dispute == null || dispute.state() != c.state() || dispute.amount() != c.amountBefore())
      throw refusal(c, "no dispute of " + c.amountBefore() + " that is "
          + c.state().name().toLowerCase(Locale.ROOT) + ": " + c.dispute());
    positive(c, c.amount());
    Dispute changed = dispute.changed(c.amount(), c.told(), orZero(c.returned()), c.reason(),
        c.evidenceDue());
    require(c.amount() != c.amountBefore() || !Objects.equals(changed.reason(), dispute.reason())
        || !Objects.equals(changed.evidenceDue(), dispute.evidenceDue()), c, "what it was before");
    excess(c, c.excess(), excess(changed.taken() - dispute.taken(), 0));
    next.dispute(changed);
    stays(c);
  }

  private static void stands(PaymentEvent event, Status standing) {
    require(event.target() == standing, event, "leads to " + event.target().wire() + " instead of "
        + standing.wire());
  }

  private void stays(PaymentEvent event) { stands(event, status); }

  private static long orZero(@Nullable Long amount) { return amount == null ? 0 : amount; }

  /** An event says itself by how much that which is beyond the payment changes: it is posted by that. */
  private static void excess(PaymentEvent event, @Nullable Long said, long is) {
    require(said == null || said > 0, event, "an excess of " + said);
    require(orZero(said) == is, event, "an excess of " + orZero(said) + " where it is " + is);
  }

  /** Money moves one way by each event: an amount of nothing, or a negative one, would move it another. */
  private static void positive(PaymentEvent event, long amount) {
    require(amount > 0, event, "an amount of " + amount);
  }

  private static void require(boolean held, PaymentEvent event, String what) {
    if (!held) throw refusal(event, what);
  }

  private static IllegalStateException refusal(PaymentEvent event, String what) {
    return new IllegalStateException(event.type().wire() + ": " + what);
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
    boolean payerCameBack;
    List<Operation> operations;
    List<BookedMovement> captures;
    List<BookedMovement> refunds;
    @Nullable
    BookedMovement sentBack;
    Map<String, Dispute> disputes;
    Map<String, StrayCharge> strays;
    Set<String> heard;

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
      payerCameBack = before.payerCameBack;
      captures = before.captures;
      refunds = before.refunds;
      sentBack = before.sentBack;
      strays = before.strays;
      heard = before.heard;
      operations = before.operations;
      disputes = before.disputes;
    }

    void request(String id, Operation.Kind kind, long amount, @Nullable String reason) {
      if (before.operation(id) != null) throw new IllegalStateException("a second request of " + id);
      boolean one = kind == Operation.Kind.CAPTURE || kind == Operation.Kind.CANCEL;
      if (one && before.openCaptureOrCancel() != null)
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

    /** What had succeeded has failed after all. */
    void reopened(@Nullable String id) {
      if (id == null) return;
      Operation operation = before.operation(id);
      if (operation == null || operation.state() != Operation.State.SUCCEEDED)
        throw new IllegalStateException("no operation that has succeeded: " + id);
      replace(operation.to(Operation.State.FAILED));
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

    /** {@code share}: what of it is the merchant's, before anything fills up what is beyond the payment. */
    void take(PaymentEvent.TakesMoney t, long share, @Nullable String operation, String capture) {
      var all = new ArrayList<>(captures);
      all.add(
          new BookedMovement(capture, operation, t.taken(), t.taken() - share, orZero(t.providerFee()),
              orZero(t.gatewayFee()), false));
      captures = List.copyOf(all);
      amountCharged += t.taken();
      amountCaptured += share;
      fees = new Fees(fees.provider + orZero(t.providerFee()), fees.providerGivenBack,
          fees.gateway + orZero(t.gatewayFee()), fees.gatewayGivenBack);
    }

    void stray(StrayCharge charge) {
      var all = new TreeMap<>(strays);
      all.put(charge.operation(), charge);
      strays = all;
    }

    void hear(String word) {
      var all = new TreeSet<>(heard);
      all.add(word);
      heard = all;
    }

    void dispute(Dispute dispute) {
      var all = new TreeMap<>(disputes);
      all.put(dispute.id(), dispute);
      disputes = all;
    }

    void feesGivenBack(@Nullable Long ofProvider, @Nullable Long ofGateway) {
      long provided = fees.providerGivenBack + (ofProvider == null ? 0 : ofProvider);
      long gated = fees.gatewayGivenBack + (ofGateway == null ? 0 : ofGateway);
      if (provided > fees.provider || gated > fees.gateway)
        throw new IllegalStateException("more of a fee returned than was taken");
      fees = new Fees(fees.provider, provided, fees.gateway, gated);
    }

    Payment payment() {
      return new Payment(before.version + 1, status, before.asked, provider, attempt, providerReference,
          amountAuthorized, amountCharged, amountCaptured, amountRefunded, fees, settled,
          payerCameBack, operations, captures, refunds, sentBack, disputes, strays, heard);
    }
  }
}
