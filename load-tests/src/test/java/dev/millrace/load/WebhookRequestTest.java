package dev.millrace.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.vertx.core.json.JsonObject;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HashSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class WebhookRequestTest {
  private static final Pattern SIGNATURE = Pattern
      .compile("\r\nStripe-Signature: t=(\\d{10}),v1=([0-9a-f]{64})\r\n");
  private static final Instant BEGIN = Instant.parse("2026-11-21T17:29:58.500Z");
  private Instant now = BEGIN;
  private final WebhookRequest request = new WebhookRequest("127.0.0.1:8080", "whsec_simulator", () -> now);

  @Test
  void number_signedOverTheBytesOfTheBody() throws GeneralSecurityException {
    var buffer = request.newBuffer();
    for (long number = 0; number < 50; number++) {
      now = BEGIN.plusSeconds(number / 7);
      request.number(buffer, number * 7_654_321);
      var text = buffer.toString(StandardCharsets.US_ASCII);
      var signature = SIGNATURE.matcher(text);
      assertTrue(signature.find(), text);
      assertEquals(Long.toString(now.getEpochSecond()), signature.group(1));
      assertEquals(hmac("whsec_simulator", signature.group(1) + "." + body(text)), signature.group(2));
    }
    buffer.release();
  }

  @Test
  void number_everyEventItsOwnAndValid() {
    var one = request.newBuffer();
    var other = request.newBuffer();
    var events = new HashSet<String>();
    for (int number = 0; number < 5_000; number++) {
      // Connections take turns: what one leaves behind must not show in the other.
      var buffer = number % 3 == 0 ? one : other;
      request.number(buffer, number);
      var text = buffer.toString(StandardCharsets.US_ASCII);
      var body = body(text);
      assertTrue(text.contains("\r\nContent-Length: " + body.length() + "\r\n"), text);
      assertTrue(body.length() >= 1600 && body.length() <= 2048, () -> body.length() + " bytes");
      var event = new JsonObject(body);
      var intent = event.getJsonObject("data").getJsonObject("object");
      assertEquals("payment_intent.succeeded", event.getString("type"));
      assertEquals("succeeded", intent.getString("status"));
      assertEquals(BEGIN.getEpochSecond(), event.getLong("created"));
      assertEquals(event.getString("id").substring(4), intent.getString("id").substring(3));
      assertTrue(event.getString("id").matches("evt_[0-9a-hjkmnp-tv-z]{26}"), event.getString("id"));
      events.add(event.getString("id"));
    }
    assertEquals(5_000, events.size());
    one.release();
    other.release();
  }

  @Test
  void number_anotherRun() {
    var before = request.newBuffer();
    now = now.plusMillis(1);
    var laterRun = new WebhookRequest("127.0.0.1:8080", "whsec_simulator", () -> now);
    var after = laterRun.newBuffer();
    request.number(before, 5);
    laterRun.number(after, 5);
    assertTrue(!id(before.toString(StandardCharsets.US_ASCII)).equals(id(after.toString(
        StandardCharsets.US_ASCII))));
    before.release();
    after.release();
  }

  private static String body(String request) {
    return request.split("\r\n\r\n")[1];
  }

  private static String id(String request) {
    return new JsonObject(body(request)).getString("id");
  }

  /** RFC 2104 spelt out, for keys of up to one block: independent of javax.crypto. */
  private static String hmac(String key, String text) throws GeneralSecurityException {
    var inner = new byte[64];
    var outer = new byte[64];
    var bytes = key.getBytes(StandardCharsets.UTF_8);
    for (int i = 0; i < 64; i++) {
      int digit = i < bytes.length ? bytes[i] : 0;
      inner[i] = (byte) (digit ^ 0x36);
      outer[i] = (byte) (digit ^ 0x5c);
    }
    var sha256 = MessageDigest.getInstance("SHA-256");
    sha256.update(inner);
    var first = sha256.digest(text.getBytes(StandardCharsets.UTF_8));
    sha256.update(outer);
    return String.format("%064x", new BigInteger(1, sha256.digest(first)));
  }
}
