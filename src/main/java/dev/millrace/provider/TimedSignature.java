package dev.millrace.provider;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.platform.KeyedDigest;
import dev.millrace.provider.WebhookScheme.Verdict;
import io.vertx.core.MultiMap;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * A webhook's signature with its time: a header {@code t=<Unix seconds>,v1=<hex>,v1=…}, HMAC-SHA256 over
 * {@code t.body} under the whole text of a secret. Any signature under any active secret is enough. Not safe
 * for use by several threads at once.
 *
 * @see <a href="https://docs.stripe.com/webhooks#verify-manually">Stripe, verify webhook signatures
 *   manually</a>
 */
public final class TimedSignature {
  private static final JsonFactory JSON = new JsonFactory();
  private static final int EVENT_ID_CHARS_MAX = 255;
  private static final int SIGNATURES_MAX = 10;
  private static final int TIME_CHARS_MAX = 12;
  private static final int HEX_CHARS = 64;

  private final String header;
  private final List<Mac> secrets = new ArrayList<>();
  private final Duration tolerance;

  /**
   * {@code secrets}: all that are active; {@code tolerance}: how far the signature's time may be off, both
   * ways.
   */
  public TimedSignature(String header, List<String> secrets, Duration tolerance) {
    this.header = header;
    this.tolerance = tolerance;
    for (String secret : secrets)
      this.secrets.add(KeyedDigest.hmacSha256(secret.getBytes(StandardCharsets.UTF_8)));
  }

  /** Judges a webhook whose body is a JSON object with its event's {@code id}. */
  public Verdict verify(MultiMap headers, byte[] body, Instant now) {
    String value = headers.get(header);
    if (value == null) return new Verdict.Forged("no " + header);
    String time = null;
    var signatures = new ArrayList<byte[]>(2);
    for (String part : value.split(",", 2 + SIGNATURES_MAX)) {
      String p = part.trim();
      if (p.startsWith("t=")) time = p.substring(2);
      else
        if (p.length() == 3 + HEX_CHARS && p.startsWith("v1=") && signatures.size() < SIGNATURES_MAX)
          signatures.add(p.substring(3).getBytes(StandardCharsets.US_ASCII));
    }
    if (time == null || !isTime(time) || signatures.isEmpty())
      return new Verdict.Forged("a " + header + " without t or v1");
    if (!signed(time, body, signatures)) return new Verdict.Forged("no signature matches a secret");
    if (Math.abs(now.getEpochSecond() - Long.parseLong(time)) > tolerance.toSeconds())
      return new Verdict.Forged("the signature's time is off by more than " + tolerance.toSeconds() + " s");
    String id = eventId(body);
    return id == null
        ? new Verdict.Malformed("the body is no JSON object with an `id`")
        : new Verdict.Genuine(id);
  }

  private static boolean isTime(String time) {
    return !time.isEmpty() && time.length() <= TIME_CHARS_MAX
        && time.chars().allMatch(c -> c >= '0' && c <= '9');
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
}
