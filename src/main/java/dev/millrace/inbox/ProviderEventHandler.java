package dev.millrace.inbox;

import dev.millrace.journal.AttemptStore.KnownCall;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.ProviderEvent.Notice;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import io.vertx.core.Future;
import java.util.UUID;

/**
 * Who acts on what providers tell us of payments of ours: the inbox finds the payment, this judges and
 * records.
 */
public interface ProviderEventHandler {
  /** What became of one event of a provider. */
  sealed interface Disposition {
    record Applied() implements Disposition {}

    /** It is known already, too late, or says nothing. */
    record Unchanged() implements Disposition {}

    /** The payment cannot take it yet. */
    record Later(String reason) implements Disposition {}

    /** It contradicts what is known: a person must look. */
    record Conflict(String reason) implements Disposition {}
  }

  /** Takes the outcome of a call of ours. */
  Future<Disposition> attemptOutcome(KnownCall call, Outcome outcome);

  /** Takes what a provider did to a payment of its own accord. */
  Future<Disposition> unsolicited(UUID payment, String provider, UnsolicitedChange change);

  /** Takes what moves no money, and belongs into a payment's history. {@code event}: the provider's name. */
  Future<Disposition> notice(UUID payment, String provider, String event, Notice notice);
}
