package dev.millrace.identity;

import io.vertx.core.json.JsonObject;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a key may do, by what it does it with. */
public final class Scopes {
  /** What calls of the API are about. */
  public enum Resource {
    /** Payments, with captures, cancellations, timelines, and idempotency keys. */
    PAYMENTS,
    /** Refunds. */
    REFUNDS,
    /** Disputes. */
    DISPUTES,
    /** Balances, and the postings that they are made of. */
    BALANCES,
    /** Events, listed and streamed. */
    EVENTS,
    /** Webhook endpoints and their deliveries. */
    WEBHOOKS;

    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** How much; each of them includes those before it. */
  public enum Access {
    NONE, READ, WRITE;

    public String wire() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Everything. */
  public static final Scopes ALL = new Scopes(Stream.of(Resource.values())
      .collect(Collectors.toMap(r -> r, r -> Access.WRITE)));

  private final Map<Resource, Access> access = new EnumMap<>(Resource.class);

  private Scopes(Map<Resource, Access> access) {
    for (Resource resource : Resource.values())
      this.access.put(resource, access.getOrDefault(resource, Access.NONE));
  }

  /**
   * From an object of resources and accesses, {@code {"payments": "write", "events": "read"}}; what it does
   * not name is none. An {@link IllegalArgumentException} says what is wrong with it.
   */
  public static Scopes of(JsonObject json) {
    var access = new EnumMap<Resource, Access>(Resource.class);
    for (var entry : json) access.put(resource(entry.getKey()), access(entry.getKey(), entry.getValue()));
    return new Scopes(access);
  }

  private static Resource resource(String name) {
    for (Resource resource : Resource.values()) if (resource.wire().equals(name)) return resource;
    throw new IllegalArgumentException("there is no `" + (name.length() > 40 ? name.substring(0, 40) : name)
        + "`; there are "
        + Stream.of(Resource.values()).map(Resource::wire).collect(Collectors.joining(", ")));
  }

  private static Access access(String resource, Object value) {
    for (Access access : Access.values()) if (access.wire().equals(value)) return access;
    throw new IllegalArgumentException("`" + resource + "` must be none, read or write");
  }

  /** The same object, whole. */
  public JsonObject json() {
    var json = new JsonObject();
    access.forEach((resource, to) -> json.put(resource.wire(), to.wire()));
    return json;
  }

  public boolean allow(Resource resource, Access wanted) {
    return access.getOrDefault(resource, Access.NONE).compareTo(wanted) >= 0;
  }
}
