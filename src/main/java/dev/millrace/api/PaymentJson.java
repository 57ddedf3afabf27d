package dev.millrace.api;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.millrace.journal.PaymentRow;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.Trace;
import dev.millrace.platform.TypeId;
import io.vertx.core.buffer.Buffer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The payment object of the API. Times are Unix seconds, amounts minor units. */
final class PaymentJson {
  /** With what became of a payment after its charge: captures, refunds, the payer's action. */
  static final int FORM = 2;
  /** Without. */
  static final int FIRST_FORM = 1;
  private static final JsonFactory JSON = new JsonFactory();

  private PaymentJson() {}

  static Buffer payment(PaymentRow p) {
    return generate(g -> write(g, p, FORM));
  }

  /** A payment as it was accepted, in the form that its first answer had. */
  static Buffer accepted(PaymentRow p, int form) {
    return switch (form) {
      case FIRST_FORM, FORM -> generate(g -> write(g, p, form));
      default -> throw new IllegalArgumentException("no form of the payment object: " + form);
    };
  }

  /**
   * {@code {object: "list", data, has_more, next}}; {@code next} is the cursor for {@code starting_after}.
   */
  static Buffer list(List<PaymentRow> payments, boolean hasMore) {
    return generate(g -> {
      g.writeStartObject();
      g.writeStringField("object", "list");
      g.writeArrayFieldStart("data");
      for (PaymentRow p : payments) write(g, p, FORM);
      g.writeEndArray();
      g.writeBooleanField("has_more", hasMore);
      nullable(g, "next", hasMore ? TypeId.format(TypeId.PAYMENT, payments.getLast().id()) : null);
      g.writeEndObject();
    });
  }

  private interface Body {
    void write(JsonGenerator g) throws IOException;
  }

  private static Buffer generate(Body body) {
    var out = new ByteArrayOutputStream(600);
    try (JsonGenerator g = JSON.createGenerator(out)) {
      body.write(g);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Buffer.buffer(out.toByteArray());
  }

  private static void write(JsonGenerator g, PaymentRow p, int form) throws IOException {
    PaymentEvent.Initiated asked = p.asked();
    long created = TypeId.millis(p.id()) / 1000;
    g.writeStartObject();
    g.writeStringField("id", TypeId.format(TypeId.PAYMENT, p.id()));
    g.writeStringField("object", "payment");
    g.writeNumberField("amount", asked.amount());
    g.writeStringField("currency", asked.currency());
    g.writeStringField("status", p.status().wire());
    g.writeStringField("payment_method", asked.paymentMethod());
    if (form >= FORM) {
      nullable(g, "payment_method_type", asked.paymentMethodType());
      nullable(g, "payment_method_bin", asked.paymentMethodBin());
    }
    g.writeStringField("capture", asked.capture());
    nullable(g, "reference", asked.reference());
    nullable(g, "description", asked.description());
    nullable(g, "return_url", asked.returnUrl());
    g.writeObjectFieldStart("metadata");
    for (Map.Entry<String, String> entry : new TreeMap<>(asked.metadata()).entrySet()) {
      g.writeStringField(entry.getKey(), entry.getValue());
    }
    g.writeEndObject();
    g.writeBooleanField("livemode", p.livemode());
    g.writeNumberField("version", p.version());
    nullable(g, "provider", p.provider());
    nullable(g, "provider_reference", p.providerReference());
    if (form >= FORM) g.writeNumberField("amount_authorized", orZero(p.amountAuthorized()));
    nullable(g, "amount_charged", p.amountCharged());
    if (form >= FORM) {
      g.writeNumberField("amount_captured", orZero(p.amountCaptured()));
      g.writeNumberField("amount_refunded", orZero(p.amountRefunded()));
      nextAction(g, p);
      nullable(g, "expires", p.expires() == null ? null : p.expires().toEpochSecond());
    }
    nullable(g, "settlement",
        p.settlement() == null ? null : TypeId.format(TypeId.SETTLEMENT, p.settlement()));
    if (p.failureCode() == null) {
      g.writeNullField("failure");
    } else {
      g.writeObjectFieldStart("failure");
      g.writeStringField("code", p.failureCode());
      nullable(g, "message", p.failureMessage());
      g.writeEndObject();
    }
    g.writeStringField("trace_id", Trace.id(p.traceparent()));
    g.writeNumberField("created", created);
    g.writeNumberField("updated", p.updated() == null ? created : p.updated().toEpochSecond());
    g.writeEndObject();
  }

  private static void nextAction(JsonGenerator g, PaymentRow p) throws IOException {
    if (p.actionUrl() == null) {
      g.writeNullField("next_action");
      return;
    }
    g.writeObjectFieldStart("next_action");
    g.writeStringField("type", "redirect_to_url");
    g.writeStringField("url", p.actionUrl());
    nullable(g, "expires", p.expires() == null ? null : p.expires().toEpochSecond());
    g.writeEndObject();
  }

  private static long orZero(@Nullable Long amount) { return amount == null ? 0 : amount; }

  private static void nullable(JsonGenerator g, String name, @Nullable Long value) throws IOException {
    if (value == null) g.writeNullField(name);
    else g.writeNumberField(name, value);
  }

  private static void nullable(JsonGenerator g, String name, @Nullable String value) throws IOException {
    if (value == null) g.writeNullField(name);
    else g.writeStringField(name, value);
  }
}
