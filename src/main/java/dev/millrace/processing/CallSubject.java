package dev.millrace.processing;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider.Outcome;
import io.vertx.core.Future;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a provider is called for, the charge of a payment or one operation: all in which {@link ProviderCall}
 * differs.
 */
interface CallSubject {
  RetryKind kind();

  /** What stands before the reason when it has to be tried again: which of a payment's calls it is about. */
  String label();

  /** What is sent, the first time and every time after it. */
  Order order(PaymentSnapshot work, Attempt attempt);

  /** Whether only the intent is recorded: a call that left no trace is made again then. */
  boolean submitted(Payment payment);

  /** What the answer means. */
  Finding judge(Payment payment, Attempt attempt, Outcome outcome);

  /**
   * That no usable answer came; {@link Finding.NothingNew} where that is recorded already, or the payment
   * went on.
   */
  Finding unknown(Payment payment, Attempt attempt, String reason);

  /**
   * Whether an answer that contradicts what is known leaves the outcome unknown until a person has looked.
   */
  boolean unknownByConflict();

  /** Goes on from what the journal says: another has begun it before us, or our right to call has expired. */
  Future<FollowUp> resume(PaymentSnapshot work);

  /**
   * What follows the first call's answer other than recording it, a call elsewhere for example; null for
   * nothing.
   */
  @Nullable
  Future<FollowUp> elsewhere(PaymentSnapshot work, Attempt attempt, CallRight right, Outcome outcome);

  /**
   * What follows the proof that a call was never carried out, a call of its own for example; null for
   * refusal.
   */
  @Nullable
  Future<FollowUp> anew(PaymentSnapshot work, Attempt attempt);

  /** What the refusal says where the proof that it was never carried out is all that remains. */
  String neverCarriedOut();

  /** Told that a call has no usable answer, whether or not its payment went on meanwhile. */
  void unanswered();
}
