package dev.millrace.simulator.stripe;

import dev.millrace.simulator.book.Entry.Extras;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentMethod.Rail;
import dev.millrace.simulator.book.PaymentMethod;
import dev.millrace.simulator.book.Terms;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.ChargeParams;
import dev.millrace.simulator.wire.CheckResult;
import dev.millrace.simulator.wire.CurrencyCodes;
import dev.millrace.simulator.wire.Form;
import dev.millrace.simulator.wire.Instruction;
import dev.millrace.simulator.wire.ReturnUrl;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks the parameters of Stripe's calls, in Stripe's words.
 *
 * @see <a href="https://docs.stripe.com/api/payment_intents/create">Stripe: create a PaymentIntent</a>
 * @see <a href="https://docs.stripe.com/api/payment_intents/capture">Stripe: capture a PaymentIntent</a>
 * @see <a href="https://docs.stripe.com/api/payment_intents/cancel">Stripe: cancel a PaymentIntent</a>
 * @see <a href="https://docs.stripe.com/api/refunds/create">Stripe: create a refund</a>
 * @see <a href="https://docs.stripe.com/api/disputes/update">Stripe: update a dispute</a>
 */
final class StripeForms {
  private static final int DESCRIPTION_CHARS_MAX = 1_000;
  private static final int URL_CHARS_MAX = 2_048;
  private static final Set<String> INTENT = Set.of("amount", "currency", "payment_method", "confirm",
      "capture_method", "description", "return_url", "statement_descriptor", "statement_descriptor_suffix",
      "confirmation_method", "off_session", "receipt_email", "error_on_requires_action",
      "payment_method_types[", "automatic_payment_methods[", "expand[");
  private static final Set<String> CAPTURE = Set.of("amount_to_capture", "expand[");
  private static final Set<String> CANCEL = Set.of("cancellation_reason", "expand[");
  private static final Set<String> REFUND = Set.of("payment_intent", "amount", "reason", "expand[");
  private static final Set<String> DISPUTE = Set.of("evidence[", "submit", "expand[");
  private static final Set<String> CANCEL_REASONS = Set.of("duplicate", "fraudulent", "requested_by_customer",
      "abandoned");
  private static final Set<String> REFUND_REASONS = Set.of("duplicate", "fraudulent",
      "requested_by_customer");

  private StripeForms() {}

  /** {@code page}: the address this provider was called by. */
  static CheckResult intent(Form form, String page) {
    var metadata = FormMetadata.of(form, INTENT);
    if (metadata.refusal() != null) {
      return metadata.refusal();
    }
    var amount = new Amount(form.get("amount"), "amount");
    if (amount.refusal() != null) {
      return amount.refusal();
    }
    String currency = form.get("currency");
    if (currency == null || currency.isEmpty()) {
      return StripeRefusal.missing("currency");
    }
    String known = CurrencyCodes.known(currency);
    if (known == null || !Amount.UNITS.has(known)) {
      return StripeRefusal.invalid(null, "Invalid currency: " + currency + ".", "currency");
    }
    amount = amount.booked(known, "amount");
    StripeRefusal refusal = amount.refusal() != null ? amount.refusal() : refusalOfRest(form);
    return refusal != null ? refusal : charge(form, amount.number(), known, metadata, page);
  }

  private static @Nullable StripeRefusal refusalOfRest(Form form) {
    String capture = form.get("capture_method");
    if (capture != null && !capture.equals("automatic") && !capture.equals("manual")) {
      return StripeRefusal.invalid(null, "Invalid capture_method: must be one of automatic or manual",
          "capture_method");
    }
    if (!"true".equals(form.get("confirm"))) {
      return StripeRefusal.invalid(null,
          "Invalid confirm: this provider only takes payments with confirm=true.",
          "confirm");
    }
    String description = form.get("description");
    if (description != null && description.length() > DESCRIPTION_CHARS_MAX) {
      return StripeRefusal.invalid("parameter_invalid_string_too_long",
          "Invalid string: description is longer than " + DESCRIPTION_CHARS_MAX + " characters.",
          "description");
    }
    String returnUrl = form.get("return_url");
    return returnUrl != null && !ReturnUrl.valid(returnUrl, URL_CHARS_MAX)
        ? StripeRefusal.invalid("url_invalid", "Not a valid URL", "return_url")
        : null;
  }

  private static CheckResult charge(Form form, long amount, String currency, FormMetadata metadata,
      String page) {
    String method = form.get("payment_method");
    if (method == null || method.isEmpty()) {
      return StripeRefusal.missing("payment_method");
    }
    PaymentMethod paymentMethod = PaymentMethod.of(method);
    if (paymentMethod == null) {
      return StripeRefusal.invalid("resource_missing", "No such PaymentMethod: '" + method + "'",
          "payment_method");
    }
    boolean bankAccount = paymentMethod.rail() == Rail.ACH;
    if (bankAccount && !form.lists("payment_method_types", "us_bank_account")) {
      return StripeRefusal.invalid(null,
          "The PaymentMethod provided (us_bank_account) is not allowed for this "
              + "PaymentIntent. Please attach a PaymentMethod of one of the following types: card.",
          "payment_method");
    }
    boolean manual = "manual".equals(form.get("capture_method"));
    if (bankAccount && manual) {
      return StripeRefusal.invalid(null, "The payment method type \"us_bank_account\" does not support the "
          + "capture method manual.", "capture_method");
    }
    String description = form.get("description");
    String text = description == null || description.isEmpty() ? null : description;
    String others = metadata.others();
    Extras extras = text == null && others == null ? null : new Extras(text, others == null ? "" : others);
    var terms = manual || bankAccount || paymentMethod.script() == PaymentMethod.Script.ACTION
        ? new Terms(Wire.STRIPE, manual, bankAccount, null, form.get("return_url"), page)
            .keptFor(paymentMethod)
        : Terms.STRIPE;
    return new ChargeParams(amount, currency, paymentMethod, metadata.reference(), extras, terms);
  }

  static CheckResult capture(Form form, Entry payment) {
    var metadata = FormMetadata.whole(form, CAPTURE);
    if (metadata.refusal() != null) {
      return metadata.refusal();
    }
    return amount(form, "amount_to_capture", payment,
        Instruction.of(payment.ordinal(), Kind.CAPTURE, metadata.reference()).metadata(metadata.all()));
  }

  static CheckResult cancel(Form form, Entry payment) {
    var metadata = FormMetadata.of(form, CANCEL);
    if (metadata.refusal() != null) {
      return metadata.refusal();
    }
    return noted(form, "cancellation_reason", CANCEL_REASONS,
        Instruction.of(payment.ordinal(), Kind.CANCEL, metadata.reference()));
  }

  static CheckResult refund(Form form, Entry payment) {
    var metadata = FormMetadata.whole(form, REFUND);
    if (metadata.refusal() != null) {
      return metadata.refusal();
    }
    CheckResult checked = amount(form, "amount", payment,
        Instruction.of(payment.ordinal(), Kind.REFUND, metadata.reference()).metadata(metadata.all()));
    return checked instanceof Instruction instruction
        ? noted(form, "reason", REFUND_REASONS, instruction)
        : checked;
  }

  /**
   * Evidence that decides a dispute at once.
   *
   * @see <a href="https://docs.stripe.com/testing#evidence">Stripe: test evidence</a>
   */
  static CheckResult evidence(Form form, Movement dispute) {
    var metadata = FormMetadata.of(form, DISPUTE);
    if (metadata.refusal() != null) {
      return metadata.refusal();
    }
    String evidence = form.get("evidence[uncategorized_text]");
    Kind kind = "winning_evidence".equals(evidence)
        ? Kind.DISPUTE_WON
        : "losing_evidence".equals(evidence) ? Kind.DISPUTE_LOST : null;
    if (kind == null) {
      return StripeRefusal.invalid(null, "This provider only takes winning_evidence or losing_evidence as "
          + "evidence[uncategorized_text].", "evidence[uncategorized_text]");
    }
    return Instruction.of(dispute.payment(), kind, metadata.reference()).amount(dispute.amount())
        .note(evidence)
        .about(dispute.number());
  }

  private static CheckResult amount(Form form, String name, Entry payment, Instruction instruction) {
    if (form.get(name) == null) {
      return instruction;
    }
    Amount amount = new Amount(form.get(name), name).booked(payment.currency(), name);
    return amount.refusal() != null ? amount.refusal() : instruction.amount(amount.number());
  }

  private static CheckResult noted(Form form, String name, Set<String> values, Instruction instruction) {
    String note = form.get(name);
    if (note == null || note.isEmpty()) {
      return instruction;
    }
    return values.contains(note)
        ? instruction.note(note)
        : StripeRefusal.invalid(null, "Invalid " + name + ": must be one of "
            + String.join(", ", values.stream().sorted().toList()), name);
  }
}
