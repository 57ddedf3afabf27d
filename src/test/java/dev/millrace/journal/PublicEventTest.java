package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.payment.Dispute;
import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.PaymentEvent.Initiated;
import java.time.OffsetDateTime;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class PublicEventTest {
  private static final UUID SUBJECT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
  private static final UUID MERCHANT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8058");
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final String RECORDED = "2026-11-20T12:30:45.123999+01:00";
  private static final String ASKED = EventJson.write(new Initiated(1999, "usd", "pm_card_visa", "automatic",
      "order \"1\"", "Größe 😀\n{", Map.of("status", "x", "id", "y"), "https://shop.example/ok"));
  /** Refuses a key that stands twice in an object. */
  private static final JsonMapper STRICT = JsonMapper.builder()
      .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final EventId ids = new EventId(new byte[16]);

  private static EventRow row(EventType type, int version, String data, String asked) {
    return new EventRow(new Cursor(771, 42), SUBJECT, version, type.wire(), MERCHANT, false, TRACE,
        OffsetDateTime.parse(RECORDED), data, asked);
  }

  /** As the statement that writes it does, with its white space. */
  private static final String DISPUTE = "{\"payment\" : \"pay_01h455vb4pex5vsknk084sn02q\", \"provider\" : \"stripe\","
      + " \"provider_reference\" : \"du_1\", \"amount\" : 1999, \"currency\" : \"usd\", \"reason\" : null,"
      + " \"status\" : \"open\", \"evidence_due\" : 1795779045}";

  private static String settlement() {
    return "{\"provider\":\"stripe\",\"rail\":\"card\",\"currency\":\"usd\",\"payments\":2,\"amount\":3998,"
        + "\"amount_charged\":3999}";
  }

  /** An event of each type as it stands in the journal. */
  private static EventRow row(EventType type) {
    return switch (type) {
      case INITIATED -> row(type, 1, ASKED, null);
      case SCREENED -> of(new PaymentEvent.Screened("clear", null, 0, true, null), 2);
      case BLOCKED -> of(new PaymentEvent.Blocked("stolen", 100, null), 2);
      case PROVIDER_SUBMITTED -> of(new PaymentEvent.ProviderSubmitted("stripe", "att_1"), 3);
      case UNKNOWN -> of(new PaymentEvent.Unknown("stripe", "att_1", "timeout"), 4);
      case CONFIRMED -> of(new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 2500, "usd"), 4);
      case DECLINED -> of(new PaymentEvent.Declined("stripe", "att_1", "pi_1", "card_declined",
          "insufficient_funds", "No."), 4);
      case REQUIRES_ACTION ->
        of(new PaymentEvent.RequiresAction("stripe", "att_1", "pi_1", "https://bank.example/3ds", 1795260645),
            4);
      case ACTION_RETURNED -> of(new PaymentEvent.ActionReturned("att_1"), 5);
      case AUTHORIZED ->
        of(new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 1999, "usd", 1795779045), 4);
      case CAPTURE_REQUESTED -> of(new PaymentEvent.CaptureRequested("cap_1", 500), 5);
      case CAPTURE_FAILED -> of(new PaymentEvent.CaptureFailed("cap_1", "c", "No.", Status.AUTHORIZED), 7);
      case CANCEL_REQUESTED ->
        of(new PaymentEvent.CancelRequested("can_1", "\"status\":\"settled\"", Status.REQUIRES_ACTION), 5);
      case CANCEL_FAILED -> of(new PaymentEvent.CancelFailed("can_1", "c", "No.", Status.CONFIRMED), 7);
      case VOIDED -> of(new PaymentEvent.Voided("can_1", "stripe", "att_2", "changed"), 7);
      case EXPIRED -> of(new PaymentEvent.Expired(null, null, null, "lapsed"), 5);
      case REFUND_REQUESTED -> of(new PaymentEvent.RefundRequested("re_1", 500, null, Status.SETTLED), 6);
      case REFUND_FAILED -> of(new PaymentEvent.RefundFailed("re_1", "c", "No.", Status.SETTLED), 8);
      case REFUNDED ->
        of(new PaymentEvent.Refunded("re_1", "stripe", "att_3", "re_x", 500, 500, "usd", 3L, "n",
            null, null, Status.PARTIALLY_REFUNDED), 8);
      case OPERATION_SUBMITTED ->
        of(new PaymentEvent.OperationSubmitted("re_1", "stripe", "att_3", Status.SETTLED), 7);
      case OPERATION_UNKNOWN ->
        of(new PaymentEvent.OperationUnknown("re_1", "stripe", "att_3", "timeout", Status.SETTLED), 8);
      case DISPUTED ->
        of(new PaymentEvent.Disputed("du_1", "stripe", 1999, "usd", "fraudulent", 1795779045L), 6);
      case DISPUTE_WON -> of(new PaymentEvent.DisputeWon("du_1", "stripe", 1999, "usd", Status.SETTLED), 7);
      case CHARGED_BACK -> of(new PaymentEvent.ChargedBack("du_1", "stripe", 1999, "usd"), 7);
      case RETURNED ->
        of(new PaymentEvent.Returned("bank", "db_1", 1999, "usd", "R01", "No funds.", null, null, null, null),
            6);
      case SETTLED -> of(new PaymentEvent.Settled("stl_1"), 5);
      case TRY_REFUSED, PROCESSING, CAPTURED, CAPTURE_REVERSED, REFUND_REVERSED, DISPUTE_REOPENED,
          CHARGEBACK_REVERSED, DISPUTE_CHANGED, RETURN_REVERSED, LATE_CHARGE, LATE_CHARGE_RETURNED,
          LATE_CHARGE_KEPT,
          LATE_CHARGE_RETRIED, PROVIDER_NOTICE, CORRECTED ->
        of(ReversalSamples.event(type), 6);
      case DISPUTE_OPENED, DISPUTE_CLOSED_WON, DISPUTE_CLOSED_LOST, DISPUTE_OPENED_AGAIN,
          DISPUTE_AMOUNT_CHANGED ->
        row(type, 2, DISPUTE, null);
      case SETTLEMENT_POSTED -> row(type, 1, settlement(), null);
      case ENDPOINT_DISABLED ->
        row(type, 2, "{\"url\":\"https://shop.example/hook\",\"reason\":\"gone\"}", null);
      case ENDPOINT_TEST -> row(type, 1, "{\"url\":\"https://shop.example/hook\"}", null);
    };
  }

  private static EventRow of(PaymentEvent event, int version) {
    return row(event.type(), version, EventJson.write(event), ASKED);
  }

  private String json(EventRow row) { return PublicEvent.json(row, ids, PublicEvent.CURRENT); }

  /** What all begin with. */
  private static String head(EventType type, String subject, int version) {
    return "{\"id\":\"ID\",\"object\":\"event\",\"api_version\":\"2026-11-21\",\"type\":\"" + type.wire()
        + "\",\"created\":1795174245,\"timestamp\":\"2026-11-20T11:30:45.123Z\",\"livemode\":false,"
        + "\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"subject\":\"" + subject + "\",\"version\":"
        + version
        + ",\"previous_version\":" + (version == 1 ? "null" : version - 1) + ",\"data\":";
  }

  private static final String PAYMENT = "pay_01h455vb4pex5vsknk084sn02q";
  private static final String OBJECT = "{\"object\":{\"id\":\"" + PAYMENT
      + "\",\"object\":\"payment\",\"status\":\"STATUS\",\"amount\":1999,\"currency\":\"usd\","
      + "\"payment_method\":\"pm_card_visa\",\"capture\":\"automatic\",\"reference\":\"order \\\"1\\\"\","
      + "\"description\":\"Größe 😀\\n{\",\"metadata\":{\"id\":\"y\",\"status\":\"x\"},"
      + "\"return_url\":\"https://shop.example/ok\"}";

  private static String payment(EventType type, int version, String status, String details) {
    return head(type, PAYMENT, version) + OBJECT.replace("STATUS", status)
        + (details == null ? "" : ",\"details\":" + details) + "}}";
  }

  private static String golden(EventType type) {
    return switch (type) {
      case INITIATED -> payment(type, 1, "initiated", null);
      case SCREENED -> payment(type, 2, "initiated",
          "{\"decision\":\"clear\",\"score\":0,\"velocity_known\":true}");
      case BLOCKED -> payment(type, 2, "blocked", "{\"rule\":\"stolen\",\"score\":100}");
      case PROVIDER_SUBMITTED -> payment(type, 3, "provider_submitted",
          "{\"provider\":\"stripe\",\"attempt\":\"att_1\"}");
      case UNKNOWN -> payment(type, 4, "unknown",
          "{\"provider\":\"stripe\",\"attempt\":\"att_1\",\"reason\":\"timeout\"}");
      case CONFIRMED -> payment(type, 4, "confirmed",
          "{\"provider\":\"stripe\",\"attempt\":\"att_1\",\"provider_reference\":\"pi_1\",\"amount\":1999,"
              + "\"amount_charged\":2500,\"currency\":\"usd\"}");
      case DECLINED -> payment(type, 4, "declined",
          "{\"provider\":\"stripe\",\"attempt\":\"att_1\",\"provider_reference\":\"pi_1\","
              + "\"code\":\"card_declined\",\"decline_code\":\"insufficient_funds\",\"message\":\"No.\"}");
      case REQUIRES_ACTION -> payment(type, 4, "requires_action",
          "{\"provider\":\"stripe\",\"attempt\":\"att_1\",\"provider_reference\":\"pi_1\","
              + "\"url\":\"https://bank.example/3ds\",\"expires\":1795260645}");
      case ACTION_RETURNED -> payment(type, 5, "requires_action", "{\"attempt\":\"att_1\"}");
      case AUTHORIZED -> payment(type, 4, "authorized",
          "{\"provider\":\"stripe\",\"attempt\":\"att_1\",\"provider_reference\":\"pi_1\",\"amount\":1999,"
              + "\"amount_authorized\":1999,\"currency\":\"usd\",\"expires\":1795779045}");
      case CAPTURE_REQUESTED -> payment(type, 5, "authorized", "{\"operation\":\"cap_1\",\"amount\":500}");
      case CAPTURE_FAILED -> payment(type, 7, "authorized",
          "{\"operation\":\"cap_1\",\"code\":\"c\",\"message\":\"No.\",\"status\":\"authorized\"}");
      case CANCEL_REQUESTED -> payment(type, 5, "requires_action",
          "{\"operation\":\"can_1\",\"reason\":\"\\\"status\\\":\\\"settled\\\"\",\"status\":\"requires_action\"}");
      case CANCEL_FAILED -> payment(type, 7, "confirmed",
          "{\"operation\":\"can_1\",\"code\":\"c\",\"message\":\"No.\",\"status\":\"confirmed\"}");
      case VOIDED -> payment(type, 7, "voided",
          "{\"operation\":\"can_1\",\"provider\":\"stripe\",\"attempt\":\"att_2\",\"reason\":\"changed\"}");
      case EXPIRED -> payment(type, 5, "expired", "{\"reason\":\"lapsed\"}");
      case REFUND_REQUESTED -> payment(type, 6, "settled",
          "{\"operation\":\"re_1\",\"amount\":500,\"status\":\"settled\"}");
      case REFUND_FAILED -> payment(type, 8, "settled",
          "{\"operation\":\"re_1\",\"code\":\"c\",\"message\":\"No.\",\"status\":\"settled\"}");
      case REFUNDED -> payment(type, 8, "partially_refunded",
          "{\"operation\":\"re_1\",\"provider\":\"stripe\",\"attempt\":\"att_3\",\"provider_reference\":\"re_x\","
              + "\"amount\":500,\"amount_refunded\":500,\"currency\":\"usd\",\"provider_fee_returned\":3,"
              + "\"provider_fee_note\":\"n\",\"status\":\"partially_refunded\"}");
      case OPERATION_SUBMITTED -> payment(type, 7, "settled",
          "{\"operation\":\"re_1\",\"provider\":\"stripe\",\"attempt\":\"att_3\",\"status\":\"settled\"}");
      case OPERATION_UNKNOWN -> payment(type, 8, "settled",
          "{\"operation\":\"re_1\",\"provider\":\"stripe\",\"attempt\":\"att_3\",\"reason\":\"timeout\","
              + "\"status\":\"settled\"}");
      case DISPUTED -> payment(type, 6, "disputed",
          "{\"dispute\":\"du_1\",\"provider\":\"stripe\",\"amount\":1999,\"currency\":\"usd\","
              + "\"reason\":\"fraudulent\",\"evidence_due\":1795779045}");
      case DISPUTE_WON -> payment(type, 7, "settled",
          "{\"dispute\":\"du_1\",\"provider\":\"stripe\",\"amount\":1999,\"currency\":\"usd\",\"status\":\"settled\"}");
      case CHARGED_BACK -> payment(type, 7, "charged_back",
          "{\"dispute\":\"du_1\",\"provider\":\"stripe\",\"amount\":1999,\"currency\":\"usd\"}");
      case RETURNED -> payment(type, 6, "returned",
          "{\"provider\":\"bank\",\"provider_reference\":\"db_1\",\"amount\":1999,\"currency\":\"usd\","
              + "\"code\":\"R01\",\"message\":\"No funds.\"}");
      case SETTLED -> payment(type, 5, "settled", "{\"settlement\":\"stl_1\"}");
      case TRY_REFUSED, PROCESSING, CAPTURED, CAPTURE_REVERSED, REFUND_REVERSED, DISPUTE_REOPENED,
          CHARGEBACK_REVERSED, DISPUTE_CHANGED, RETURN_REVERSED, LATE_CHARGE, LATE_CHARGE_RETURNED,
          LATE_CHARGE_KEPT,
          LATE_CHARGE_RETRIED, PROVIDER_NOTICE, CORRECTED ->
        payment(type, 6, ReversalSamples.event(type).target().wire(), ReversalSamples.details(type));
      case DISPUTE_OPENED, DISPUTE_CLOSED_WON, DISPUTE_CLOSED_LOST, DISPUTE_OPENED_AGAIN,
          DISPUTE_AMOUNT_CHANGED ->
        head(type, "dp_01h455vb4pex5vsknk084sn02q", 2)
            + "{\"object\":{\"id\":\"dp_01h455vb4pex5vsknk084sn02q\",\"object\":\"dispute\","
            + DISPUTE.substring(1) + "}}";
      case SETTLEMENT_POSTED -> head(type, "stl_01h455vb4pex5vsknk084sn02q", 1)
          + "{\"object\":{\"id\":\"stl_01h455vb4pex5vsknk084sn02q\",\"object\":\"settlement\",\"provider\":\"stripe\","
          + "\"rail\":\"card\",\"currency\":\"usd\",\"payments\":2,\"amount\":3998,\"amount_charged\":3999}}}";
      case ENDPOINT_DISABLED -> head(type, "whe_01h455vb4pex5vsknk084sn02q", 2)
          + "{\"object\":{\"id\":\"whe_01h455vb4pex5vsknk084sn02q\",\"object\":\"webhook_endpoint\","
          + "\"url\":\"https://shop.example/hook\",\"reason\":\"gone\"}}}";
      case ENDPOINT_TEST -> head(type, "whe_01h455vb4pex5vsknk084sn02q", 1)
          + "{\"object\":{\"id\":\"whe_01h455vb4pex5vsknk084sn02q\",\"object\":\"webhook_endpoint\","
          + "\"url\":\"https://shop.example/hook\"}}}";
    };
  }

  @ParameterizedTest
  @EnumSource
  void event_ofEachType_isWrittenAsAgreed(EventType type) {
    assertThat(json(row(type))).isEqualTo(golden(type).replace("ID", ids.of(new Cursor(771, 42))));
  }

  /** An event in a stream's frame must be one line. */
  @ParameterizedTest
  @EnumSource
  void event_ofEachType_isOneLineOfJson_withNoKeyTwice(EventType type) throws JsonProcessingException {
    String json = json(row(type));
    assertThat(json.lines()).hasSize(1);
    JsonNode event = STRICT.readTree(json);
    assertThat(event.at("/data/object/id")).isEqualTo(event.get("subject"));
    assertThat(ids.parse(event.get("id").textValue())).isEqualTo(new Cursor(771, 42));
  }

  @Test
  void strictReader_refusesAKeyTwice() {
    assertThatThrownBy(() -> STRICT.readTree("{\"a\":{\"b\":1,\"b\":2}}"))
        .isInstanceOf(JsonProcessingException.class);
  }

  static Stream<PaymentEvent> statuses() {
    var one = Stream.of(new PaymentEvent.Screened("clear", null, 0, true, null),
        new PaymentEvent.Screened("review", "big", 70, true, null),
        // What an operator calls himself decides nothing, nor what a merchant or a provider writes.
        new PaymentEvent.Screened("clear", null, 0, true, "\"decision\":\"review\""),
        new PaymentEvent.Screened("clear", "\",\"decision\":\"review\"", 0, true, null),
        new PaymentEvent.Blocked(null, 0, "ann"), new PaymentEvent.ProviderSubmitted("stripe", "att_1"),
        new PaymentEvent.RequiresAction("stripe", "att_1", "pi_1", "https://bank.example", 1),
        new PaymentEvent.ActionReturned("att_1"), new PaymentEvent.Unknown("stripe", "att_1", "timeout"),
        new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1, 1, "usd", 1),
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1, 1, "usd"),
        new PaymentEvent.Declined("stripe", "att_1", null, "c", null, "\"status\":\"refunded\""),
        new PaymentEvent.CaptureRequested("cap_1", 1), new PaymentEvent.Voided(null, null, null, "r"),
        new PaymentEvent.Expired("can_1", "stripe", "att_1", "expired"), new PaymentEvent.Settled("stl_1"),
        new PaymentEvent.Disputed("du_1", "stripe", 1, "usd", "\",\"status\":\"refunded\"", 1L),
        new PaymentEvent.ChargedBack("du_1", "stripe", 1, "usd"),
        new PaymentEvent.TryRefused("stripe", "att_1", "ch_1", "c", null, "\"status\":\"refunded\""),
        new PaymentEvent.Processing("stripe", "att_1", "pi_1"),
        new PaymentEvent.DisputeReopened("du_1", "stripe", 1, "usd", null),
        new PaymentEvent.DisputeChanged("du_1", "stripe", 1, 2, "usd", null, Dispute.State.LOST,
            Status.CHARGED_BACK, 1),
        new PaymentEvent.Returned("bank", "db_1", 1, "usd", "R01", "", null, null, null, null));
    String odd = "\",\"status\":\"refunded\",\"x\":\"\\";
    return Stream.concat(one, Arrays.stream(Status.values())
        .flatMap(s -> Stream.of(new PaymentEvent.CaptureFailed("cap_1", odd, odd, s),
            new PaymentEvent.CancelRequested("can_1", odd, s),
            new PaymentEvent.CancelFailed("can_1", odd, odd, s),
            new PaymentEvent.RefundRequested("re_1", 1, odd, s),
            new PaymentEvent.RefundFailed("re_1", odd, odd, s),
            new PaymentEvent.Refunded("re_1", "stripe", "att_3", odd, 1, 1, "usd", 1L, "n", 1L, "n", s),
            new PaymentEvent.OperationSubmitted("re_1", "stripe", "att_3", s),
            new PaymentEvent.OperationUnknown("re_1", "stripe", "att_3", odd, s),
            new PaymentEvent.Settled("stl_1", s), new PaymentEvent.DisputeWon(odd, "stripe", 1, "usd", s),
            new PaymentEvent.ChargedBack(odd, "stripe", 1, "usd", s),
            new PaymentEvent.Captured("stripe", "att_1", "pi_1", odd, 1, 1, 1, "usd", null, null, odd, null,
                odd,
                s),
            new PaymentEvent.CaptureReversed(null, "stripe", odd, 1, 1, 1, "usd", odd, odd, null, null, null,
                null, s),
            new PaymentEvent.RefundReversed(null, "stripe", odd, 1, 1, "usd", odd, odd, null, null, null, s),
            new PaymentEvent.ChargebackReversed(odd, "stripe", 1, "usd", null, s),
            new PaymentEvent.ReturnReversed("bank", odd, 1, "usd", odd, null, null, null, s),
            new PaymentEvent.LateCharge("rev_1", "stripe", "att_1", odd, 1, "usd", true, odd, s),
            new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_1", odd, 1, "usd", true, s),
            new PaymentEvent.LateChargeKept("rev_1", odd, odd, s),
            new PaymentEvent.ProviderNotice("stripe", odd, odd, odd, false, s),
            new PaymentEvent.LateChargeRetried("rev_2", "rev_1", "stripe", odd, 1, "usd", true, odd, odd, s),
            new PaymentEvent.Corrected("cor_1", odd, odd, 1, "usd", "suspense", "fees", "stripe", odd, s))));
  }

  @Test
  void statuses_coverEveryEventButTheFirst() {
    assertThat(statuses().<Class<?>>map(Object::getClass).distinct().toList())
        .containsExactlyInAnyOrderElementsOf(PaymentEvent.records(PaymentEvent.class).values().stream()
            .filter(event -> event != Initiated.class).toList());
  }

  @ParameterizedTest
  @MethodSource("statuses")
  void status_isThatOfThePaymentAfterTheEvent(PaymentEvent event) throws JsonProcessingException {
    var object = STRICT.readTree(json(of(event, 2))).at("/data/object");
    assertThat(object.get("status").textValue()).isEqualTo(event.target().wire());
    assertThat(object.get("amount").longValue()).isEqualTo(1999);
  }

  @Test
  void timestamp_hasMillisecondsAlso_whenThereAreNone() throws JsonProcessingException {
    var whole = new EventRow(new Cursor(771, 42), SUBJECT, 1, EventType.INITIATED.wire(), MERCHANT, true,
        TRACE,
        OffsetDateTime.parse("2026-11-20T11:30:45Z"), ASKED, null);
    var event = STRICT.readTree(json(whole));
    assertThat(event.get("timestamp").textValue()).isEqualTo("2026-11-20T11:30:45.000Z");
    assertThat(event.get("livemode").booleanValue()).isTrue();
  }

  @Test
  void object_withoutMembersOfItsOwn_isStillJson() throws JsonProcessingException {
    var event = STRICT.readTree(json(row(EventType.ENDPOINT_TEST, 1, " { } ", null)));
    assertThat(event.at("/data/object").size()).isEqualTo(2);
  }

  @Test
  void type_ofANewerRelease_cannotBeWritten() {
    var newer = new EventRow(new Cursor(771, 42), SUBJECT, 2, "payment.forgiven", MERCHANT, false, TRACE,
        OffsetDateTime.parse(RECORDED), "{}", ASKED);
    assertThatThrownBy(() -> json(newer)).isInstanceOf(NullPointerException.class)
        .hasMessageContaining("payment.forgiven");
  }

  @Test
  void subjectId_isNamedByTheKindOfThing() {
    Map<EventType.Subject, String> prefixes = new EnumMap<>(
        Arrays.stream(EventType.values()).collect(Collectors.toMap(EventType::subject,
            t -> PublicEvent.subjectId(t, SUBJECT).split("_")[0], (a, b) -> {
              assertThat(a).isEqualTo(b);
              return a;
            })));
    assertThat(prefixes).isEqualTo(Map.of(EventType.Subject.PAYMENT, "pay", EventType.Subject.SETTLEMENT,
        "stl", EventType.Subject.WEBHOOK_ENDPOINT, "whe", EventType.Subject.DISPUTE, "dp"));
  }
}
