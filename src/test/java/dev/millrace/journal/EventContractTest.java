package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.Initiated;
import dev.millrace.payment.Status;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

final class EventContractTest {
  private static final UUID SUBJECT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
  private static final UUID MERCHANT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8058");
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final Initiated INITIATED = new Initiated(1999, "usd", "pm_card_visa", "automatic",
      "order 1",
      "Größe 😀", Map.of("a", "1", "b", "ü"), "https://shop.example/ok", "card", "42424242");

  private final EventContract contract = new EventContract();

  private static JournalRow row(EventType type, String data) {
    return new JournalRow("771", 42, SUBJECT, 3, type.wire(), MERCHANT, true, "gateway", TRACE,
        OffsetDateTime.parse("2026-11-20T12:30:45.123456+01:00"), data);
  }

  private static Arguments event(PaymentEvent event, Object... fields) {
    return Arguments.of(event.type(), EventJson.write(event), map(fields));
  }

  private static Map<String, Object> map(Object... fields) {
    var map = new LinkedHashMap<String, Object>();
    for (int i = 0; i < fields.length; i += 2) map.put((String) fields[i], fields[i + 1]);
    return map;
  }

  /**
   * Each event type, its data in the journal, and its own fields in Kafka; those with optional ones also
   * without them.
   */
  static Stream<Arguments> events() {
    return Stream.of(charge(), captureAndCancel(), refundAndDispute(), others(), disputes(),
        ReversalSamples.all().map(s -> Arguments.of(s.event().type(), s.data(), s.fields()))).flatMap(s -> s);
  }

  private static Stream<Arguments> charge() {
    return Stream.of(
        event(INITIATED, "amount", 1999L, "currency", "usd", "payment_method", "pm_card_visa", "capture",
            "automatic", "reference", "order 1", "description", "Größe 😀", "metadata",
            Map.of("a", "1", "b", "ü"), "return_url", "https://shop.example/ok", "payment_method_type",
            "card", "payment_method_bin", "42424242"),
        event(new Initiated(99_999_999_999L, "jpy", "tok_1", "manual", null, null, Map.of(), null),
            "amount", 99_999_999_999L, "currency", "jpy", "payment_method", "tok_1", "capture", "manual",
            "reference", null, "description", null, "metadata", Map.of(), "return_url", null,
            "payment_method_type", null, "payment_method_bin", null),
        event(new PaymentEvent.Screened("clear", null, 0, false, null), "decision", "clear", "rule", null,
            "score", 0, "velocity_known", false, "operator", null),
        event(new PaymentEvent.Screened("review", "big", 70, true, "ann"), "decision", "review", "rule",
            "big", "score", 70, "velocity_known", true, "operator", "ann"),
        event(new PaymentEvent.Blocked("stolen", 100, null), "rule", "stolen", "score", 100, "operator",
            null),
        event(new PaymentEvent.ProviderSubmitted("stripe", "att_1"), "provider", "stripe", "attempt",
            "att_1", "route", null, "after", null),
        event(new PaymentEvent.ProviderSubmitted("adyen", "att_2", "card -> stripe adyen", "stripe: open"),
            "provider", "adyen", "attempt", "att_2", "route", "card -> stripe adyen", "after",
            "stripe: open"),
        event(new PaymentEvent.RequiresAction("stripe", "att_1", "pi_1", "https://bank.example", 1795260645L),
            "provider", "stripe", "attempt", "att_1", "provider_reference", "pi_1", "url",
            "https://bank.example", "expires", 1795260645L),
        event(new PaymentEvent.ActionReturned("att_1"), "attempt", "att_1"),
        event(new PaymentEvent.Unknown("stripe", "att_1", "timeout"), "provider", "stripe", "attempt",
            "att_1", "reason", "timeout"),
        event(new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 1500, "usd", 1795779045L),
            "provider", "stripe", "attempt", "att_1", "provider_reference", "pi_1", "amount", 1999L,
            "amount_authorized", 1500L, "currency", "usd", "expires", 1795779045L),
        event(new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 2500, "usd"), "provider", "stripe",
            "attempt", "att_1", "provider_reference", "pi_1", "amount", 1999L, "amount_charged", 2500L,
            "currency", "usd", "operation", null, "amount_released", null, "provider_fee", null,
            "provider_fee_note", null, "gateway_fee", null, "gateway_fee_note", null, "capture", null),
        event(new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 500, 500, "usd", "cap_1", 1499L, 45L,
            "290 bp", 3L, "50 bp", "ca_1"), "provider", "stripe", "attempt", "att_1", "provider_reference",
            "pi_1",
            "amount", 500L, "amount_charged", 500L, "currency", "usd", "operation", "cap_1",
            "amount_released", 1499L, "provider_fee", 45L, "provider_fee_note", "290 bp", "gateway_fee", 3L,
            "gateway_fee_note", "50 bp", "capture", "ca_1"),
        event(new PaymentEvent.Declined("stripe", "att_1", null, "card_declined", "lost_card", "No."),
            "provider", "stripe", "attempt", "att_1", "provider_reference", null, "code", "card_declined",
            "decline_code", "lost_card", "message", "No."));
  }

  private static Stream<Arguments> captureAndCancel() {
    return Stream.of(
        event(new PaymentEvent.CaptureRequested("cap_1", 500), "operation", "cap_1", "amount", 500L),
        event(new PaymentEvent.CaptureFailed("cap_1", "expired", "No.", Status.AUTHORIZED), "operation",
            "cap_1", "code", "expired", "message", "No.", "status", "authorized"),
        event(new PaymentEvent.CancelRequested("can_1", "changed", Status.REQUIRES_ACTION), "operation",
            "can_1", "reason", "changed", "status", "requires_action"),
        event(new PaymentEvent.CancelFailed("can_1", "late", "No.", Status.CONFIRMED), "operation", "can_1",
            "code", "late", "message", "No.", "status", "confirmed"),
        event(new PaymentEvent.Voided("can_1", "stripe", "att_2", "changed"), "operation", "can_1",
            "provider", "stripe", "attempt", "att_2", "reason", "changed"),
        event(new PaymentEvent.Voided(null, null, null, "changed"), "operation", null, "provider", null,
            "attempt", null, "reason", "changed"),
        event(new PaymentEvent.Expired("can_1", "stripe", "att_2", "expired"), "operation", "can_1",
            "provider", "stripe", "attempt", "att_2", "reason", "expired"),
        event(new PaymentEvent.OperationSubmitted("cap_1", "stripe", "att_2", Status.AUTHORIZED),
            "operation", "cap_1", "provider", "stripe", "attempt", "att_2", "status", "authorized"),
        event(new PaymentEvent.OperationUnknown("cap_1", "stripe", "att_2", "timeout", Status.AUTHORIZED),
            "operation", "cap_1", "provider", "stripe", "attempt", "att_2", "reason", "timeout", "status",
            "authorized"));
  }

  private static Stream<Arguments> refundAndDispute() {
    return Stream.of(
        event(new PaymentEvent.RefundRequested("re_1", 500, null, Status.SETTLED), "operation", "re_1",
            "amount", 500L, "reason", null, "status", "settled"),
        event(new PaymentEvent.RefundRequested("re_1", 500, "broken", Status.PARTIALLY_REFUNDED),
            "operation", "re_1", "amount", 500L, "reason", "broken", "status", "partially_refunded"),
        event(new PaymentEvent.RefundFailed("re_1", "no_funds", "No.", Status.SETTLED), "operation", "re_1",
            "code", "no_funds", "message", "No.", "status", "settled"),
        event(new PaymentEvent.Refunded("re_1", "stripe", "att_3", "re_x", 500, 700, "usd", 3L, "n", 1L, "m",
            Status.PARTIALLY_REFUNDED), "operation", "re_1", "provider", "stripe", "attempt", "att_3",
            "provider_reference", "re_x", "amount", 500L, "amount_refunded", 700L, "currency", "usd",
            "provider_fee_returned", 3L, "provider_fee_note", "n", "gateway_fee_returned", 1L,
            "gateway_fee_note", "m", "excess", null, "status", "partially_refunded"),
        event(new PaymentEvent.Refunded(null, "stripe", null, "re_y", 500, 500, "usd", null, null, null,
            null, Status.REFUNDED), "operation", null, "provider", "stripe", "attempt", null,
            "provider_reference", "re_y", "amount", 500L, "amount_refunded", 500L, "currency", "usd",
            "provider_fee_returned", null, "provider_fee_note", null, "gateway_fee_returned", null,
            "gateway_fee_note", null, "excess", null, "status", "refunded"),
        event(new PaymentEvent.Disputed("du_1", "stripe", 1999, "usd", "fraudulent", 1795779045L, null, 5L),
            "dispute",
            "du_1", "provider", "stripe", "amount", 1999L, "currency", "usd", "reason", "fraudulent",
            "evidence_due", 1795779045L, "excess", null, "told", 5L),
        event(new PaymentEvent.Disputed("du_1", "stripe", 1999, "usd", null, null), "dispute", "du_1",
            "provider", "stripe", "amount", 1999L, "currency", "usd", "reason", null, "evidence_due", null,
            "excess", null, "told", null),
        event(new PaymentEvent.DisputeWon("du_1", "stripe", 1999, "usd", Status.SETTLED), "dispute", "du_1",
            "provider", "stripe", "amount", 1999L, "currency", "usd", "excess", null, "status", "settled",
            "decided", null),
        event(new PaymentEvent.ChargedBack("du_1", "stripe", 1999, "usd"), "dispute", "du_1", "provider",
            "stripe", "amount", 1999L, "currency", "usd", "status", null, "decided", null),
        event(new PaymentEvent.Returned("bank", "db_1", 1999, "usd", "R01", "No funds.", 3L, "n", 1L, "m"),
            "provider", "bank", "provider_reference", "db_1", "amount", 1999L, "currency", "usd", "code",
            "R01", "message", "No funds.", "provider_fee_returned", 3L, "provider_fee_note", "n",
            "gateway_fee_returned", 1L, "gateway_fee_note", "m", "excess", null),
        event(new PaymentEvent.Returned("bank", "db_1", 1999, "usd", "R01", "", null, null, null, null),
            "provider", "bank", "provider_reference", "db_1", "amount", 1999L, "currency", "usd", "code",
            "R01", "message", "", "provider_fee_returned", null, "provider_fee_note", null,
            "gateway_fee_returned", null, "gateway_fee_note", null, "excess", null));
  }

  /** As the statement that writes them does. Only a change does not say by its type where it leads. */
  private static Stream<Arguments> disputes() {
    return Stream.of(EventType.values()).filter(t -> t.subject() == EventType.Subject.DISPUTE)
        .flatMap(t -> Stream.of(dispute(t, "fraudulent", 1795779045L), dispute(t, null, null)));
  }

  private static Arguments dispute(EventType type, String reason, Long due) {
    String data = "{\"payment\" : \"pay_1\", \"provider\" : \"stripe\", \"provider_reference\" : \"du_1\","
        + " \"amount\" : 700, \"currency\" : \"usd\", \"reason\" : "
        + (reason == null ? "null" : "\"" + reason + "\"") + ", \"status\" : \"lost\", \"evidence_due\" : "
        + due
        + "}";
    var fields = map("payment", "pay_1", "provider", "stripe", "provider_reference", "du_1", "amount", 700L,
        "currency", "usd", "reason", reason, "evidence_due", due);
    if (type == EventType.DISPUTE_AMOUNT_CHANGED) fields.put("status", "lost");
    return Arguments.of(type, data, fields);
  }

  private static Stream<Arguments> others() {
    return Stream.of(event(new PaymentEvent.Settled("stl_1"), "settlement", "stl_1", "status", null),
        event(new PaymentEvent.Settled("stl_1", Status.PARTIALLY_REFUNDED), "settlement", "stl_1", "status",
            "partially_refunded"),
        Arguments.of(EventType.SETTLEMENT_POSTED,
            new JsonObject().put("provider", "stripe").put("rail", "card").put("currency", "usd")
                .put("payments", 3).put("amount", 5000L).put("amount_charged", 5501L).encode(),
            map("provider", "stripe", "rail", "card", "currency", "usd", "payments", 3, "amount", 5000L,
                "amount_charged", 5501L)),
        Arguments.of(EventType.ENDPOINT_DISABLED,
            new JsonObject().put("url", "https://shop.example/hook").put("reason", "failing")
                .put("failing_since", "2026-11-20T12:00:00Z").encode(),
            map("url", "https://shop.example/hook", "reason", "failing", "failing_since",
                "2026-11-20T12:00:00Z")),
        Arguments.of(EventType.ENDPOINT_DISABLED,
            new JsonObject().put("url", "https://shop.example/hook").put("reason", "gone").encode(),
            map("url", "https://shop.example/hook", "reason", "gone", "failing_since", null)),
        Arguments.of(EventType.ENDPOINT_TEST,
            new JsonObject().put("url", "https://shop.example/hook").encode(),
            map("url", "https://shop.example/hook")));
  }

  private static Object plain(Object value) {
    if (value instanceof CharSequence text) return text.toString();
    if (value instanceof Map<?, ?> map) {
      var plain = new HashMap<String, String>();
      map.forEach((k, v) -> plain.put(k.toString(), v.toString()));
      return plain;
    }
    return value;
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("events")
  void event_encoded_hasTheseFields(EventType type, String data, Map<String, Object> fields)
      throws IOException {
    var expected = new LinkedHashMap<String, Object>();
    switch (type.subject()) {
      case PAYMENT -> expected.put("payment_id", "pay_01h455vb4pex5vsknk084sn02q");
      case DISPUTE -> expected.put("dispute_id", "dp_01h455vb4pex5vsknk084sn02q");
      case SETTLEMENT -> expected.put("settlement_id", "stl_01h455vb4pex5vsknk084sn02q");
      case WEBHOOK_ENDPOINT -> expected.put("endpoint_id", "whe_01h455vb4pex5vsknk084sn02q");
    }
    expected.put("version", 3);
    expected.put("previous_version", 2);
    expected.put("merchant", "mer_01h455vb4pex5vsknk084sn02r");
    expected.put("livemode", true);
    expected.put("recorded", 1_795_174_245_123_456L);
    expected.put("traceparent", TRACE);
    expected.putAll(fields);

    Schema schema = EventContract.schema(type);
    GenericRecord decoded = new BinaryMessageDecoder<GenericRecord>(GenericData.get(), schema)
        .decode(contract.encode(type, row(type, data)));
    var actual = new LinkedHashMap<String, Object>();
    schema.getFields().forEach(field -> actual.put(field.name(), plain(decoded.get(field.pos()))));
    assertThat(actual).isEqualTo(expected);
  }

  @Test
  void events_coverEveryType() {
    assertThat(events().map(e -> e.get()[0]).distinct())
        .containsExactlyInAnyOrder((Object[]) EventType.values());
  }

  /**
   * Avro 1.12, single-object encoding: the marker C3 01, then the little-endian CRC-64-AVRO of the schema.
   */
  @ParameterizedTest
  @EnumSource(EventType.class)
  void event_encoded_beginsWithItsSchemasFingerprint(EventType type) throws Exception {
    var event = events().filter(e -> e.get()[0] == type).findFirst().orElseThrow();
    byte[] bytes = contract.encode(type, row(type, (String) event.get()[1]));
    assertThat(bytes).startsWith(0xC3, 0x01);
    assertThat(java.util.Arrays.copyOfRange(bytes, 2, 10))
        .isEqualTo(SchemaNormalization.parsingFingerprint("CRC-64-AVRO", EventContract.schema(type)));
  }

  @Test
  void initiated_comesBack() throws IOException {
    var decoded = contract.decodeInitiated(
        contract.encode(EventType.INITIATED, row(EventType.INITIATED, EventJson.write(INITIATED))));
    assertThat(decoded).isEqualTo(new EventContract.InitiatedPayment("pay_01h455vb4pex5vsknk084sn02q", 3,
        "mer_01h455vb4pex5vsknk084sn02r", true, TRACE, INITIATED));
  }

  @Test
  void initiated_withoutOptionals_comesBack() throws IOException {
    var bare = new Initiated(1, "usd", "pm_1", "automatic", null, null, Map.of(), null);
    assertThat(contract.decodeInitiated(
        contract.encode(EventType.INITIATED, row(EventType.INITIATED, EventJson.write(bare)))).event())
        .isEqualTo(bare);
  }

  @Test
  void initiated_ofOtherBytes_fails() {
    for (byte[] bytes : new byte[][]{{}, {1, 2, 3},
        "not avro at all, but long enough".getBytes(StandardCharsets.UTF_8)}) {
      assertThatThrownBy(() -> contract.decodeInitiated(bytes)).isInstanceOfAny(IOException.class,
          org.apache.avro.AvroRuntimeException.class);
    }
  }

  /** The promise is an {@link IOException}: whoever reads must not have to know Avro's own failures. */
  @Test
  void initiated_ofOtherBytes_failsAsPromised() {
    byte[] settled = contract.encode(EventType.SETTLED, row(EventType.SETTLED, "{\"settlement\":\"stl_1\"}"));
    assertThatThrownBy(() -> contract.decodeInitiated(settled)).isInstanceOf(IOException.class);
    byte[] cut = contract.encode(EventType.INITIATED, row(EventType.INITIATED, EventJson.write(INITIATED)));
    assertThatThrownBy(() -> contract.decodeInitiated(java.util.Arrays.copyOf(cut, cut.length - 20)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void data_withoutARequiredField_refused() {
    assertThatThrownBy(() -> contract.encode(EventType.SETTLED, row(EventType.SETTLED, "{}")))
        .isInstanceOf(NullPointerException.class).hasMessage("event data lacks a required field");
  }

  @Test
  void data_thatIsNoJson_refused() {
    assertThatThrownBy(() -> contract.encode(EventType.SETTLED, row(EventType.SETTLED, "x")))
        .isInstanceOf(IllegalStateException.class).hasMessage("event data in the journal is not JSON");
  }

  @Test
  void json_ofEqualEvents_isTheSameText() {
    var one = new HashMap<String, String>();
    var two = new LinkedHashMap<String, String>();
    for (int i = 0; i < 30; i++) one.put("k" + i, "v");
    for (int i = 29; i >= 0; i--) two.put("k" + i, "v");
    assertThat(EventJson.write(new Initiated(1, "usd", "pm_1", "automatic", null, null, one, null)))
        .isEqualTo(EventJson.write(new Initiated(1, "usd", "pm_1", "automatic", null, null, two, null)));
    assertThat(EventJson
        .write(new Initiated(1, "usd", "pm_1", "automatic", null, null, Map.of("b", "2", "a", "1"), null)))
        .isEqualTo("{\"amount\":1,\"currency\":\"usd\",\"payment_method\":\"pm_1\",\"capture\":\"automatic\","
            + "\"metadata\":{\"a\":\"1\",\"b\":\"2\"}}");
  }

  @Test
  void json_ofAnInitiated_comesBack() {
    assertThat(EventJson.initiated(EventJson.write(INITIATED))).isEqualTo(INITIATED);
  }

  /** What a payment is folded from must be what was written. */
  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("events")
  void json_ofEachEvent_comesBack(EventType type, String data) {
    if (type.subject() != EventType.Subject.PAYMENT) {
      assertThatThrownBy(() -> EventJson.read(type, data)).isInstanceOf(IllegalArgumentException.class)
          .hasMessage(type.wire() + " is not about a payment");
      return;
    }
    PaymentEvent event = EventJson.read(type, data);
    assertThat(event.type()).isEqualTo(type);
    assertThat(EventJson.write(event)).isEqualTo(data);
  }

  @Test
  void json_thatNobodyWrote_refused() {
    for (String data : List.of("{\"settlement\":\"stl_1\",\"fee\":1}", "[]", "x"))
      assertThatThrownBy(() -> EventJson.read(EventType.SETTLED, data)).as(data)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("unreadable data of payment.settled in the journal");
  }
}
