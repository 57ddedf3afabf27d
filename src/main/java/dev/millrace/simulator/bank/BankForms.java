package dev.millrace.simulator.bank;

import dev.millrace.simulator.book.Entry.Extras;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.PaymentMethod.Rail;
import dev.millrace.simulator.book.PaymentMethod;
import dev.millrace.simulator.book.Terms;
import dev.millrace.simulator.wire.ChargeParams;
import dev.millrace.simulator.wire.CheckResult;
import dev.millrace.simulator.wire.Instruction;
import dev.millrace.simulator.wire.JsonBody;
import org.jspecify.annotations.Nullable;

/** Checks the parameters of the bank's calls. */
final class BankForms {
  private static final int TEXT_CHARS_MAX = 255;

  private BankForms() {}

  static CheckResult debit(JsonBody body) {
    BankError wrong = wrong(body, "reference", "currency", "account_token");
    if (wrong != null) {
      return wrong;
    }
    if (!"usd".equals(body.text("currency"))) {
      return BankError.invalid("currency must be usd.");
    }
    Long amount = amount(body);
    if (amount == null) {
      return badAmount();
    }
    String token = body.text("account_token");
    PaymentMethod method = token == null ? null : PaymentMethod.of(token);
    if (method == null) {
      return BankError.refused("no_such_account", "There is no account with this token.");
    }
    if (method.rail() == Rail.CARD) {
      return BankError.refused("unsupported_account", "A card cannot be debited by ACH.");
    }
    String description = body.text("description");
    return new ChargeParams(amount, "usd", method, body.text("reference"),
        description == null ? null : new Extras(description, ""), Terms.BANK);
  }

  static CheckResult cancel(JsonBody body, Entry debit) {
    BankError wrong = wrong(body, "reference");
    return wrong != null ? wrong : Instruction.of(debit.ordinal(), Kind.CANCEL, body.text("reference"));
  }

  /** {@code debit}: what the body names; null if there is no such debit. */
  static CheckResult credit(JsonBody body, @Nullable Entry debit) {
    BankError wrong = wrong(body, "reference", "debit");
    if (wrong != null) {
      return wrong;
    }
    Long amount = amount(body);
    if (amount == null) {
      return badAmount();
    }
    return debit == null
        ? BankError.notFound("There is no such debit.")
        : Instruction.of(debit.ordinal(), Kind.REFUND, body.text("reference")).amount(amount);
  }

  private static @Nullable BankError wrong(JsonBody body, String... fields) {
    for (String field : fields) {
      String text = body.text(field);
      if (text == null || text.length() > TEXT_CHARS_MAX) {
        return BankError.invalid(field + " must be a text of 1 to " + TEXT_CHARS_MAX + " characters.");
      }
    }
    String description = body.text("description");
    return description != null && description.length() > TEXT_CHARS_MAX
        ? BankError.invalid("description must have up to " + TEXT_CHARS_MAX + " characters.")
        : null;
  }

  private static @Nullable Long amount(JsonBody body) {
    Long amount = body.whole("amount");
    return amount == null || amount < 1 || amount > Entry.AMOUNT_MAX ? null : amount;
  }

  private static BankError badAmount() {
    return BankError.invalid("amount must be a whole number from 1 to " + Entry.AMOUNT_MAX + ".");
  }
}
