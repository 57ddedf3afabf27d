package dev.millrace.provider.adyen;

import dev.millrace.platform.ConfigException;
import dev.millrace.platform.KeyedDigest;
import dev.millrace.provider.JsonFields;
import dev.millrace.provider.WebhookScheme;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import javax.crypto.Mac;
import org.jspecify.annotations.Nullable;

/**
 * Notifications as Adyen signs them: item by item, HMAC-SHA256 over eight of its fields under a hexadecimal
 * key. What is not among these fields ({@code reason}, {@code additionalData}) is protected by TLS alone; no
 * time is signed either. A repetition has the same event and pspReference, as Adyen says of duplicates. What
 * is no notification of items is signed as a whole, in a header.
 *
 * @see <a
 *   href="https://docs.adyen.com/development-resources/webhooks/secure-webhooks/verify-hmac-signatures">Adyen,
 *     verify HMAC signatures</a>
 * @see <a href="https://docs.adyen.com/development-resources/webhooks/handle-webhook-events">Adyen, handle
 *   webhook events</a>
 */
public final class AdyenWebhooks implements WebhookScheme {
  private static final Buffer ANSWER = Buffer.buffer("[accepted]");
  private static final String HEADER = "HmacSignature";
  private static final String ITEMS = "notificationItems";
  private static final String ITEM = "NotificationRequestItem";
  private static final int EVENT_ID_CHARS_MAX = 255;
  private static final Verdict LONG_REFERENCES = new Verdict.Malformed("references that are too long");

  private final String provider;
  private final String account;
  private final AdyenEvents events;
  private final List<Mac> keys = new ArrayList<>();

  /** {@code merchantAccount}: ours there; {@code keys}: all that are active. */
  public AdyenWebhooks(String provider, String account, String merchantAccount, List<String> keys) {
    this.provider = provider;
    this.account = account;
    this.events = new AdyenEvents(merchantAccount);
    for (String key : keys) this.keys.add(mac(provider, key));
  }

  private static Mac mac(String provider, String key) {
    try {
      return KeyedDigest.hmacSha256(HexFormat.of().parseHex(key));
    } catch (IllegalArgumentException e) {
      throw new ConfigException("`provider." + provider
          + ".webhook-secrets` holds one that is no HMAC key of Adyen's: hexadecimal digits");
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
    JsonObject json = JsonFields.object(Buffer.buffer(body));
    if (json != null && AdyenChange.is(json)) return change(headers.get(HEADER), json, body);
    List<JsonObject> items = items(json);
    if (json == null || items == null || items.isEmpty()) return new Verdict.Forged("no notification items");
    boolean genuine = true;
    for (JsonObject item : items) genuine &= signed(item);
    if (!genuine) return new Verdict.Forged("an item's hmacSignature matches no key");
    for (JsonObject item : items)
      if (eventId(item).length() > EVENT_ID_CHARS_MAX) return LONG_REFERENCES;
    return items.size() == 1
        ? new Verdict.Genuine(eventId(items.getFirst()))
        : new Verdict.Several(items.stream().map(item -> alone(json, item)).toList());
  }

  /** Adyen sends one an HTTP request, and may send more by its format: each is judged by itself. */
  private static Verdict.Event alone(JsonObject body, JsonObject item) {
    var items = new JsonArray().add(new JsonObject().put(ITEM, item));
    return new Verdict.Event(eventId(item), body.copy().put(ITEMS, items).toBuffer());
  }

  private static @Nullable List<JsonObject> items(@Nullable JsonObject body) {
    List<JsonObject> wrapped = body == null ? null : JsonFields.objects(body, ITEMS);
    return wrapped == null
        ? null
        : wrapped.stream().map(w -> JsonFields.at(w, ITEM)).toList();
  }

  private Verdict change(@Nullable String signature, JsonObject json, byte[] body) {
    if (signature == null || !matches(signature, body))
      return new Verdict.Forged("the header " + HEADER + " matches no key");
    String id = AdyenChange.id(json);
    return id.length() > EVENT_ID_CHARS_MAX ? LONG_REFERENCES : new Verdict.Genuine(id);
  }

  private boolean signed(JsonObject item) {
    return matches(text(JsonFields.at(item, "additionalData"), "hmacSignature"),
        payload(item).getBytes(StandardCharsets.UTF_8));
  }

  /** Compares with every key's, so that nobody learns from the time it takes. */
  private boolean matches(String signature, byte[] payload) {
    byte[] given = signature.getBytes(StandardCharsets.UTF_8);
    boolean found = false;
    for (Mac key : keys)
      found |= MessageDigest.isEqual(Base64.getEncoder().encode(key.doFinal(payload)), given);
    return found;
  }

  /** Nothing is escaped, as in Adyen's own libraries. */
  private static String payload(JsonObject item) {
    JsonObject amount = JsonFields.at(item, "amount");
    return String.join(":", text(item, "pspReference"), text(item, "originalReference"),
        text(item, "merchantAccountCode"), text(item, "merchantReference"), text(amount, "value"),
        text(amount, "currency"), text(item, "eventCode"), text(item, "success"));
  }

  /** As it is signed: a value that is a number, or missing, is its text. */
  private static String text(JsonObject json, String field) {
    Object value = json.getValue(field);
    return value instanceof String || value instanceof Number || value instanceof Boolean
        ? value.toString()
        : "";
  }

  /**
   * The same code of the same object may be told of more than once, with another time, reason or status: only
   * what is the same to the letter is a repetition. Whether another one says anything new is judged.
   */
  private static String eventId(JsonObject item) {
    String original = text(item, "originalReference");
    String told = text(item, "eventDate") + "\n" + text(item, "reason") + "\n"
        + text(JsonFields.at(item, "additionalData"), "disputeStatus");
    return (text(item, "pspReference") + ":" + text(item, "eventCode") + ":" + text(item, "success")
        + (original.isEmpty() ? "" : ":" + original) + ":" + digest(told)).replace('\0', '?');
  }

  /** 64 bits, in hexadecimal digits. */
  private static String digest(String text) {
    try {
      byte[] hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, Long.BYTES);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public ProviderEvent read(Buffer body) {
    JsonObject json = JsonFields.object(body);
    if (json != null && AdyenChange.is(json)) return AdyenChange.read(json);
    List<JsonObject> items = items(json);
    if (items == null) return new ProviderEvent.Unreadable("", "no notification items");
    // Several were taken apart before they were kept.
    return items.size() == 1
        ? events.read(items.getFirst())
        : new ProviderEvent.Unreadable("", items.size() + " notification items instead of one");
  }
}
