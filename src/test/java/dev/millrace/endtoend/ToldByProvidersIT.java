package dev.millrace.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.adyen.AdyenConnector;
import dev.millrace.provider.bank.BankConnector;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.StripeSender;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What providers tell beyond what the simulator does: the same object told of twice, another name beside our
 * reference, a failure before what failed, a reference that no payment has. Nothing of it is silent.
 */
class ToldByProvidersIT {
  private static MerchantLife life;

  @BeforeAll
  static void start() {
    life = MerchantLife.on(Site.on(TestServers.shared()),
        Map.of("MILLRACE_INBOX_PARK_WINDOWS", "300ms,300ms"));
  }

  @AfterAll
  static void stop() { life.site.close(); }

  private static String psp() {
    return UUID.randomUUID().toString().replace("-", "").substring(0, 16).toUpperCase();
  }

  private static String original(String id) {
    return life.site.query(
        "SELECT provider_reference FROM payment WHERE id = '" + MerchantLife.uuid(id) + "'",
        rows -> {
          rows.next();
          return rows.getString(1);
        });
  }

  /** An item of Adyen's of a payment in eur; {@code original} may be null. */
  private static JsonObject item(String code, String psp, String reference, String original, long amount,
      String date) {
    return new JsonObject().put("eventCode", code).put("success", "true").put("pspReference", psp)
        .put("merchantReference", reference).put("originalReference", original == null ? "" : original)
        .put("merchantAccountCode", "Millrace").put("eventDate", date).put("reason", "")
        .put("amount", new JsonObject().put("value", amount).put("currency", "EUR"))
        .put("additionalData", new JsonObject());
  }

  private static void adyen(JsonObject item) { adyen(List.of(item)); }

  private static void adyen(List<JsonObject> items) {
    var signed = new JsonArray();
    for (JsonObject item : items) {
      sign(item);
      signed.add(new JsonObject().put("NotificationRequestItem", item));
    }
    String body = new JsonObject().put("live", "false").put("notificationItems", signed).encode();
    assertThat(Http.send("POST", life.gateway.apiUrl() + "/webhooks/adyen/default", Map.of(), body).status())
        .isEqualTo(200);
  }

  private static void sign(JsonObject item) {
    String payload = String.join(":", item.getString("pspReference"), item.getString("originalReference"),
        item.getString("merchantAccountCode"), item.getString("merchantReference"),
        String.valueOf(item.getJsonObject("amount").getLong("value")), "EUR", item.getString("eventCode"),
        item.getString("success"));
    item.getJsonObject("additionalData").put("hmacSignature", Base64.getEncoder()
        .encodeToString(hmac(HexFormat.of().parseHex(new AdyenConnector().simulatorSecret()), payload)));
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void bank(String type, JsonObject object) {
    long now = Instant.now().getEpochSecond();
    String body = new JsonObject().put("id", "evt_" + UUID.randomUUID()).put("type", type).put("created", now)
        .put("data", new JsonObject().put("object", object)).encode();
    String signature = HexFormat.of().formatHex(hmac(
        new BankConnector().simulatorSecret().getBytes(StandardCharsets.UTF_8), now + "." + body));
    assertThat(Http.send("POST", life.gateway.apiUrl() + "/webhooks/bank/default",
        Map.of("Bank-Signature", "t=" + now + ",v1=" + signature), body).status()).isEqualTo(200);
  }

  private static void stripe(String type, JsonObject object) {
    try (var sender = StripeSender.to(life.gateway)) {
      String event = new JsonObject(StripeSender.event(StripeSender.eventId(), type, object))
          .put("created", Instant.now().getEpochSecond()).encode();
      assertThat(sender.send(event).status()).isEqualTo(200);
    }
  }

  private static long amount(String id, String field) {
    return life.get("/v1/payments/" + id).json().getLong(field);
  }

  private static long counted(String metric) {
    return (long) Http.get(life.gateway.opsUrl() + "/metrics").body().lines()
        .filter(line -> line.startsWith(metric))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  /** Letters that name it. */
  private static long letters(String name) {
    return life.site
        .number("SELECT count(*) FROM dead_letter d WHERE d::text LIKE '%" + name + "%' OR d::text LIKE '%"
            + HexFormat.of().formatHex(name.getBytes(StandardCharsets.UTF_8)) + "%'");
  }

  /** The name is another's, or not known yet: our reference says whose it is. */
  @Test
  void dispute_underOurReferenceAndAnUnknownName_isOfOurPayment() {
    String id = life.charge("pm_card_visa", "eur", 5_000);
    String dispute = psp();
    adyen(item("CHARGEBACK", dispute, life.reference(id, "charge"), psp(), 5_000,
        "2026-11-08T10:00:00+01:00"));
    life.await(id, "disputed");
    // The same object, told once more with how it ended.
    var lost = item("CHARGEBACK", dispute, life.reference(id, "charge"), psp(), 5_000,
        "2026-11-10T10:00:00+01:00");
    lost.getJsonObject("additionalData").put("disputeStatus", "Lost");
    adyen(lost);
    life.await(id, "charged_back");
  }

  /** The money goes and comes with each of them. */
  @Test
  void dispute_reversedTwice_endsAsItWasToldLast() {
    String id = life.charge("pm_card_visa", "eur", 5_000);
    String dispute = psp();
    String reference = life.reference(id, "charge");
    adyen(item("CHARGEBACK", dispute, reference, original(id), 5_000, "2026-11-08T10:00:00+01:00"));
    life.await(id, "disputed");
    adyen(item("CHARGEBACK_REVERSED", dispute, reference, original(id), 5_000, "2026-11-09T10:00:00+01:00"));
    life.await(id, "settled");
    adyen(item("SECOND_CHARGEBACK", dispute, reference, original(id), 5_000, "2026-11-10T10:00:00+01:00"));
    life.await(id, "charged_back");
    var won = item("CHARGEBACK_REVERSED", dispute, reference, original(id), 5_000,
        "2026-11-12T10:00:00+01:00");
    adyen(won);
    life.await(id, "settled");
    adyen(won);
    adyen(item("CHARGEBACK_REVERSED", dispute, reference, original(id), 5_000, "2026-11-09T10:00:00+01:00"));
    life.await(id, "settled");
    assertThat(letters(dispute)).isZero();
  }

  /** Of a dispute that grows the rest is taken as well; of one that comes back in part it is lost. */
  @Test
  void dispute_toldWithAnotherAmount_takesWhatItIsOfNow() {
    String id = life.charge("pm_card_visa", "eur", 5_000);
    String dispute = psp();
    String reference = life.reference(id, "charge");
    adyen(item("NOTIFICATION_OF_CHARGEBACK", dispute, reference, original(id), 5_000,
        "2026-11-08T10:00:00+01:00"));
    life.await(id, "disputed");
    adyen(item("CHARGEBACK", dispute, reference, original(id), 5_300, "2026-11-09T10:00:00+01:00"));
    Await.until(MerchantLife.SOON, "of 5300", () -> taken(id) == 5_300);
    assertThat(posted(id, "suspense")).isEqualTo(300);
    adyen(item("CHARGEBACK_REVERSED", dispute, reference, original(id), 2_300, "2026-11-10T10:00:00+01:00"));
    life.await(id, "charged_back");
    assertThat(taken(id)).isEqualTo(3_000);
    assertThat(posted(id, "suspense")).isZero();
    assertThat(posted(id, "disputes")).isZero();
    adyen(item("SECOND_CHARGEBACK", dispute, reference, original(id), 2_300, "2026-11-11T10:00:00+01:00"));
    Await.until(MerchantLife.SOON, "what came back is taken again", () -> taken(id) == 5_300);
    assertThat(posted(id, "suspense")).isEqualTo(300);
    var events = life.get("/v1/events?types=dispute.*").json().getJsonArray("data").stream()
        .map(e -> ((JsonObject) e)).filter(e -> e.toString().contains(id)).toList();
    assertThat(events.stream().map(e -> {
      var object = e.getJsonObject("data").getJsonObject("object");
      return e.getString("type") + " " + object.getString("status") + " " + object.getLong("amount");
    })).containsExactlyInAnyOrder("dispute.opened open 5000", "dispute.changed open 5300",
        "dispute.changed open 3000", "dispute.lost lost 3000", "dispute.changed lost 5300");
  }

  private static long taken(String id) {
    return life.get("/v1/payments/" + id + "/disputes").json().getJsonArray("data").stream()
        .map(d -> (JsonObject) d).filter(d -> !d.getString("status").equals("won"))
        .mapToLong(d -> d.getLong("amount")).sum();
  }

  private static long posted(String id, String account) {
    return life.site.number("SELECT coalesce(sum(amount), 0) FROM posting JOIN journal j"
        + " USING (xid, position) WHERE j.subject = '" + MerchantLife.uuid(id)
        + "' AND starts_with(account, '"
        + account + "')");
  }

  /** In one request, they are judged as they stand there; told apart, the books are the same in any order. */
  @ParameterizedTest
  @ValueSource(strings = {"012 together", "012", "021", "102", "120", "201", "210"})
  void captures_ofWhichOneFails_areTheSameInAnyOrder(String order) {
    String id = life.authorize("pm_card_visa", "eur", 5_000);
    String reference = life.reference(id, "charge");
    String failing = psp();
    var items = List.of(
        item("CAPTURE", failing, reference, original(id), 3_000, "2026-11-08T10:00:00+01:00"),
        item("CAPTURE_FAILED", failing, reference, original(id), 3_000, "2026-11-09T10:00:00+01:00"),
        item("CAPTURE", psp(), reference, original(id), 5_000, "2026-11-10T10:00:00+01:00"));
    if (order.endsWith("together")) adyen(items);
    else order.chars().forEach(c -> adyen(items.get(c - '0')));
    Await.until(MerchantLife.SOON, "captured " + order, () -> life.types(id).contains("capture_reversed")
        && amount(id, "amount_captured") == 5_000);
    assertThat(posted(id, "suspense")).isZero();
    assertThat(posted(id, "provider_receivable:")).as("less the provider's fee").isEqualTo(4_825);
  }

  /** What ran out was not all that was held: the rest is captured, and told so a little later. */
  @Test
  void rest_thatRanOut_toldBeforeTheCapture_endsNothing() {
    String id = life.authorize("pm_card_visa", "eur", 5_000);
    String reference = life.reference(id, "charge");
    adyen(item("EXPIRE", original(id), reference, null, 2_000, "2026-11-08T10:00:00+01:00"));
    adyen(item("CAPTURE", psp(), reference, original(id), 3_000, "2026-11-08T09:00:00+01:00"));
    Await.until(MerchantLife.SOON, "captured", () -> amount(id, "amount_captured") == 3_000);
    life.await(id, "settled");
    assertThat(life.types(id)).doesNotContain("expired", "late_charge");
  }

  @Test
  void debit_returnedByAnotherName_isOfOurPayment() {
    String id = life.pay("pm_ach_success", "usd", 3_000, "");
    life.await(id, "settled");
    bank("debit.returned", new JsonObject().put("id", "db_unknown").put("reference",
        life.reference(id, "charge")).put("amount", 3_000).put("currency", "usd").put("return_code", "R01"));
    life.await(id, "returned");
  }

  /** As after a backup was restored: only we can have given it. */
  @ParameterizedTest
  @ValueSource(strings = {"CHARGEBACK", "NOTIFICATION_OF_CHARGEBACK", "HANDLED_EXTERNALLY", "REFUND_FAILED",
      "CAPTURE", "debit.returned", "debit.return_reversed", "debit.new"})
  void reference_thatNoPaymentHas_isALetter(String event) {
    String reference = TypeId.format(TypeId.ATTEMPT, TypeId.next());
    if (event.startsWith("debit"))
      bank(event, new JsonObject().put("id", "db_" + UUID.randomUUID()).put("reference", reference)
          .put("amount", 3_000).put("currency", "usd").put("return_code", "R01"));
    else
      adyen(item(event, psp(), reference, psp(), 700, "2026-11-08T10:00:00+01:00"));
    Await.until(MerchantLife.SOON, "it is a letter", () -> letters(reference) == 1);
    assertThat(life.gateway.logText()).contains("no payment of ours has the reference " + reference);
  }

  @Test
  void credit_ofOthers_isNoLetter() {
    String credit = "cr_" + UUID.randomUUID();
    long ignored = counted("millrace_inbox_processed_total{outcome=\"ignored\"");
    bank("credit.accepted", new JsonObject().put("id", credit).put("amount", 500)
        .put("currency", "usd").put("reference", "payroll-7").put("status", "accepted"));
    Await.until(MerchantLife.SOON, "it is counted",
        () -> counted("millrace_inbox_processed_total{outcome=\"ignored\"") > ignored);
    assertThat(letters(credit)).isZero();
  }

  /** However long after. */
  @ParameterizedTest
  @CsvSource({"usd,true", "eur,true", "usd,false", "eur,false"})
  void refund_madeThereThatFailed_leavesNothing_whateverIsToldFirst(String currency, boolean failureFirst)
      throws InterruptedException {
    String id = life.charge("pm_card_visa", currency, 5_000);
    String refund = currency.equals("usd") ? "re_" + psp() : psp();
    for (boolean failed : failureFirst ? new boolean[]{true, false} : new boolean[]{false, true}) {
      if (currency.equals("eur"))
        adyen(item(failed ? "REFUND_FAILED" : "REFUND", refund, "by hand", original(id), 2_000,
            failed ? "2026-11-09T10:00:00+01:00" : "2026-11-08T10:00:00+01:00"));
      else
        stripe(failed ? "refund.failed" : "refund.created", new JsonObject().put("id", refund)
            .put("object", "refund").put("amount", 2_000).put("currency", "usd")
            .put("payment_intent", original(id)).put("status", failed ? "failed" : "succeeded"));
      String seen = failed ? failureFirst ? "provider_notice" : "refund_reversed" : "refunded";
      if (failed || !failureFirst)
        Await.until(MerchantLife.SOON, seen, () -> life.types(id).contains(seen));
      // Longer than it would be parked.
      Thread.sleep(1_500);
    }
    life.await(id, "settled");
    assertThat(amount(id, "amount_refunded")).isZero();
    assertThat(life.site.number("SELECT coalesce(sum(amount), 0) FROM posting JOIN journal j"
        + " USING (xid, position) WHERE j.subject = '" + MerchantLife.uuid(id)
        + "' AND j.type LIKE 'payment.refund%' AND starts_with(account, 'merchant')")).isZero();
  }

  /** The scheme's technical fault: made anew under the same name, and failed once more. */
  @Test
  void capture_madeAnewThatFailsAsWell_isTakenBack() {
    String id = life.authorize("pm_card_visa", "eur", 5_000);
    String reference = life.reference(id, "charge");
    String capture = psp();
    adyen(item("CAPTURE", capture, reference, original(id), 5_000, "2026-11-08T10:00:00+01:00"));
    life.await(id, "settled");
    adyen(item("CAPTURE_FAILED", capture, reference, original(id), 5_000, "2026-11-09T10:00:00+01:00"));
    life.await(id, "authorized");
    adyen(item("CAPTURE", capture, reference, original(id), 5_000, "2026-11-10T10:00:00+01:00")
        .put("reason", "Transaction Recaptured"));
    life.await(id, "settled");
    adyen(item("CAPTURE_FAILED", capture, reference, original(id), 5_000, "2026-11-11T10:00:00+01:00"));
    life.await(id, "authorized");
    assertThat(amount(id, "amount_captured")).isZero();
  }

  /** So it is where the second failure is told before the capture in between. */
  @Test
  void capture_madeAnew_ofWhichTheFailureIsToldFirst_takesNothing() {
    String id = life.authorize("pm_card_visa", "eur", 5_000);
    String reference = life.reference(id, "charge");
    String capture = psp();
    adyen(item("CAPTURE", capture, reference, original(id), 5_000, "2026-11-08T10:00:00+01:00"));
    life.await(id, "settled");
    adyen(item("CAPTURE_FAILED", capture, reference, original(id), 5_000, "2026-11-09T10:00:00+01:00"));
    life.await(id, "authorized");
    adyen(item("CAPTURE_FAILED", capture, reference, original(id), 5_000, "2026-11-11T10:00:00+01:00"));
    Await.until(MerchantLife.SOON, "it is heard", () -> life.types(id).contains("provider_notice"));
    adyen(item("CAPTURE", capture, reference, original(id), 5_000, "2026-11-10T10:00:00+01:00")
        .put("reason", "Transaction Recaptured"));
    Await.until(MerchantLife.SOON, "it is taken back", () -> life.types(id).stream()
        .filter("capture_reversed"::equals).count() == 2);
    assertThat(amount(id, "amount_captured")).isZero();
    life.await(id, "authorized");
  }

  /** In the Customer Area: a part is captured, and then what is left of the authorization is canceled. */
  @Test
  void rest_canceledAfterAPartWasCaptured_isNoAlert() {
    String id = life.authorize("pm_card_visa", "eur", 5_000);
    String reference = life.reference(id, "charge");
    adyen(item("CAPTURE", psp(), reference, original(id), 3_000, "2026-11-08T10:00:00+01:00"));
    life.await(id, "settled");
    long alerts = counted("millrace_provider_conflict_total");
    adyen(item("CANCELLATION", psp(), reference, original(id), 5_000, "2026-11-09T10:00:00+01:00"));
    Await.until(MerchantLife.SOON, "it is heard", () -> life.types(id).contains("provider_notice"));
    assertThat(amount(id, "amount_captured")).isEqualTo(3_000);
    assertThat(counted("millrace_provider_conflict_total")).isEqualTo(alerts);
  }

  /** What the merchant sees is the provider's last word. Nothing moves by it, and settlement goes on. */
  @Test
  void dispute_toldWithAnotherDueDateAndReason_hasThem() {
    String id = life.charge("pm_card_visa", "usd", 5_000);
    String name = "du_" + psp();
    stripe("charge.dispute.created", dispute(name, id, "general", 1_800_000_000L));
    life.await(id, "disputed");
    awaitNetted(id);
    long settled = settled(id);
    stripe("charge.dispute.updated", dispute(name, id, "fraudulent", 1_800_086_400L));
    Await.until(MerchantLife.SOON, "it is changed", () -> life.types(id).contains("dispute_changed"));
    awaitNetted(id);
    assertThat(settled(id)).isEqualTo(settled);
    JsonObject read = life.get("/v1/payments/" + id + "/disputes").json().getJsonArray("data")
        .getJsonObject(0);
    assertThat(read.getLong("evidence_due")).isEqualTo(1_800_086_400L);
    assertThat(read.getString("reason")).isEqualTo("fraudulent");
    assertThat(read.getString("status")).isEqualTo("open");
    stripe("charge.dispute.closed", dispute(name, id, "fraudulent", 1_800_086_400L).put("status", "lost"));
    life.await(id, "charged_back");
  }

  /** Until settlement is beyond all that moved it. */
  private static void awaitNetted(String id) {
    Await.until(MerchantLife.SOON, "all is netted", () -> life.site.number("""
      SELECT count(*) FROM journal j WHERE subject = '%s' AND type <> 'payment.settled'
         AND (j.xid, j.position) > (SELECT xid::xid8, position FROM journal_cursor WHERE name = 'settlement')
         AND type ~ '(confirmed|disputed|dispute_changed|charged_back)$'"""
        .formatted(MerchantLife.uuid(id))) == 0);
  }

  private static long settled(String id) {
    return life.types(id).stream().filter("settled"::equals).count();
  }

  private static JsonObject dispute(String name, String id, String reason, long due) {
    return new JsonObject().put("id", name).put("object", "dispute").put("amount", 5_000)
        .put("currency", "usd").put("reason", reason).put("payment_intent", original(id))
        .put("status", "needs_response").put("evidence_details", new JsonObject().put("due_by", due));
  }

  @Test
  void capture_toldAsDoneAndThenAsRefused_isAnAlert() {
    String id = life.authorize("pm_card_visa", "eur", 5_000);
    String reference = life.reference(id, "charge");
    String capture = psp();
    adyen(item("CAPTURE", capture, reference, original(id), 5_000, "2026-11-08T10:00:00+01:00"));
    life.await(id, "settled");
    long alerts = counted("millrace_provider_conflict_total{alert=\"capture_refused_after_success\"");
    adyen(item("CAPTURE", psp(), reference, original(id), 5_000, "2026-11-09T10:00:00+01:00")
        .put("success", "false"));
    adyen(item("CAPTURE", capture, reference, original(id), 5_000, "2026-11-09T10:00:00+01:00")
        .put("success", "false"));
    Await.until(MerchantLife.SOON, "one is an alert",
        () -> counted("millrace_provider_conflict_total{alert=\"capture_refused_after_success\"") == alerts
            + 1);
  }

  @Test
  void dispute_whoseMoneyMovesAgainstItsStatus_isAnAlert() {
    String id = life.charge("pm_card_visa", "usd", 5_000);
    var dispute = new JsonObject().put("id", "du_" + psp()).put("object", "dispute").put("amount", 5_000)
        .put("currency", "usd").put("reason", "fraudulent").put("payment_intent", original(id));
    stripe("charge.dispute.created", dispute.copy().put("status", "needs_response"));
    life.await(id, "disputed");
    for (var told : List.of(Map.entry("funds_reinstated", "under_review"),
        Map.entry("funds_withdrawn", "won"))) {
      long alerts = counted("millrace_provider_conflict_total{alert=\"provider_notice_unknown\"");
      stripe("charge.dispute." + told.getKey(), dispute.copy().put("status", told.getValue()));
      Await.until(MerchantLife.SOON, told + " is an alert", () -> counted(
          "millrace_provider_conflict_total{alert=\"provider_notice_unknown\"") == alerts + 1);
    }
  }
}
