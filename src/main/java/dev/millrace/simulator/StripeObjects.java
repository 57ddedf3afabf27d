package dev.millrace.simulator;

import dev.millrace.simulator.Entry.Opening;
import dev.millrace.simulator.Movement.Kind;
import dev.millrace.simulator.PaymentMethod.Decline;
import dev.millrace.simulator.PaymentMethod.Rail;
import dev.millrace.simulator.Standing.Status;
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

  private final Ids ids;

  StripeObjects(Ids ids) {
    this.ids = ids;
  }

  /** Appends the PaymentIntent; {@code expanded}: with its charge in place of the charge's id. */
  void intent(StringBuilder out, Standing standing, boolean expanded) {
    Entry entry = standing.entry();
    String id = ids.entry(INTENT, entry.ordinal());
    out.append("{\"id\":\"").append(id);
    out.append("\",\"object\":\"payment_intent\",\"amount\":").append(entry.amount());
    out.append(",\"amount_capturable\":").append(standing.capturable());
    out.append(",\"amount_details\":{\"tip\":{}},\"amount_received\":").append(standing.captured());
    out.append(",\"application\":null,\"application_fee_amount\":null,\"automatic_payment_methods\":null,");
    ending(out, standing.ending());
    out.append(",\"capture_method\":\"").append(entry.terms().manual() ? "manual" : "automatic");
    out.append("\",\"client_secret\":\"").append(id).append(SECRET)
        .append(ids.secret(entry.ordinal()));
    out.append("\",\"confirmation_method\":\"automatic\",\"created\":").append(entry.created());
    out.append(",\"currency\":\"").append(entry.currency());
    out.append("\",\"customer\":null,\"description\":");
    JsonText.string(out, entry.extras() == null ? null : entry.extras().description());
    out.append(",\"last_payment_error\":");
    Decline decline = declined(standing) ? declineOf(entry) : null;
    if (decline == null) {
      out.append("null");
    } else {
      error(out, standing, decline, false);
    }
    out.append(",\"latest_charge\":");
    latestCharge(out, standing, expanded);
    StripeMetadata.of(out.append(",\"livemode\":false,\"metadata\":"), standing);
    out.append(",\"next_action\":");
    nextAction(out, standing, id);
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
        + "\"statement_descriptor_suffix\":null,\"status\":\"").append(status(standing));
    out.append("\",\"transfer_data\":null,\"transfer_group\":null}");
  }

  String clientSecret(Entry entry) {
    return ids.entry(INTENT, entry.ordinal()) + SECRET + ids.secret(entry.ordinal());
  }

  /** Stripe's word for where the payment is. */
  static String status(Standing standing) {
    return switch (standing.status()) {
      case REQUIRES_ACTION -> "requires_action";
      case AUTHORIZED -> "requires_capture";
      case SUCCEEDED -> "succeeded";
      case DECLINED -> "requires_payment_method";
      case CANCELED -> "canceled";
    };
  }

  /** Appends the error of a payment that was declined. */
  void declineError(StringBuilder out, Standing standing) {
    error(out, standing, declineOf(standing.entry()), true);
  }

  /** Also what was canceled after it: Stripe leaves the error there. */
  private static boolean declined(Standing standing) {
    return standing.entry().opening() == Opening.DECLINED
        || standing.first(Kind.COMPLETION_FAILURE) != null;
  }

  private static Decline declineOf(Entry entry) {
    Decline decline = entry.decline();
    return decline == null ? NOT_AUTHENTICATED : decline;
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
  private void latestCharge(StringBuilder out, Standing standing, boolean expanded) {
    boolean attempted = standing.entry().opening() != Opening.ACTION
        || standing.first(Kind.COMPLETION) != null;
    if (!attempted) {
      out.append("null");
    } else if (expanded) {
      charge(out, standing);
    } else {
      out.append('"').append(ids.entry(CHARGE, standing.entry().ordinal())).append('"');
    }
  }

  private static void nextAction(StringBuilder out, Standing standing, String id) {
    if (standing.status() != Status.REQUIRES_ACTION) {
      out.append("null");
      return;
    }
    Terms terms = standing.entry().terms();
    JsonText.string(out.append("{\"redirect_to_url\":{\"return_url\":"), terms.returnUrl());
    JsonText.string(out.append(",\"url\":"), terms.page() + "/3ds/" + id);
    out.append("},\"type\":\"redirect_to_url\"}");
  }

  private void charge(StringBuilder out, Standing standing) {
    Entry entry = standing.entry();
    boolean failed = entry.opening() == Opening.DECLINED;
    long refunded = standing.refunded();
    out.append("{\"id\":\"").append(ids.entry(CHARGE, entry.ordinal()));
    out.append("\",\"object\":\"charge\",\"amount\":").append(entry.amount());
    out.append(",\"amount_captured\":").append(standing.captured());
    out.append(",\"amount_refunded\":").append(refunded);
    out.append(",\"captured\":").append(standing.captured() > 0).append(",\"created\":")
        .append(entry.created());
    out.append(",\"currency\":\"").append(entry.currency());
    out.append("\",\"disputed\":").append(standing.first(Kind.DISPUTE) != null);
    out.append(",\"failure_code\":");
    JsonText.string(out, failed ? declineOf(entry).code() : null);
    out.append(",\"livemode\":false,\"paid\":").append(!failed).append(",\"payment_intent\":\"")
        .append(ids.entry(INTENT, entry.ordinal()));
    out.append("\",\"payment_method\":\"").append(entry.method().id());
    out.append("\",\"payment_method_details\":{\"").append(type(entry)).append("\":{");
    if (entry.method().rail() != Rail.ACH) {
      out.append("\"amount_authorized\":").append(failed ? 0 : entry.amount());
      if (standing.status() == Status.AUTHORIZED) {
        out.append(",\"capture_before\":").append(authorizedAt(standing) + AUTHORIZATION_S);
      }
    }
    out.append("},\"type\":\"").append(type(entry));
    out.append("\"},\"refunded\":").append(refunded > 0 && refunded == standing.captured());
    out.append(",\"status\":\"").append(failed ? "failed" : "succeeded").append("\"}");
  }

  private static long authorizedAt(Standing standing) {
    Movement completion = standing.first(Kind.COMPLETION);
    return completion == null ? standing.entry().created() : completion.created();
  }

  private void error(StringBuilder out, Standing standing, Decline decline, boolean withIntent) {
    Entry entry = standing.entry();
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
      intent(out.append(",\"payment_intent\":"), standing, false);
    }
    out.append(",\"payment_method\":{\"id\":\"").append(entry.method().id());
    out.append("\",\"object\":\"payment_method\",\"type\":\"").append(type(entry)).append("\"},\"type\":\"");
    out.append(charged ? "card_error" : "invalid_request_error").append("\"}");
  }

  private static String type(Entry entry) {
    return entry.method().rail() == Rail.ACH ? "us_bank_account" : "card";
  }
}
