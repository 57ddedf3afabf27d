package dev.millrace.provider.bank;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.Verdict;
import dev.millrace.testing.StripeSender;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BankWebhooksTest {
  private static final String REFERENCE = "att_01h455vb4pex5vsknk084sn02q";
  private static final long NOW_S = 1_795_177_850;

  private final BankWebhooks scheme = new BankWebhooks("bank", "default", List.of("banksec_1", "banksec_2"),
      Duration.ofSeconds(300));

  private ProviderEvent read(String type, JsonObject object) {
    return scheme.read(new JsonObject().put("id", "evt_1").put("type", type).put("created", NOW_S)
        .put("data", new JsonObject().put("object", object)).toBuffer());
  }

  private static JsonObject debit(String status) {
    return new JsonObject().put("id", "db_1").put("object", "debit").put("status", status)
        .put("reference", REFERENCE).put("amount", 1_999).put("currency", "usd");
  }

  private static JsonObject credit(String reference) {
    return new JsonObject().put("id", "cr_1").put("object", "credit").put("status", "accepted")
        .put("reference", reference).put("debit", "db_1").put("amount", 500).put("currency", "usd");
  }

  /** The scheme is Stripe's, whose own library signs here; only the header's name differs. */
  @Test
  void verify_asStripesSignatures_inItsOwnHeader() {
    String body = "{\"id\":\"evt_1\"}";
    var headers = MultiMap.caseInsensitiveMultiMap().add("Bank-Signature",
        StripeSender.signature("banksec_2", NOW_S, body));
    Instant now = Instant.ofEpochSecond(NOW_S);
    assertThat(scheme.verify(headers, Buffer.buffer(body).getBytes(), now))
        .isEqualTo(new Verdict.Genuine("evt_1"));
    assertThat(scheme.verify(headers, Buffer.buffer(body).getBytes(), now.plusSeconds(301)))
        .isInstanceOf(Verdict.Forged.class);
    assertThat(scheme.verify(headers, Buffer.buffer(body + " ").getBytes(), now))
        .isInstanceOf(Verdict.Forged.class);
    headers.set("Bank-Signature", StripeSender.signature("banksec_3", NOW_S, body));
    assertThat(scheme.verify(headers, Buffer.buffer(body).getBytes(), now))
        .isInstanceOf(Verdict.Forged.class);
    var stripes = MultiMap.caseInsensitiveMultiMap().add("Stripe-Signature",
        StripeSender.signature("banksec_1", NOW_S, body));
    assertThat(scheme.verify(stripes, Buffer.buffer(body).getBytes(), now))
        .isEqualTo(new Verdict.Forged("no Bank-Signature"));
  }

  @Test
  void answer_isNone() {
    assertThat(scheme.answer()).isNull();
    assertThat(scheme.provider() + "/" + scheme.account()).isEqualTo("bank/default");
  }

  @Test
  void debit_isTold() {
    assertThat(read("debit.accepted", debit("accepted"))).isEqualTo(
        new ProviderEvent.AttemptOutcome("debit.accepted", REFERENCE,
            new Outcome.Charged("db_1", 1_999, "usd")));
    assertThat(read("debit.canceled", debit("canceled"))).isEqualTo(
        new ProviderEvent.AttemptOutcome("debit.canceled", REFERENCE, new Outcome.Voided("db_1", false)));
  }

  @Test
  void debit_returned_isUnsolicited_withItsCode() {
    var returned = debit("returned").put("return_code", "R01").put("return_reason", "NSF");
    assertThat(read("debit.returned", returned))
        .isEqualTo(new ProviderEvent.Unsolicited("debit.returned", REFERENCE, "db_1",
            new UnsolicitedChange.Returned(1_999, "usd", "R01", "Insufficient funds")));
    assertThat(read("debit.returned", returned.put("return_code", "R98"))).isEqualTo(
        new ProviderEvent.Unsolicited("debit.returned", REFERENCE, "db_1",
            new UnsolicitedChange.Returned(1_999, "usd", "R98", "NSF")));
    returned.remove("return_code");
    assertThat(read("debit.returned", returned)).isInstanceOf(ProviderEvent.Unreadable.class);
  }

  @Test
  void credit_isTold_orBefell() {
    assertThat(read("credit.accepted", credit(REFERENCE))).isEqualTo(
        new ProviderEvent.AttemptOutcome("credit.accepted", REFERENCE,
            new Outcome.Refunded("cr_1", 500, "usd")));
    assertThat(read("credit.accepted", credit("by hand"))).isEqualTo(
        new ProviderEvent.Unsolicited("credit.accepted", "db_1",
            new UnsolicitedChange.Refunded("cr_1", 500, "usd")));
    assertThat(read("credit.accepted", credit("by hand").putNull("debit")))
        .as("somebody else's").isEqualTo(new ProviderEvent.Ignored("credit.accepted"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"debit.accepted", "debit.canceled", "debit.returned", "debit.return_reversed"})
  void debit_ofOthers_isIgnored(String type) {
    assertThat(read(type, debit("returned").put("reference", "invoice-7")))
        .isEqualTo(new ProviderEvent.Ignored(type));
    assertThat(read(type, debit("returned").putNull("reference"))).isEqualTo(new ProviderEvent.Ignored(type));
  }

  @ParameterizedTest
  @ValueSource(strings = {"debit.accepted", "debit.canceled", "debit.returned", "credit.accepted"})
  void event_ofAStrangeShape_isUnreadable(String type) {
    assertThat(read(type, null)).isEqualTo(new ProviderEvent.Unreadable(type, "no data.object"));
    var strange = new JsonObject().put("reference", REFERENCE).put("debit", "db_1");
    assertThat(read(type, strange)).isInstanceOf(ProviderEvent.Unreadable.class);
    assertThat(read(type, strange.put("id", "x").put("status", "a_new_one")))
        .isInstanceOf(ProviderEvent.Unreadable.class);
  }

  @Test
  void debit_whoseReturnWasReversed_isPaidAfterAll() {
    var debit = debit("accepted").put("return_code", "R02");
    assertThat(read("debit.return_reversed", debit)).isEqualTo(
        new ProviderEvent.Unsolicited("debit.return_reversed", REFERENCE, "db_1",
            new UnsolicitedChange.ReturnReversed(1_999, "usd", "The payer's bank reversed the return R02.")));
    debit.remove("return_code");
    assertThat(read("debit.return_reversed", debit)).isEqualTo(
        new ProviderEvent.Unsolicited("debit.return_reversed", REFERENCE, "db_1",
            new UnsolicitedChange.ReturnReversed(1_999, "usd", "The payer's bank reversed the return.")));
    debit.remove("amount");
    assertThat(read("debit.return_reversed", debit)).isInstanceOf(ProviderEvent.Unreadable.class);
  }

  @Test
  void event_ofAnotherType_isAlarmed_whenItIsOurs() {
    assertThat(read("debit.pending", debit("pending"))).isEqualTo(new ProviderEvent.Notice("debit.pending",
        REFERENCE, null, "The bank sent an event that the connector does not know: ask it what happened.",
        false));
    assertThat(read("debit.pending", debit("pending").put("reference", "invoice-7")))
        .isEqualTo(new ProviderEvent.Ignored("debit.pending"));
    assertThat(scheme.read(Buffer.buffer("{}"))).isEqualTo(new ProviderEvent.Ignored(""));
    assertThat(scheme.read(Buffer.buffer("[]"))).isInstanceOf(ProviderEvent.Unreadable.class);
  }
}
