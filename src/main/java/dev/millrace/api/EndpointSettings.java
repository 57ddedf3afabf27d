package dev.millrace.api;

import dev.millrace.journal.PublicEvent;
import dev.millrace.platform.HttpUrl;
import dev.millrace.webhook.AddressPolicy;
import dev.millrace.webhook.Endpoint;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.net.InetAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a merchant chooses for a webhook endpoint, read from a body and written into one. */
final class EndpointSettings {
  static final Set<String> FIELDS = Set.of("url", "description", "enabled_events", "headers", "api_version",
      "stripe_signature", "ordered", "max_in_flight", "rate");
  static final int EVENTS_MAX = 50;
  private static final int HEADERS_MAX = 20;
  private static final int IN_FLIGHT_DEFAULT = 8;
  private static final int IN_FLIGHT_MAX = 100;
  private static final int RATE_MAX = 10_000;
  private static final Pattern HEADER = Pattern.compile("[A-Za-z0-9][A-Za-z0-9-]{0,59}");
  private static final Pattern HEADER_VALUE = Pattern.compile("[\\x21-\\x7e]([\\x20-\\x7e]*[\\x21-\\x7e])?");
  private static final Pattern LAST_LABEL_OF_DIGITS = Pattern.compile("(^|\\.)[0-9][^.]*\\.?$");
  private static final Pattern DOTTED = Pattern.compile("((0|[1-9][0-9]{0,2})(\\.|$)){4}(?<!\\.)");
  /** Of HTTP, and ours. */
  private static final Set<String> RESERVED = Set.of("host", "connection", "content-length", "content-type",
      "content-encoding", "transfer-encoding", "te", "trailer", "upgrade", "expect", "keep-alive",
      "proxy-connection", "user-agent", "traceparent", "tracestate", "stripe-signature");

  private final AddressPolicy addresses;

  EndpointSettings(AddressPolicy addresses) {
    this.addresses = addresses;
  }

  /** What a body names; null where it names nothing. {@code fields} knows what it takes away. */
  record Named(BodyFields fields, @Nullable URI url, @Nullable String description,
      @Nullable List<String> enabledEvents, @Nullable Map<String, String> headers,
      @Nullable String apiVersion,
      @Nullable Boolean stripeSignature, @Nullable Boolean ordered, @Nullable Integer maxInFlight,
      @Nullable Integer rate) {

    /** The settings of a new endpoint. Only after {@link BodyFields#check}, and with a URL and events. */
    Endpoint.Settings made() {
      return new Endpoint.Settings(Objects.requireNonNull(url), description,
          Objects.requireNonNull(enabledEvents), headers == null ? Map.of() : headers,
          apiVersion == null ? PublicEvent.CURRENT : apiVersion, Boolean.TRUE.equals(stripeSignature),
          Boolean.TRUE.equals(ordered), maxInFlight == null ? IN_FLIGHT_DEFAULT : maxInFlight, rate);
    }

    /** The settings of an endpoint that had {@code old}: what is not named stays. */
    Endpoint.Settings changing(Endpoint.Settings old) {
      return new Endpoint.Settings(url == null ? old.url() : url,
          fields.cleared("description") ? null : description == null ? old.description() : description,
          enabledEvents == null ? old.enabledEvents() : enabledEvents,
          fields.cleared("headers") ? Map.of() : headers == null ? old.headers() : headers,
          apiVersion == null ? old.apiVersion() : apiVersion,
          stripeSignature == null ? old.stripeSignature() : stripeSignature,
          ordered == null ? old.ordered() : ordered, maxInFlight == null ? old.maxInFlight() : maxInFlight,
          fields.cleared("rate") ? null : rate == null ? old.rate() : rate);
    }
  }

  /** Reads and checks what a body names; its faults are noted in {@code f}. */
  Named read(BodyFields f) {
    String version = f.text("api_version", 20);
    if (version != null && !PublicEvent.API_VERSIONS.contains(version))
      f.fault("api_version", "parameter_invalid",
          "must be one of " + String.join(", ", PublicEvent.API_VERSIONS) + ".");
    return new Named(f, url(f), f.text("description", 500),
        f.list("enabled_events", EVENTS_MAX, Endpoint::pattern,
            "each an event type (payment.settled), all of a kind (payment.*) or all (*)."),
        headers(f), version, f.flag("stripe_signature"), f.flag("ordered"),
        f.integer("max_in_flight", 1, IN_FLIGHT_MAX), f.integer("rate", 1, RATE_MAX));
  }

  private static @Nullable Map<String, String> headers(BodyFields f) {
    var headers = f.map("headers", HEADERS_MAX, 500, EndpointSettings::headerName,
        "has a name that is no header's, or one that is reserved: letters, digits and hyphens, not webhook-… or those of HTTP itself.");
    if (headers == null) return null;
    var seen = new HashSet<String>();
    headers.forEach((name, value) -> {
      if (!seen.add(name.toLowerCase(Locale.ROOT)))
        f.fault("headers." + name, "parameter_duplicate",
            "stands there twice; upper and lower case are the same to HTTP.");
      if (!HEADER_VALUE.matcher(value).matches())
        f.fault("headers." + name, "parameter_invalid",
            "must be printable ASCII without spaces at its ends.");
    });
    return headers;
  }

  private static boolean headerName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    return HEADER.matcher(name).matches() && !RESERVED.contains(lower) && !lower.startsWith("webhook-");
  }

  private @Nullable URI url(BodyFields f) {
    String text = f.url("url", 2_000);
    if (text == null) return null;
    String fault = switch (HttpUrl.read(text)) {
      case HttpUrl.Fault wrong -> wrong.message();
      case HttpUrl url -> fault(url);
    };
    if (fault == null) return URI.create(text);
    f.fault("url", "parameter_invalid", fault);
    return null;
  }

  private @Nullable String fault(HttpUrl url) {
    if (url.userInfo() != null)
      return "has a user or a password before its host. Remove them; send a secret in `headers`.";
    if (url.fragment() != null) return "has a fragment, which no server is told. Remove # and what follows.";
    String part = url.notAscii();
    if (part != null) return "has characters in its " + part + " that are not ASCII. Percent-encode them.";
    if (!url.https() && !addresses.privateAllowed()) return "has the scheme http. It must be https.";
    return faultOfAddress(url.host());
  }

  /**
   * Names are judged when they are connected to, by what they resolve to then. No name ends in a label that
   * begins with a digit: that is an address, and must be one in four decimal parts, not in a form that only
   * some resolvers take.
   */
  private @Nullable String faultOfAddress(String host) {
    boolean literal = host.startsWith("[");
    if (!literal && !LAST_LABEL_OF_DIGITS.matcher(host).find()) return null;
    if (!literal && !DOTTED.matcher(host).matches())
      return "has a host whose last part begins with a digit: that is an address, and must have four decimal"
          + " parts.";
    try {
      if (addresses.permits(InetAddress.getByName(host))) return null;
    } catch (UnknownHostException e) {
      return "has a host that is no address.";
    }
    return "has a host that is a private, loopback, link-local or reserved address. It must be on the public"
        + " Internet.";
  }

  /** The same settings give the same text, whatever of them was spelt out. */
  static JsonObject json(Endpoint.Settings s) {
    var headers = new JsonObject();
    s.headers().forEach(headers::put);
    return new JsonObject().put("url", s.url().toString()).put("description", s.description())
        .put("enabled_events", new JsonArray(List.copyOf(s.enabledEvents()))).put("headers", headers)
        .put("api_version", s.apiVersion()).put("stripe_signature", s.stripeSignature())
        .put("ordered", s.ordered()).put("max_in_flight", s.maxInFlight()).put("rate", s.rate());
  }
}
