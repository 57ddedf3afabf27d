package dev.millrace.provider.bank;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.Fields;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.TimedSignature;
import dev.millrace.provider.WebhookScheme;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Webhooks of the bank: {@code {id, type, created, data: {object}}}, signed in {@code Bank-Signature}. */
public final class BankWebhooks implements WebhookScheme {
  private final String provider;
  private final String account;
  private final TimedSignature signature;

  /** {@code secrets}: all that are active; {@code tolerance}: how far the signature's time may be off, both ways. */
  public BankWebhooks(String provider, String account, List<String> secrets, Duration tolerance) {
    this.provider = provider;
    this.account = account;
    this.signature = new TimedSignature("Bank-Signature", secrets, tolerance);
  }

  @Override
  public String provider() { return provider; }

  @Override
  public String account() { return account; }

  /** Any 2xx will do. */
  @Override
  public @Nullable Buffer answer() { return null; }

  @Override
  public Verdict verify(MultiMap headers, byte[] body, Instant now) {
    return signature.verify(headers, body, now);
  }

  @Override
  public Notice read(Buffer body) {
    JsonObject event = Fields.object(body);
    if (event == null) return new Notice.Unreadable("", "the body is no JSON object");
    String type = Objects.requireNonNullElse(Fields.text(event, "type"), "");
    JsonObject object = Fields.object(Fields.at(event, "data"), "object");
    return switch (type) {
      case "debit.accepted", "debit.canceled", "debit.returned", "credit.accepted" -> object == null
          ? new Notice.Unreadable(type, "no data.object")
          : about(type, object);
      default -> new Notice.Ignored(type);
    };
  }

  private static Notice about(String type, JsonObject object) {
    String reference = Objects.requireNonNullElse(Fields.text(object, "reference"), "");
    boolean ours = TypeId.parse(TypeId.ATTEMPT, reference) != null;
    if (type.equals("credit.accepted"))
      return ours ? told(type, reference, BankAnswers.credit(object)) : creditedThere(type, object);
    // Others may use the same account.
    if (!ours) return new Notice.Ignored(type);
    return type.equals("debit.returned")
        ? returned(type, object)
        : told(type, reference, BankAnswers.debit(object));
  }

  private static Notice told(String type, String reference, Outcome outcome) {
    return outcome instanceof Outcome.Unknown u
        ? new Notice.Unreadable(type, u.reason())
        : new Notice.Told(type, reference, outcome);
  }

  private static Notice creditedThere(String type, JsonObject credit) {
    String debit = Fields.text(credit, "debit");
    return debit == null || !(BankAnswers.credit(credit) instanceof Outcome.Refunded r)
        ? new Notice.Unreadable(type, "a credit without id, debit, amount or currency")
        : new Notice.Befell(type, debit,
            new Fact.RefundedThere(r.providerReference(), r.amount(), r.currency()));
  }

  private static Notice returned(String type, JsonObject debit) {
    String id = Fields.text(debit, "id");
    Long amount = Fields.amount(debit, "amount");
    String currency = Fields.text(debit, "currency");
    String code = Fields.text(debit, "return_code");
    return id == null || amount == null || currency == null || code == null
        ? new Notice.Unreadable(type, "a debit without id, amount, currency or return_code")
        : new Notice.Befell(type, id, new Fact.Returned(amount, currency, code,
            AchReturn.reason(code, Fields.text(debit, "return_reason"))));
  }
}
