package dev.millrace.simulator;

import dev.millrace.simulator.book.Wire;
import java.util.ArrayDeque;
import java.util.Deque;

/** What a payment ought to have come to, worked out without a book: a few numbers and the limits in words. */
final class ModelPayment {
  final Wire wire;
  final String reference;
  final String id;
  final boolean manual;
  final long amount;
  String status;
  long authorized;
  long captured;
  long refunded;
  long disputed;
  long returned;
  private boolean disputedOnce;
  private final Deque<Long> open = new ArrayDeque<>();

  /** {@code status}: succeeded, authorized, declined or requires_action. */
  ModelPayment(Wire wire, String reference, String id, boolean manual, long amount, String status) {
    this.wire = wire;
    this.reference = reference;
    this.id = id;
    this.manual = manual;
    this.amount = amount;
    this.status = status;
    if (status.equals("succeeded") || status.equals("authorized")) {
      approve();
    }
  }

  private void approve() {
    authorized = amount;
    captured = manual ? 0 : amount;
    status = manual ? "authorized" : "succeeded";
  }

  boolean act(boolean passed) {
    if (!status.equals("requires_action")) {
      return false;
    }
    if (passed) {
      approve();
    } else {
      status = "declined";
    }
    return true;
  }

  boolean capture(long wanted) {
    if (!status.equals("authorized") || wanted > amount) {
      return false;
    }
    captured = wanted;
    status = "succeeded";
    return true;
  }

  boolean cancel() {
    boolean can = switch (status) {
      case "authorized", "requires_action" -> true;
      case "declined" -> wire == Wire.STRIPE;
      case "succeeded" -> wire == Wire.BANK && returned == 0 && refunded == 0;
      default -> false;
    };
    if (can) {
      status = "canceled";
      captured = 0;
    }
    return can;
  }

  boolean expire() {
    boolean can = wire != Wire.BANK && status.equals("authorized");
    status = can ? "canceled" : status;
    return can;
  }

  boolean refund(long wanted) {
    if (captured == 0 || returned > 0 || disputed > 0 || wanted > captured - refunded) {
      return false;
    }
    refunded += wanted;
    return true;
  }

  boolean dispute(long wanted) {
    if (wire == Wire.BANK || captured == 0 || (wire == Wire.STRIPE && refunded >= captured)) {
      return false;
    }
    disputed += wanted;
    open.push(wanted);
    disputedOnce = true;
    return true;
  }

  /** The newest that is open; none is decided anew here. */
  boolean close(boolean won) {
    if (open.isEmpty()) {
      return false;
    }
    long amount = open.pop();
    disputed -= won ? amount : 0;
    return true;
  }

  boolean disputedOnce() { return disputedOnce; }

  boolean disputeOpen() { return !open.isEmpty(); }

  boolean giveBack() {
    if (wire != Wire.BANK || captured == 0 || returned > 0 || refunded > 0) {
      return false;
    }
    returned = amount;
    return true;
  }

  String word() {
    if (!status.equals("succeeded")) {
      return status;
    }
    if (returned > 0) {
      return "returned";
    }
    if (disputed > 0) {
      return disputeOpen() ? "disputed" : "charged_back";
    }
    return refunded == 0 ? "succeeded" : refunded < captured ? "partially_refunded" : "refunded";
  }
}
