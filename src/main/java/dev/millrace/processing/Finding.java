package dev.millrace.processing;

import dev.millrace.payment.PaymentEvent;
import java.util.ArrayList;
import java.util.List;

/** What a word of a provider means for a payment as it stands. */
sealed interface Finding {
  /** It happened: these events are to be appended. */
  record NewEvents(List<PaymentEvent> events) implements Finding {
    NewEvents(PaymentEvent... events) { this(List.of(events)); }

    /** These, and what is found then; a contradiction is all that is found. */
    Finding and(Finding next) {
      if (next instanceof NothingNew) return this;
      if (!(next instanceof NewEvents more)) return next;
      var all = new ArrayList<>(events);
      all.addAll(more.events);
      return new NewEvents(all);
    }
  }

  /** Known already, or of no consequence any more. */
  record NothingNew() implements Finding {}

  /** Nothing yet: ask again later. */
  record NotYet(String reason) implements Finding {}

  /** It contradicts what was told everybody: a person must look. {@code alert} names the alert. */
  record Conflict(String alert, String message) implements Finding {}
}
