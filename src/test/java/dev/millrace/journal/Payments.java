package dev.millrace.journal;

import dev.millrace.idempotency.KeyId;
import dev.millrace.journal.AcceptWriter.NewPayment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.PaymentEvent.Initiated;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import io.vertx.core.buffer.Buffer;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Payments to accept and to append to, for tests. */
final class Payments {
  static final UUID MERCHANT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8058");
  static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  static final Initiated ASKED = new Initiated(1999, "usd", "pm_card_visa", "automatic", "order 1", null,
      Map.of(),
      null);

  private Payments() {}

  static NewPayment payment(String key) {
    return payment(MERCHANT, false, key, 1999, EventJson.write(ASKED));
  }

  static NewPayment payment(UUID merchant, boolean livemode, String key, long amount, String data) {
    return new NewPayment(TypeId.next(), new KeyId().of(merchant, livemode, key), merchant, livemode, key,
        Buffer.buffer(new byte[32]), 0, amount, "usd", "order 1", TRACE, data);
  }

  static Append append(UUID payment, int version, Status from, PaymentEvent... events) {
    return new Append(payment, MERCHANT, version, from, List.of(events), "gateway", TRACE, List.of(), null);
  }

  static Append append(UUID payment, int version, Status from, Append.Attempt attempt,
      PaymentEvent... events) {
    return new Append(payment, MERCHANT, version, from, List.of(events), "gateway", TRACE, List.of(attempt),
        null);
  }

  static PaymentEvent cleared() { return new PaymentEvent.Screened("clear", null, 0, true, null); }

  static PaymentEvent submitted() { return new PaymentEvent.ProviderSubmitted("stripe", "att_1"); }

  static PaymentEvent confirmed(long charged) {
    return new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, charged, "usd");
  }
}
