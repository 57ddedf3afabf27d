package dev.millrace.provider.stripe;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.provider.WebhookScheme;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Webhooks as Stripe signs them: {@code Stripe-Signature: t=<Unix seconds>,v1=<hex>,v1=…}, HMAC-SHA256 over
 * {@code t.body} under the whole text of the endpoint's secret.
 *
 * @see <a href="https://docs.stripe.com/webhooks#verify-manually">Stripe, verify webhook signatures manually</a>
 * @see <a href="https://docs.stripe.com/api/events/types">Stripe, types of events</a>
 */
public final class StripeWebhooks implements WebhookScheme {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int EVENT_ID_CHARS_MAX = 255;
  private static final int SIGNATURES_MAX = 10;
  private static final int HEX_CHARS = 64;
  private static final Buffer ANSWER = Buffer.buffer("{\"received\":true}");

  private final String provider;
  private final String account;
  private final List<Mac> secrets = new ArrayList<>();
  private final Duration tolerance;

  /** {@code secrets}: all that are active; {@code tolerance}: how far the signature's time may be off, both ways. */
  public StripeWebhooks(String provider, String account, List<String> secrets, Duration tolerance) {
    this.provider = provider;
    this.account = account;
    this.tolerance = tolerance;
    for (String secret : secrets) this.secrets.add(mac(secret));
  }

  private static Mac mac(String secret) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has HmacSHA256", e);
    }
  }

  @Override
  public String provider() { return provider; }

  @Override
  public String account() { return account; }

  @Override
  public @Nullable Buffer answer() { return ANSWER; }

  @Override
  public Verdict verify(MultiMap headers, byte[] body, Instant now) {
    String header = headers.get("Stripe-Signature");
    if (header == null) return new Verdict.Forged("no Stripe-Signature");
    String time = null;
    var signatures = new ArrayList<byte[]>(2);
    for (String part : header.split(",", 2 + SIGNATURES_MAX)) {
      String p = part.trim();
      if (p.startsWith("t=")) time = p.substring(2);
      else
        if (p.length() == 3 + HEX_CHARS && p.startsWith("v1=") && signatures.size() < SIGNATURES_MAX)
          signatures.add(p.substring(3).getBytes(StandardCharsets.US_ASCII));
    }
    if (time == null || time.length() > 12 || !time.chars().allMatch(c -> c >= '0' && c <= '9')
        || time.isEmpty()
        || signatures.isEmpty())
      return new Verdict.Forged("a Stripe-Signature without t or v1");
    if (!signed(time, body, signatures)) return new Verdict.Forged("no signature matches a secret");
    if (Math.abs(now.getEpochSecond() - Long.parseLong(time)) > tolerance.toSeconds())
      return new Verdict.Forged("the signature's time is off by more than " + tolerance.toSeconds() + " s");
    String id = eventId(body);
    return id == null
        ? new Verdict.Malformed("the body is no JSON object with an `id`")
        : new Verdict.Genuine(id);
  }

  /** Compares every signature with every secret's, so that nobody learns from the time it takes. */
  private boolean signed(String time, byte[] body, List<byte[]> signatures) {
    boolean found = false;
    byte[] prefix = (time + ".").getBytes(StandardCharsets.US_ASCII);
    for (Mac mac : secrets) {
      mac.update(prefix);
      byte[] expected = HexFormat.of().formatHex(mac.doFinal(body)).getBytes(StandardCharsets.US_ASCII);
      for (byte[] signature : signatures) found |= MessageDigest.isEqual(expected, signature);
    }
    return found;
  }

  private static @Nullable String eventId(byte[] body) {
    try (JsonParser p = JSON.createParser(body)) {
      if (p.nextToken() != JsonToken.START_OBJECT) return null;
      for (String field = p.nextFieldName(); field != null; field = p.nextFieldName()) {
        JsonToken value = p.nextToken();
        if (field.equals("id")) {
          String id = value == JsonToken.VALUE_STRING ? p.getText() : "";
          return id.isEmpty() || id.length() > EVENT_ID_CHARS_MAX || id.indexOf('\0') >= 0 ? null : id;
        }
        p.skipChildren();
      }
      return null;
    } catch (IOException e) {
      return null;
    }
  }

  @Override
  public Notice read(Buffer body) {
    JsonObject event;
    try {
      event = new JsonObject(body);
    } catch (DecodeException | ClassCastException e) {
      return new Notice.Unreadable("", "the body is no JSON object");
    }
    String type = event.getValue("type") instanceof String t ? t.replace('\0', '?') : "";
    if (!type.equals("payment_intent.succeeded") && !type.equals("payment_intent.payment_failed")
        && !type.equals("payment_intent.canceled"))
      return new Notice.Ignored(type);
    if (!(event.getValue("data") instanceof JsonObject data)
        || !(data.getValue("object") instanceof JsonObject intent))
      return new Notice.Unreadable(type, "no data.object");
    if (!(intent.getValue("metadata") instanceof JsonObject metadata)
        || !(metadata.getValue("millrace_reference") instanceof String reference))
      return new Notice.Ignored(type);
    return new Notice.Told(type, reference.replace('\0', '?'), StripeAnswers.ofIntent(intent));
  }
}
