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
  private static final JsonFactory JSON = new JsonFactory();

  private PaymentJson() {}

  static Buffer payment(PaymentRow p) {
    return generate(g -> write(g, p));
  }

  /** {@code {object: "list", data, has_more, next}}; {@code next} is the cursor for {@code starting_after}. */
  static Buffer list(List<PaymentRow> payments, boolean hasMore) {
    return generate(g -> {
      g.writeStartObject();
      g.writeStringField("object", "list");
      g.writeArrayFieldStart("data");
      for (PaymentRow p : payments) write(g, p);
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

  private static void write(JsonGenerator g, PaymentRow p) throws IOException {
    PaymentEvent.Initiated asked = p.asked();
    long created = TypeId.millis(p.id()) / 1000;
    g.writeStartObject();
    g.writeStringField("id", TypeId.format(TypeId.PAYMENT, p.id()));
    g.writeStringField("object", "payment");
    g.writeNumberField("amount", asked.amount());
    g.writeStringField("currency", asked.currency());
    g.writeStringField("status", p.status().wire());
    g.writeStringField("payment_method", asked.paymentMethod());
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
    if (p.amountCharged() == null) g.writeNullField("amount_charged");
    else g.writeNumberField("amount_charged", p.amountCharged());
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

  private static void nullable(JsonGenerator g, String name, @Nullable String value) throws IOException {
    if (value == null) g.writeNullField(name);
    else g.writeStringField(name, value);
  }
}
