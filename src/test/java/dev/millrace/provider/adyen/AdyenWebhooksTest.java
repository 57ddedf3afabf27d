package dev.millrace.provider.adyen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.groups.Tuple.tuple;

import dev.millrace.platform.ConfigException;
import dev.millrace.provider.Fixture;
import dev.millrace.provider.WebhookScheme.ProviderEvent;
import dev.millrace.provider.WebhookScheme.Verdict;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Signatures. The vectors are those of Adyen's own library, HMACValidatorTest in adyen-java-api-library. */
final class AdyenWebhooksTest {
  private static final String KEY = "9064450A8892A093D9E97EFCC9639DE31B74F3A7803135555A3C96F5A57915D6";
  private static final String KEY_2 = "74F490DD33F7327BAECC88B2947C011FC02D014A473AAA33A8EC93E4DC069174";

  private static AdyenWebhooks scheme(String... keys) {
    return new AdyenWebhooks("adyen", "default", "Magento2Rik", List.of(keys));
  }

  private static Verdict verify(AdyenWebhooks scheme, String body) {
    return scheme.verify(MultiMap.caseInsensitiveMultiMap(), body.getBytes(StandardCharsets.UTF_8),
        Instant.EPOCH);
  }

  private static String body(JsonObject... items) {
    var list = new JsonArray();
    for (JsonObject item : items) list.add(new JsonObject().put("NotificationRequestItem", item));
    return new JsonObject().put("live", "false").put("notificationItems", list).encode();
  }

  /** Adyen's vector. */
  private static JsonObject report() {
    return new JsonObject().put("additionalData",
        new JsonObject().put("hmacSignature", "NuEkADFmlCC6VgX+wcoPAegIWxVPNBPCuKlM4Hzo5qc="))
        .put("amount", new JsonObject().put("currency", "EUR").put("value", "0"))
        .put("eventCode", "REPORT_AVAILABLE").put("eventDate", "2019-11-20T14:35:36+01:00")
        .put("merchantAccountCode", "Magento2Rik").put("merchantReference", "testMerchantRef1")
        .put("pspReference", "test_REPORT_AVAILABLE").put("reason", "will contain the url to the report")
        .put("success", "true");
  }

  private static String sign(String key, String payload) throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(HexFormat.of().parseHex(key), "HmacSHA256"));
    return Base64.getEncoder().encodeToString(mac.doFinal(payload.getBytes(StandardCharsets.UTF_8)));
  }

  private static JsonObject capture(String key) throws Exception {
    var item = new JsonObject().put("amount", new JsonObject().put("currency", "EUR").put("value", 1000))
        .put("eventCode", "CAPTURE").put("merchantAccountCode", "Magento2Rik")
        .put("merchantReference", "att_1").put("originalReference", "ORIG").put("pspReference", "PSP")
        .put("success", "true");
    return item.put("additionalData", new JsonObject().put("hmacSignature",
        sign(key, "PSP:ORIG:Magento2Rik:att_1:1000:EUR:CAPTURE:true")));
  }

  @Test
  void verify_adyensVectors_areGenuine() {
    assertThat(verify(scheme(KEY), body(report())))
        .isEqualTo(new Verdict.Genuine("test_REPORT_AVAILABLE:REPORT_AVAILABLE:true:d6d9e2c872b726e5"));
    // Nothing is escaped: this one's reference has slashes, a backslash and a colon in it.
    assertThat(verify(scheme(KEY_2), body(Fixture.json("adyen/hmac-validation-webhook"))))
        .isEqualTo(new Verdict.Genuine("ZVWN7D3WSMK2WN82:AUTHORISATION:true:bbbab76b60ad29fc"));
  }

  @Test
  void verify_anyActiveKey_isGenuine() throws Exception {
    for (String key : List.of(KEY, KEY_2)) {
      assertThat(verify(scheme(KEY_2, KEY), body(capture(key))))
          .isEqualTo(new Verdict.Genuine("PSP:CAPTURE:true:ORIG:75a11da44c802486"));
    }
    assertThat(verify(scheme(KEY.toLowerCase(java.util.Locale.ROOT)), body(capture(KEY))))
        .isInstanceOf(Verdict.Genuine.class);
  }

  /** After one, the next is judged afresh: the keys' state does not carry over. */
  @Test
  void verify_again_isTheSame() throws Exception {
    AdyenWebhooks scheme = scheme(KEY, KEY_2);
    for (int i = 0; i < 3; i++) {
      assertThat(verify(scheme, body(report()))).isInstanceOf(Verdict.Genuine.class);
      assertThat(verify(scheme, body(capture(KEY_2)))).isInstanceOf(Verdict.Genuine.class);
      assertThat(verify(scheme, body(capture("00".repeat(32))))).isInstanceOf(Verdict.Forged.class);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"pspReference", "originalReference", "merchantAccountCode", "merchantReference",
      "eventCode", "success"})
  void verify_changedField_isForged(String field) throws Exception {
    var changed = capture(KEY);
    assertThat(verify(scheme(KEY), body(changed.put(field, "x")))).isInstanceOf(Verdict.Forged.class);
    assertThat(verify(scheme(KEY), body(changed.put(field, 7)))).isInstanceOf(Verdict.Forged.class);
    changed.remove(field);
    assertThat(verify(scheme(KEY), body(changed))).isInstanceOf(Verdict.Forged.class);
  }

  @Test
  void verify_changedAmount_isForged() throws Exception {
    var changed = capture(KEY);
    changed.getJsonObject("amount").put("value", 1001);
    assertThat(verify(scheme(KEY), body(changed))).isInstanceOf(Verdict.Forged.class);
    changed.getJsonObject("amount").put("value", 1000).put("currency", "USD");
    assertThat(verify(scheme(KEY), body(changed))).isInstanceOf(Verdict.Forged.class);
    changed.remove("amount");
    assertThat(verify(scheme(KEY), body(changed))).isInstanceOf(Verdict.Forged.class);
  }

  /** One genuine item must not carry a forged one in. */
  @Test
  void verify_oneForgedItemOfTwo_isForged() throws Exception {
    assertThat(verify(scheme(KEY), body(report(), capture(KEY)))).isInstanceOf(Verdict.Several.class);
    assertThat(verify(scheme(KEY), body(report(), capture(KEY_2)))).isInstanceOf(Verdict.Forged.class);
    assertThat(verify(scheme(KEY), body(capture(KEY_2), report()))).isInstanceOf(Verdict.Forged.class);
  }

  @Test
  void verify_withoutASignature_isForged() throws Exception {
    for (Object signature : new Object[]{null, "", 7, "NuEk"}) {
      var item = capture(KEY);
      item.getJsonObject("additionalData").put("hmacSignature", signature);
      assertThat(verify(scheme(KEY), body(item))).isInstanceOf(Verdict.Forged.class);
    }
    var item = capture(KEY);
    item.remove("additionalData");
    assertThat(verify(scheme(KEY), body(item))).isInstanceOf(Verdict.Forged.class);
    // An empty key's signature proves nothing where no key is empty.
    assertThat(verify(scheme(), body(capture(KEY)))).isInstanceOf(Verdict.Forged.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{}", "[]", "null", "nonsense", "{\"notificationItems\":[]}",
      "{\"notificationItems\":{}}", "{\"notificationItems\":[null]}", "{\"notificationItems\":[{}]}",
      "{\"notificationItems\":[{\"NotificationRequestItem\":7}]}", "{\"notificationItems\":[[]]}"})
  void verify_noItems_isForged(String body) {
    assertThat(verify(scheme(KEY), body)).isInstanceOf(Verdict.Forged.class);
  }

  /** Each is what it would be if it had come alone: of the same id, so that it is known when it does. */
  @Test
  void verify_severalItems_areAsManyEvents() throws Exception {
    var scheme = scheme(KEY);
    var alone = scheme.read(Buffer.buffer(body(capture(KEY))));
    assertThat(verify(scheme, body(report(), capture(KEY)))).isInstanceOfSatisfying(Verdict.Several.class,
        several -> assertThat(several.events()).hasSize(2).allSatisfy(event -> {
          assertThat(verify(scheme, event.body().toString())).isEqualTo(new Verdict.Genuine(event.eventId()));
          assertThat(event.body().toJsonObject().getString("live")).isEqualTo("false");
        }).extracting(Verdict.Event::eventId, event -> scheme.read(event.body()))
            .containsExactly(
                tuple("test_REPORT_AVAILABLE:REPORT_AVAILABLE:true:d6d9e2c872b726e5",
                    scheme.read(Buffer.buffer(body(report())))),
                tuple("PSP:CAPTURE:true:ORIG:75a11da44c802486", alone)));
  }

  @Test
  void verify_referencesThatAreTooLong_isMalformed() throws Exception {
    String psp = "P".repeat(250);
    var item = capture(KEY).put("pspReference", psp);
    item.getJsonObject("additionalData").put("hmacSignature",
        sign(KEY, psp + ":ORIG:Magento2Rik:att_1:1000:EUR:CAPTURE:true"));
    assertThat(verify(scheme(KEY), body(item))).isInstanceOf(Verdict.Malformed.class);
    assertThat(verify(scheme(KEY), body(report(), item))).isInstanceOf(Verdict.Malformed.class);
  }

  /** Kept by a release that did not take them apart. */
  @Test
  void read_severalItems_isUnreadable() throws Exception {
    assertThat(scheme(KEY).read(Buffer.buffer(body(report(), capture(KEY)))))
        .isEqualTo(new ProviderEvent.Unreadable("", "2 notification items instead of one"));
    assertThat(scheme(KEY).read(Buffer.buffer("[]"))).isInstanceOf(ProviderEvent.Unreadable.class);
  }

  /** Adyen calls it as the first capture, which must not make a repetition of it. */
  @Test
  void verify_aCaptureOnceMore_isAnotherEvent() throws Exception {
    var again = capture(KEY).put("reason", "Transaction Recaptured");
    assertThat(verify(scheme(KEY), body(again)))
        .isEqualTo(new Verdict.Genuine("PSP:CAPTURE:true:ORIG:d619294b2d18230d"));
  }

  private static String change(String type) {
    return new JsonObject().put("type", type).put("version", "1")
        .put("createdAt", "2021-01-01T01:00:00+01:00")
        .put("data", new JsonObject().put("pspReference", "PSP").put("shopperReference", "S")
            .put("notificationOfChange", new JsonObject().put("newBankAccountNumber", "987654321")))
        .encode();
  }

  private static Verdict verify(String signature, String body) {
    var headers = MultiMap.caseInsensitiveMultiMap();
    if (signature != null) headers.add("HmacSignature", signature);
    return scheme(KEY_2, KEY).verify(headers, body.getBytes(StandardCharsets.UTF_8), Instant.EPOCH);
  }

  /** Those that are no notification of items are signed as a whole. */
  @Test
  void verify_aNotificationOfChange_byTheHeader() throws Exception {
    String body = change("ach.notificationOfChange");
    assertThat(verify(sign(KEY, body), body))
        .isEqualTo(new Verdict.Genuine("PSP:ach.notificationOfChange:2021-01-01T01:00:00+01:00"));
    for (String signature : new String[]{null, "", sign(KEY, body + " "), sign("00".repeat(32), body)})
      assertThat(verify(signature, body)).isInstanceOf(Verdict.Forged.class);
  }

  /** Nothing of the payer's account is kept. */
  @Test
  void read_aNotificationOfChange_isNoticed() {
    for (String type : List.of("ach.notificationOfChange", "eft.notificationOfChange"))
      assertThat(scheme(KEY).read(Buffer.buffer(change(type))))
          .isEqualTo(new ProviderEvent.Notice(type, null, "PSP",
              "Adyen says: the payer's bank account has other details now, which the Customer Area shows.",
              true));
    assertThat(scheme(KEY).read(Buffer.buffer(change("new.one"))))
        .isEqualTo(new ProviderEvent.Notice("new.one",
            null, "PSP", "Adyen sent an event that the connector does not know: look there what happened.",
            false));
    assertThat(scheme(KEY).read(Buffer.buffer("{\"type\":\"x\"}"))).isEqualTo(new ProviderEvent.Ignored("x"));
  }

  @Test
  void answer_isWhatAdyenExpects() {
    assertThat(scheme(KEY).answer()).isEqualTo(Buffer.buffer("[accepted]"));
    assertThat(scheme(KEY).provider() + "/" + scheme(KEY).account()).isEqualTo("adyen/default");
  }

  @ParameterizedTest
  @CsvSource({"BadKey", "whsec_simulator", "9064450A8"})
  void key_thatIsNoneOfAdyens_isRefusedAtTheStart(String key) {
    assertThatThrownBy(() -> scheme(key)).isInstanceOf(ConfigException.class).hasMessage(
        "`provider.adyen.webhook-secrets` holds one that is no HMAC key of Adyen's: hexadecimal digits");
  }

  @Test
  void simulatorsSecret_isAKey() {
    assertThat(scheme(new AdyenConnector().simulatorSecret())).isNotNull();
  }
}
