package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.Entry.Opening;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.JsonText;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentMethod.Decline;
import dev.millrace.simulator.book.PaymentMethod.Rail;
import dev.millrace.simulator.book.PaymentMethod;
import dev.millrace.simulator.book.PaymentState.Status;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Terms;
import org.jspecify.annotations.Nullable;

/**
 * A payment as Stripe's PaymentIntent, with the charge and the error that go with it.
 *
 * @see <a href="https://docs.stripe.com/api/payment_intents/object">Stripe's PaymentIntent</a>
 * @see <a href="https://docs.stripe.com/api/charges/object">Stripe's Charge</a>
 */
final class StripeObjects {
  static final String INTENT = "pi_";
  static final String CHARGE = "ch_";
  private static final String SECRET = "_secret_";
  /** How long a card authorization holds. */
  private static final long AUTHORIZATION_S = 7 * 24 * 3600;
  private static final Decline NOT_AUTHENTICATED = new Decline("payment_intent_authentication_failure", null,
      "The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new "
          + "PaymentMethod to attempt to fulfill this PaymentIntent again.");

  /** What a charge of ours never has. */
  private static final String WITHOUT = ",\"application\":null,\"application_fee\":null,"
      + "\"application_fee_amount\":null,\"balance_transaction\":null,\"billing_details\":{\"address\":null,"
      + "\"email\":null,\"name\":null,\"phone\":null,\"tax_id\":null},"
      + "\"calculated_statement_descriptor\":null,\"customer\":null,\"failure_balance_transaction\":null,"
      + "\"fraud_details\":{},\"on_behalf_of\":null,\"outcome\":null,\"receipt_email\":null,"
      + "\"receipt_number\":null,\"receipt_url\":null,\"review\":null,\"shipping\":null,\"source\":null,"
      + "\"source_transfer\":null,\"statement_descriptor\":null,\"statement_descriptor_suffix\":null,"
      + "\"transfer_data\":null,\"transfer_group\":null";

  private final BookIds ids;

  StripeObjects(BookIds ids) {
    this.ids = ids;
  }

  /** Appends the PaymentIntent; {@code expanded}: with its charge in place of the charge's id. */
  void intent(StringBuilder out, PaymentState state, boolean expanded) {
    Entry entry = state.entry();
    String id = ids.entry(INTENT, entry.ordinal());
    out.append("{\"id\":\"").append(id);
    out.append("\",\"object\":\"payment_intent\",\"amount\":").append(told(entry.amount(), entry));
    out.append(",\"amount_capturable\":").append(told(state.capturable(), entry));
    out.append(",\"amount_details\":{\"tip\":{}},\"amount_received\":")
        .append(told(state.captured(), entry));
    out.append(",\"application\":null,\"application_fee_amount\":null,\"automatic_payment_methods\":null,");
    ending(out, state.ending());
    out.append(",\"capture_method\":\"").append(entry.terms().manual() ? "manual" : "automatic");
    out.append("\",\"client_secret\":\"").append(id).append(SECRET)
        .append(ids.secret(entry.ordinal()));
    out.append("\",\"confirmation_method\":\"automatic\",\"created\":").append(entry.created());
    out.append(",\"currency\":\"").append(entry.currency());
    out.append("\",\"customer\":null,\"description\":");
    JsonText.string(out, entry.extras() == null ? null : entry.extras().description());
    out.append(",\"last_payment_error\":");
    Decline decline = declined(state) ? declineOf(state) : null;
    if (decline == null) {
      out.append("null");
    } else {
      error(out, state, decline, false);
    }
    out.append(",\"latest_charge\":");
    latestCharge(out, state, expanded);
    StripeMetadata.of(out.append(",\"livemode\":false,\"metadata\":"), state);
    out.append(",\"next_action\":");
    nextAction(out, state, id);
    out.append(",\"on_behalf_of\":null,\"payment_method\":");
    // A declined PaymentMethod is taken off the intent: it waits for another one.
    if (decline == null) {
      out.append('"').append(entry.method().id()).append('"');
    } else {
      out.append("null");
    }
    out.append(",\"payment_method_options\":{},\"payment_method_types\":[\"").append(type(entry));
    out.append("\"],\"processing\":null,\"receipt_email\":null,\"review\":null,\"setup_future_usage\":null,"
        + "\"shipping\":null,\"source\":null,\"statement_descriptor\":null,"
        + "\"statement_descriptor_suffix\":null,\"status\":\"").append(status(state));
    out.append("\",\"transfer_data\":null,\"transfer_group\":null}");
  }

  /** An amount of the payment as Stripe says it. */
  static long told(long minor, Entry entry) {
    return Amount.UNITS.told(minor, entry.currency());
  }

  String clientSecret(Entry entry) {
    return ids.entry(INTENT, entry.ordinal()) + SECRET + ids.secret(entry.ordinal());
  }

  /** Stripe's word for where the payment is. */
  static String status(PaymentState state) {
    return switch (state.status()) {
      case REQUIRES_ACTION -> "requires_action";
      case PROCESSING -> "processing";
      case AUTHORIZED -> "requires_capture";
      case SUCCEEDED -> "succeeded";
      case DECLINED -> "requires_payment_method";
      case CANCELED -> "canceled";
    };
  }

  /** Appends the error of a payment that was declined. */
  void declineError(StringBuilder out, PaymentState state) {
    error(out, state, declineOf(state), true);
  }

  /** Also what was canceled after it: Stripe leaves the error there, until a try is charged. */
  private static boolean declined(PaymentState state) {
    boolean ever = state.entry().opening() == Opening.DECLINED || state.first(Kind.TRY_REFUSED) != null
        || state.first(Kind.COMPLETION_FAILURE) != null;
    return ever && (state.status() == Status.DECLINED || state.status() == Status.CANCELED);
  }

  private static Decline declineOf(PaymentState state) {
    Decline decline = state.entry().decline();
    if (decline != null) {
      return decline;
    }
    boolean failedAtThePayer = state.entry().opening() == Opening.ACTION
        && state.first(Kind.TRY_REFUSED) == null;
    return failedAtThePayer ? NOT_AUTHENTICATED : PaymentMethod.DECLINED;
  }

  private static void ending(StringBuilder out, @Nullable Movement ending) {
    if (ending == null) {
      out.append("\"canceled_at\":null,\"cancellation_reason\":null");
    } else {
      out.append("\"canceled_at\":").append(ending.created()).append(",\"cancellation_reason\":");
      JsonText.string(out, ending.kind() == Kind.EXPIRY ? "automatic" : ending.note());
    }
  }

  /** None while the payer has not acted, nor where the payer failed to: nothing has been charged then. */
  private void latestCharge(StringBuilder out, PaymentState state, boolean expanded) {
    boolean attempted = state.entry().opening() != Opening.ACTION
        || state.first(Kind.COMPLETION) != null || state.first(Kind.TRY_REFUSED) != null;
    if (!attempted) {
      out.append("null");
    } else if (expanded) {
      charge(out, state);
    } else {
      out.append('"').append(ids.entry(CHARGE, state.entry().ordinal())).append('"');
    }
  }

  private static void nextAction(StringBuilder out, PaymentState state, String id) {
    if (state.status() != Status.REQUIRES_ACTION) {
      out.append("null");
      return;
    }
    Terms terms = state.entry().terms();
    JsonText.string(out.append("{\"redirect_to_url\":{\"return_url\":"), terms.returnUrl());
    JsonText.string(out.append(",\"url\":"), terms.page() + "/3ds/" + id);
    out.append("},\"type\":\"redirect_to_url\"}");
  }

  private void charge(StringBuilder out, PaymentState state) {
    Entry entry = state.entry();
    boolean failed = declined(state);
    boolean pending = state.status() == Status.PROCESSING;
    long refunded = state.refunded();
    out.append("{\"id\":\"").append(ids.entry(CHARGE, entry.ordinal()));
    out.append("\",\"object\":\"charge\",\"amount\":").append(told(entry.amount(), entry));
    out.append(",\"amount_captured\":").append(told(state.captured(), entry));
    out.append(",\"amount_refunded\":").append(told(refunded, entry));
    out.append(",\"captured\":").append(state.captured() > 0).append(",\"created\":")
        .append(entry.created());
    out.append(",\"currency\":\"").append(entry.currency());
    out.append("\",\"disputed\":").append(state.first(Kind.DISPUTE) != null);
    out.append(",\"failure_code\":");
    JsonText.string(out, failed ? declineOf(state).code() : null);
    out.append(",\"failure_message\":");
    JsonText.string(out, failed ? declineOf(state).message() : null);
    JsonText.string(out.append(",\"description\":"),
        entry.extras() == null ? null : entry.extras().description());
    StripeMetadata.of(out.append(",\"metadata\":"), state);
    out.append(WITHOUT).append(",\"livemode\":false,\"paid\":").append(!failed && !pending)
        .append(",\"payment_intent\":\"")
        .append(ids.entry(INTENT, entry.ordinal()));
    out.append("\",\"payment_method\":\"").append(entry.method().id());
    out.append("\",\"payment_method_details\":{\"").append(type(entry)).append("\":{");
    if (entry.method().rail() != Rail.ACH) {
      out.append("\"amount_authorized\":").append(told(state.authorized(), entry));
      if (state.status() == Status.AUTHORIZED) {
        out.append(",\"capture_before\":").append(authorizedAt(state) + AUTHORIZATION_S);
      }
    }
    out.append("},\"type\":\"").append(type(entry));
    out.append("\"},\"refunded\":").append(refunded > 0 && refunded == state.captured());
    out.append(",\"status\":\"").append(failed ? "failed" : pending ? "pending" : "succeeded")
        .append("\"}");
  }

  private static long authorizedAt(PaymentState state) {
    Movement completion = state.first(Kind.COMPLETION);
    return completion == null ? state.entry().created() : completion.created();
  }

  private void error(StringBuilder out, PaymentState state, Decline decline, boolean withIntent) {
    Entry entry = state.entry();
    boolean charged = decline != NOT_AUTHENTICATED;
    out.append('{');
    if (charged) {
      out.append("\"charge\":\"").append(ids.entry(CHARGE, entry.ordinal())).append("\",");
    }
    out.append("\"code\":\"").append(decline.code()).append('"');
    if (decline.declineCode() != null) {
      out.append(",\"decline_code\":\"").append(decline.declineCode()).append('"');
    }
    out.append(",\"doc_url\":\"https://stripe.com/docs/error-codes/")
        .append(decline.code().replace('_', '-'));
    JsonText.string(out.append("\",\"message\":"), decline.message());
    if (withIntent) {
      intent(out.append(",\"payment_intent\":"), state, false);
    }
    out.append(",\"payment_method\":{\"id\":\"").append(entry.method().id());
    out.append("\",\"object\":\"payment_method\",\"type\":\"").append(type(entry)).append("\"},\"type\":\"");
    out.append(charged ? "card_error" : "invalid_request_error").append("\"}");
  }

  private static String type(Entry entry) {
    return entry.method().rail() == Rail.ACH ? "us_bank_account" : "card";
  }
}
