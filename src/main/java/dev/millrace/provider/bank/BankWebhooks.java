package dev.millrace.provider.bank;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.JsonFields;
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

  /**
   * {@code secrets}: all that are active; {@code tolerance}: how far the signature's time may be off, both
   * ways.
   */
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
  public ProviderEvent read(Buffer body) {
    JsonObject event = JsonFields.object(body);
    if (event == null) return new ProviderEvent.Unreadable("", "the body is no JSON object");
    String type = Objects.requireNonNullElse(JsonFields.text(event, "type"), "");
    JsonObject object = JsonFields.object(JsonFields.at(event, "data"), "object");
    return switch (type) {
      case "debit.accepted", "debit.canceled", "debit.returned", "debit.return_reversed",
          "credit.accepted" ->
        object == null ? new ProviderEvent.Unreadable(type, "no data.object") : about(type, object);
      default -> object == null ? new ProviderEvent.Ignored(type) : unknown(type, object);
    };
  }

  /** One that the bank has made up since: a person looks whether it matters, if it bears our reference. */
  private static ProviderEvent unknown(String type, JsonObject object) {
    String reference = reference(object);
    return ours(reference)
        ? new ProviderEvent.Notice(type, reference, null,
            "The bank sent an event that the connector does not know: ask it what happened.", false)
        : new ProviderEvent.Ignored(type);
  }

  private static String reference(JsonObject object) {
    return Objects.requireNonNullElse(JsonFields.text(object, "reference"), "");
  }

  private static boolean ours(String reference) {
    return TypeId.parse(TypeId.ATTEMPT, reference) != null;
  }

  private static ProviderEvent about(String type, JsonObject object) {
    String reference = reference(object);
    if (type.equals("credit.accepted"))
      return ours(reference)
          ? told(type, reference, BankOutcomes.credit(object))
          : creditedThere(type, object);
    // Others may use the same account.
    if (!ours(reference)) return new ProviderEvent.Ignored(type);
    return switch (type) {
      case "debit.returned" -> returned(type, object);
      case "debit.return_reversed" -> returnReversed(type, object);
      default -> told(type, reference, BankOutcomes.debit(object));
    };
  }

  private static ProviderEvent told(String type, String reference, Outcome outcome) {
    return outcome instanceof Outcome.Unknown u
        ? new ProviderEvent.Unreadable(type, u.reason(), reference)
        : new ProviderEvent.AttemptOutcome(type, reference, outcome);
  }

  private static ProviderEvent creditedThere(String type, JsonObject credit) {
    String debit = JsonFields.text(credit, "debit");
    // Of no debit: somebody else's credit at the same account.
    if (debit == null) return new ProviderEvent.Ignored(type);
    return !(BankOutcomes.credit(credit) instanceof Outcome.Refunded r)
        ? new ProviderEvent.Unreadable(type, "a credit without id, debit, amount or currency", debit)
        : new ProviderEvent.Unsolicited(type, debit,
            new UnsolicitedChange.Refunded(r.providerReference(), r.amount(), r.currency()));
  }

  private static ProviderEvent returned(String type, JsonObject debit) {
    String id = JsonFields.text(debit, "id");
    Long amount = JsonFields.amount(debit, "amount");
    String currency = JsonFields.text(debit, "currency");
    String code = JsonFields.text(debit, "return_code");
    return id == null || amount == null || currency == null || code == null
        ? new ProviderEvent.Unreadable(type, "a debit without id, amount, currency or return_code",
            reference(debit))
        : new ProviderEvent.Unsolicited(type, reference(debit), id,
            new UnsolicitedChange.Returned(amount, currency, code,
                AchReturn.reason(code, JsonFields.text(debit, "return_reason"))));
  }

  /** The payer's bank had sent the debit back by mistake, and pays it after all. */
  private static ProviderEvent returnReversed(String type, JsonObject debit) {
    String id = JsonFields.text(debit, "id");
    Long amount = JsonFields.amount(debit, "amount");
    String currency = JsonFields.text(debit, "currency");
    if (id == null || amount == null || currency == null)
      return new ProviderEvent.Unreadable(type, "a debit without id, amount or currency", reference(debit));
    String code = JsonFields.text(debit, "return_code");
    return new ProviderEvent.Unsolicited(type, reference(debit), id,
        new UnsolicitedChange.ReturnReversed(amount, currency,
            "The payer's bank reversed the return" + (code == null ? "." : " " + code + ".")));
  }
}
