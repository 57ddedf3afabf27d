package dev.millrace.journal;

import dev.millrace.payment.EventType;
import dev.millrace.payment.Dispute;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Events by which something is taken back, comes late or moves nothing, each with everything that it can say
 * and with nothing that it need not: its form in the journal, and its fields there and in Kafka.
 */
final class ReversalSamples {
  /** {@code fields} in the order of the journal; those that are null are left out there. */
  record Sample(PaymentEvent event, String data, Map<String, Object> fields) {}

  private ReversalSamples() {}

  private static Sample sample(PaymentEvent event, String data, Object... fields) {
    var map = new LinkedHashMap<String, Object>();
    for (int i = 0; i < fields.length; i += 2) map.put((String) fields[i], fields[i + 1]);
    return new Sample(event, data.replace('\'', '"'), map);
  }

  private static final List<Sample> ALL = Stream.of(charge(), reversals(), late(), others()).flatMap(s -> s)
      .toList();

  static Stream<Sample> all() { return ALL.stream(); }

  /** The fullest of a type. */
  static PaymentEvent event(EventType type) { return first(type).event; }

  static String details(EventType type) { return first(type).data; }

  private static Sample first(EventType type) {
    return all().filter(s -> s.event.type() == type).findFirst()
        .orElseThrow(() -> new IllegalArgumentException(Objects.toString(type)));
  }

  private static Stream<Sample> charge() {
    return Stream.of(
        sample(new PaymentEvent.TryRefused("stripe", "att_1", "ch_1", "card_declined", "lost_card", "No."),
            "{'provider':'stripe','attempt':'att_1','provider_reference':'ch_1','code':'card_declined',"
                + "'decline_code':'lost_card','message':'No.'}",
            "provider", "stripe", "attempt", "att_1", "provider_reference", "ch_1", "code", "card_declined",
            "decline_code", "lost_card", "message", "No."),
        sample(new PaymentEvent.TryRefused("stripe", "att_1", "ch_1", "card_declined", null, "No."),
            "{'provider':'stripe','attempt':'att_1','provider_reference':'ch_1','code':'card_declined',"
                + "'message':'No.'}",
            "provider", "stripe", "attempt", "att_1", "provider_reference", "ch_1", "code", "card_declined",
            "decline_code", null, "message", "No."),
        sample(new PaymentEvent.Processing("stripe", "att_1", "pi_1"),
            "{'provider':'stripe','attempt':'att_1','provider_reference':'pi_1'}", "provider", "stripe",
            "attempt", "att_1", "provider_reference", "pi_1"),
        sample(new PaymentEvent.Captured("stripe", "att_1", "pi_1", "ca_2", 700, 1900, 1849, "usd", 51L, 20L,
            "p", 3L, "g", Status.CONFIRMED),
            "{'provider':'stripe','attempt':'att_1','provider_reference':'pi_1','capture':'ca_2','amount':700,"
                + "'amount_charged':1900,'amount_captured':1849,'currency':'usd','excess':51,'provider_fee':20,"
                + "'provider_fee_note':'p','gateway_fee':3,'gateway_fee_note':'g','status':'confirmed'}",
            "provider", "stripe", "attempt", "att_1", "provider_reference", "pi_1", "capture", "ca_2",
            "amount",
            700L, "amount_charged", 1900L, "amount_captured", 1849L, "currency", "usd", "excess", 51L,
            "provider_fee", 20L, "provider_fee_note", "p", "gateway_fee", 3L, "gateway_fee_note", "g",
            "status",
            "confirmed"),
        sample(
            new PaymentEvent.Captured("stripe", "att_1", "pi_1", "ca_2", 700, 1900, 1900, "usd", null, null,
                null, null, null, Status.SETTLED),
            "{'provider':'stripe','attempt':'att_1','provider_reference':'pi_1','capture':'ca_2','amount':700,"
                + "'amount_charged':1900,'amount_captured':1900,'currency':'usd','status':'settled'}",
            "provider", "stripe", "attempt", "att_1", "provider_reference", "pi_1", "capture", "ca_2",
            "amount",
            700L, "amount_charged", 1900L, "amount_captured", 1900L, "currency", "usd", "excess", null,
            "provider_fee", null, "provider_fee_note", null, "gateway_fee", null, "gateway_fee_note", null,
            "status", "settled"));
  }

  private static Stream<Sample> reversals() {
    return Stream.of(
        sample(new PaymentEvent.CaptureReversed("cap_1", "stripe", "ca_1", 20, 0, 0, "usd", "capture_failed",
            "No.", 10L, 1L, 2L, 1795779045L, Status.AUTHORIZED, 3L, 4L, 7L),
            "{'operation':'cap_1','provider':'stripe','capture':'ca_1','amount':20,'amount_charged':0,"
                + "'amount_captured':0,'currency':'usd','code':'capture_failed','message':'No.','excess':10,"
                + "'provider_fee_returned':1,'gateway_fee_returned':2,'expires':1795779045,"
                + "'status':'authorized','provider_fee_taken':3,'gateway_fee_taken':4,'told':7}",
            "operation", "cap_1", "provider", "stripe", "capture", "ca_1", "amount", 20L, "amount_charged",
            0L,
            "amount_captured", 0L, "currency", "usd", "code", "capture_failed", "message", "No.", "excess",
            10L,
            "provider_fee_returned", 1L, "gateway_fee_returned", 2L, "expires", 1795779045L, "status",
            "authorized", "provider_fee_taken", 3L, "gateway_fee_taken", 4L, "told", 7L),
        sample(new PaymentEvent.CaptureReversed(null, "stripe", null, 20, 7, 7, "usd", "c", "", null, null,
            null, null, Status.CONFIRMED),
            "{'provider':'stripe','amount':20,'amount_charged':7,'amount_captured':7,'currency':'usd',"
                + "'code':'c','message':'','status':'confirmed'}",
            "operation", null, "provider", "stripe", "capture", null, "amount", 20L, "amount_charged", 7L,
            "amount_captured", 7L, "currency", "usd", "code", "c", "message", "", "excess", null,
            "provider_fee_returned", null, "gateway_fee_returned", null, "expires", null, "status",
            "confirmed", "provider_fee_taken", null, "gateway_fee_taken", null, "told", null),
        sample(new PaymentEvent.RefundReversed("re_1", "stripe", "re_x", 500, 200, "usd", "no_account", "No.",
            100L, 22L, 3L, Status.PARTIALLY_REFUNDED),
            "{'operation':'re_1','provider':'stripe','provider_reference':'re_x','amount':500,"
                + "'amount_refunded':200,'currency':'usd','code':'no_account','message':'No.','excess':100,"
                + "'provider_fee_taken':22,'gateway_fee_taken':3,'status':'partially_refunded'}",
            "operation", "re_1", "provider", "stripe", "provider_reference", "re_x", "amount", 500L,
            "amount_refunded", 200L, "currency", "usd", "code", "no_account", "message", "No.", "excess",
            100L,
            "provider_fee_taken", 22L, "gateway_fee_taken", 3L, "status", "partially_refunded"),
        sample(new PaymentEvent.RefundReversed(null, "stripe", "re_x", 500, 0, "usd", "c", "m", null, null,
            null, Status.SETTLED),
            "{'provider':'stripe','provider_reference':'re_x','amount':500,'amount_refunded':0,"
                + "'currency':'usd','code':'c','message':'m','status':'settled'}",
            "operation", null, "provider", "stripe", "provider_reference", "re_x", "amount", 500L,
            "amount_refunded", 0L, "currency", "usd", "code", "c", "message", "m", "excess", null,
            "provider_fee_taken", null, "gateway_fee_taken", null, "status", "settled"),
        sample(new PaymentEvent.DisputeReopened("du_1", "stripe", 700, "usd", 201L),
            "{'dispute':'du_1','provider':'stripe','amount':700,'currency':'usd','excess':201}", "dispute",
            "du_1", "provider", "stripe", "amount", 700L, "currency", "usd", "excess", 201L),
        sample(new PaymentEvent.DisputeReopened("du_1", "stripe", 700, "usd", null),
            "{'dispute':'du_1','provider':'stripe','amount':700,'currency':'usd'}", "dispute", "du_1",
            "provider", "stripe", "amount", 700L, "currency", "usd", "excess", null),
        sample(new PaymentEvent.ChargebackReversed("du_1", "stripe", 700, "usd", 201L, Status.SETTLED, 7L),
            "{'dispute':'du_1','provider':'stripe','amount':700,'currency':'usd','excess':201,"
                + "'status':'settled','decided':7}",
            "dispute", "du_1", "provider", "stripe", "amount", 700L, "currency", "usd", "excess", 201L,
            "status", "settled", "decided", 7L),
        sample(new PaymentEvent.DisputeChanged("du_1", "stripe", 700, 900, "usd", 201L, Dispute.State.LOST,
            Status.CHARGED_BACK, 7, 5L, "fraudulent", 8L),
            "{'dispute':'du_1','provider':'stripe','amount_before':700,'amount':900,'currency':'usd',"
                + "'excess':201,'state':'lost','status':'charged_back','told':7,'returned':5,"
                + "'reason':'fraudulent','evidence_due':8}",
            "dispute", "du_1", "provider", "stripe", "amount_before", 700L, "amount", 900L, "currency", "usd",
            "excess", 201L, "state", "lost", "status", "charged_back", "told", 7L, "returned", 5L, "reason",
            "fraudulent", "evidence_due", 8L),
        sample(new PaymentEvent.ReturnReversed("bank", "db_1", 2500, "usd", "Paid.", 501L, 88L, 10L,
            Status.SETTLED),
            "{'provider':'bank','provider_reference':'db_1','amount':2500,'currency':'usd','message':'Paid.',"
                + "'excess':501,'provider_fee_taken':88,'gateway_fee_taken':10,'status':'settled'}",
            "provider", "bank", "provider_reference", "db_1", "amount", 2500L, "currency", "usd", "message",
            "Paid.", "excess", 501L, "provider_fee_taken", 88L, "gateway_fee_taken", 10L, "status",
            "settled"),
        sample(new PaymentEvent.DisputeChanged("du_1", "stripe", 700, 700, "usd", null, Dispute.State.OPEN,
            Status.DISPUTED, 7),
            "{'dispute':'du_1','provider':'stripe','amount_before':700,'amount':700,'currency':'usd',"
                + "'state':'open','status':'disputed','told':7}",
            "dispute", "du_1", "provider", "stripe", "amount_before", 700L, "amount", 700L, "currency", "usd",
            "excess", null, "state", "open", "status", "disputed", "told", 7L, "returned", null, "reason",
            null, "evidence_due", null),
        sample(new PaymentEvent.ReturnReversed("bank", "db_1", 2500, "usd", "", null, null, null,
            Status.CONFIRMED),
            "{'provider':'bank','provider_reference':'db_1','amount':2500,'currency':'usd','message':'',"
                + "'status':'confirmed'}",
            "provider", "bank", "provider_reference", "db_1", "amount", 2500L, "currency", "usd", "message",
            "", "excess", null, "provider_fee_taken", null, "gateway_fee_taken", null, "status",
            "confirmed"));
  }

  private static Stream<Sample> late() {
    return Stream.of(
        sample(new PaymentEvent.LateCharge("rev_1", "stripe", "att_1", "pi_0", 1999, "usd", true, "why",
            Status.DECLINED),
            "{'operation':'rev_1','provider':'stripe','attempt':'att_1','provider_reference':'pi_0',"
                + "'amount':1999,'currency':'usd','held':true,'reason':'why','status':'declined'}",
            "operation", "rev_1", "provider", "stripe", "attempt", "att_1", "provider_reference", "pi_0",
            "amount", 1999L, "currency", "usd", "held", true, "reason", "why", "status", "declined"),
        sample(new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_2", "re_0", 1999, "usd", false,
            Status.DECLINED),
            "{'operation':'rev_1','provider':'stripe','attempt':'att_2','provider_reference':'re_0',"
                + "'amount':1999,'currency':'usd','held':false,'status':'declined'}",
            "operation", "rev_1", "provider", "stripe", "attempt", "att_2", "provider_reference", "re_0",
            "amount", 1999L, "currency", "usd", "held", false, "status", "declined"),
        sample(new PaymentEvent.LateChargeReturned("rev_1", "stripe", "att_2", null, 1999, "usd", true,
            Status.VOIDED),
            "{'operation':'rev_1','provider':'stripe','attempt':'att_2','amount':1999,'currency':'usd',"
                + "'held':true,'status':'voided'}",
            "operation", "rev_1", "provider", "stripe", "attempt", "att_2", "provider_reference", null,
            "amount", 1999L, "currency", "usd", "held", true, "status", "voided"),
        sample(new PaymentEvent.LateChargeKept("rev_1", "c", "m", Status.CONFIRMED),
            "{'operation':'rev_1','code':'c','message':'m','status':'confirmed'}", "operation", "rev_1",
            "code",
            "c", "message", "m", "status", "confirmed"),
        sample(
            new PaymentEvent.LateChargeRetried("rev_2", "rev_1", "stripe", "pi_0", 1999, "usd", false, "ann",
                "the dispute is over", Status.DECLINED),
            "{'operation':'rev_2','late_charge':'rev_1','provider':'stripe','provider_reference':'pi_0',"
                + "'amount':1999,'currency':'usd','held':false,'operator':'ann','reason':'the dispute is over',"
                + "'status':'declined'}",
            "operation", "rev_2", "late_charge", "rev_1", "provider", "stripe", "provider_reference", "pi_0",
            "amount", 1999L, "currency", "usd", "held", false, "operator", "ann", "reason",
            "the dispute is over", "status", "declined"));
  }

  private static Stream<Sample> others() {
    return Stream.of(
        sample(new PaymentEvent.ProviderNotice("stripe", "radar.warning", "evt_1", "m", true, Status.SETTLED),
            "{'provider':'stripe','notice':'radar.warning','event':'evt_1','message':'m','expected':true,"
                + "'status':'settled'}",
            "provider", "stripe", "notice", "radar.warning", "event", "evt_1", "message", "m", "expected",
            true,
            "status", "settled"),
        sample(new PaymentEvent.Corrected("cor_1", "ann", "why", 501, "usd", "suspense", "fees", "stripe",
            null, Status.REFUNDED),
            "{'correction':'cor_1','operator':'ann','reason':'why','amount':501,'currency':'usd',"
                + "'debit':'suspense','credit':'fees','provider':'stripe','status':'refunded'}",
            "correction", "cor_1", "operator", "ann", "reason", "why", "amount", 501L, "currency", "usd",
            "debit", "suspense", "credit", "fees", "provider", "stripe", "late_charge", null, "status",
            "refunded"),
        sample(
            new PaymentEvent.Corrected("cor_1", "ann", "why", 501, "usd", "fees", "suspense", "adyen",
                "rev_1",
                Status.DECLINED),
            "{'correction':'cor_1','operator':'ann','reason':'why','amount':501,'currency':'usd',"
                + "'debit':'fees','credit':'suspense','provider':'adyen','late_charge':'rev_1',"
                + "'status':'declined'}",
            "correction", "cor_1", "operator", "ann", "reason", "why", "amount", 501L, "currency", "usd",
            "debit", "fees", "credit", "suspense", "provider", "adyen", "late_charge", "rev_1", "status",
            "declined"),
        sample(new PaymentEvent.Disputed("du_1", "stripe", 700, "usd", null, null, 201L),
            "{'dispute':'du_1','provider':'stripe','amount':700,'currency':'usd','excess':201}", "dispute",
            "du_1", "provider", "stripe", "amount", 700L, "currency", "usd", "reason", null, "evidence_due",
            null, "excess", 201L, "told", null),
        sample(new PaymentEvent.DisputeWon("du_1", "stripe", 700, "usd", 201L, Status.CHARGED_BACK, 8L),
            "{'dispute':'du_1','provider':'stripe','amount':700,'currency':'usd','excess':201,"
                + "'status':'charged_back','decided':8}",
            "dispute", "du_1", "provider", "stripe", "amount", 700L, "currency", "usd", "excess", 201L,
            "status", "charged_back", "decided", 8L),
        sample(new PaymentEvent.ChargedBack("du_1", "stripe", 700, "usd", Status.DISPUTED, 9L),
            "{'dispute':'du_1','provider':'stripe','amount':700,'currency':'usd','status':'disputed',"
                + "'decided':9}",
            "dispute", "du_1", "provider", "stripe", "amount", 700L, "currency", "usd", "status",
            "disputed", "decided", 9L));
  }
}
