package dev.millrace.webhook;

import dev.millrace.payment.EventType;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Row;
import java.net.URI;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where a merchant wants to be told of its events.
 *
 * @param xid the transaction that made it, as text: events of earlier ones are not for it
 * @param failingSince the first failure since the last success
 * @param broken whether its breaker has opened since the last success
 * @param recovered when its breaker last closed again
 */
public record Endpoint(UUID id, UUID merchant, boolean livemode, Settings settings, Secrets secrets,
    boolean enabled,
    @Nullable String disabledReason, @Nullable OffsetDateTime failingSince, boolean broken,
    @Nullable OffsetDateTime recovered, String xid, OffsetDateTime created, OffsetDateTime changed,
    boolean deleted) {

  /** Every event, now and in future. */
  public static final String ALL = "*";

  /**
   * What the merchant chooses.
   *
   * @param enabledEvents event types, {@code payment.*} for all of a kind, or {@code *}
   * @param headers sent with every delivery
   * @param stripeSignature whether a {@code Stripe-Signature} is sent as well
   * @param ordered whether a payment's event waits until the one before it is delivered or dead
   * @param rate deliveries a second, null for no limit
   */
  public record Settings(URI url, @Nullable String description, List<String> enabledEvents,
      Map<String, String> headers,
      String apiVersion, boolean stripeSignature, boolean ordered, int maxInFlight, @Nullable Integer rate) {
    public Settings {
      enabledEvents = List.copyOf(enabledEvents);
      headers = java.util.Collections.unmodifiableMap(new TreeMap<>(headers));
    }
  }

  /** What signs: {@code old} too, until {@code oldUntil}. Never in a log. */
  public record Secrets(String current, @Nullable String old, @Nullable OffsetDateTime oldUntil) {
    @Override
    public String toString() { return "Secrets[***]"; }
  }

  static final String COLUMNS = """
    id, merchant, livemode, url, description, enabled_events, headers, api_version, stripe_signature, ordered,
      max_in_flight, rate, secret, old_secret, old_secret_until, status, disabled_reason, failing_since, broken, recovered,
      xid::text, created, changed, deleted
    """;

  static Endpoint of(Row row) {
    var headers = new TreeMap<String, String>();
    new JsonObject(row.getString(6)).forEach(h -> headers.put(h.getKey(), h.getValue().toString()));
    var settings = new Settings(URI.create(row.getString(3)), row.getString(4),
        List.of(row.getArrayOfStrings(5)), headers, row.getString(7), row.getBoolean(8), row.getBoolean(9),
        row.getInteger(10), row.getInteger(11));
    return new Endpoint(row.getUUID(0), row.getUUID(1), row.getBoolean(2), settings,
        new Secrets(row.getString(12), row.getString(13), row.getOffsetDateTime(14)),
        row.getString(15).equals("enabled"), row.getString(16), row.getOffsetDateTime(17), row.getBoolean(18),
        row.getOffsetDateTime(19), row.getString(20), row.getOffsetDateTime(21), row.getOffsetDateTime(22),
        row.getOffsetDateTime(23) != null);
  }

  /** The same with another state of health. */
  Endpoint with(@Nullable OffsetDateTime nowFailingSince, boolean nowBroken,
      @Nullable OffsetDateTime nowRecovered) {
    return new Endpoint(id, merchant, livemode, settings, secrets, enabled, disabledReason, nowFailingSince,
        nowBroken,
        nowRecovered, xid, created, changed, deleted);
  }

  /** The same, disabled. */
  Endpoint disabledFor(String reason) {
    return new Endpoint(id, merchant, livemode, settings, secrets, false, reason, failingSince, broken,
        recovered, xid,
        created, changed, deleted);
  }

  /**
   * Whether it is to be told of events of this type. A test goes to the endpoint it is about, whatever it
   * listens to.
   */
  boolean wants(EventType type, UUID subject) {
    return type == EventType.ENDPOINT_TEST
        ? subject.equals(id)
        : matches(settings.enabledEvents, type.wire());
  }

  /** Whether one of the patterns stands for the type. */
  static boolean matches(List<String> patterns, String type) {
    for (String pattern : patterns) {
      if (pattern.equals(ALL) || pattern.equals(type)) return true;
      if (pattern.endsWith(".*") && type.startsWith(pattern.substring(0, pattern.length() - 1))) return true;
    }
    return false;
  }

  /** Whether a text is an event type or a pattern that stands for at least one. */
  public static boolean pattern(String text) {
    return text.length() <= 60
        && Arrays.stream(EventType.values()).anyMatch(type -> matches(List.of(text), type.wire()));
  }

  /** The types that patterns stand for; null when that is all of them. */
  public static @Nullable List<String> types(List<String> patterns) {
    return patterns.contains(ALL) ? null : expanded(patterns);
  }

  /** Every type that patterns stand for. */
  public static List<String> expanded(List<String> patterns) {
    var types = new ArrayList<String>();
    for (EventType type : EventType.values()) if (matches(patterns, type.wire())) types.add(type.wire());
    return types;
  }
}
