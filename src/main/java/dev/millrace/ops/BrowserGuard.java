package dev.millrace.ops;

import io.netty.util.NetUtil;
import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.HostAndPort;
import io.vertx.ext.web.RoutingContext;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Keeps pages of others away from what operators do: a browser that stands near this port sends what any page
 * tells it to. A page that has its own name lead here (DNS rebinding) is known by the name it asks for; one
 * that sends a form or a script's request, by what browsers add of themselves. Who is no browser adds none of
 * it.
 *
 * @see <a href="https://www.w3.org/TR/fetch-metadata/">Fetch Metadata</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc6454">RFC 6454, the web's origins</a>
 */
final class BrowserGuard implements Handler<RoutingContext> {
  private static final Set<String> OWN = Set.of("same-origin", "none");
  private final Set<String> names;

  /** {@code names}: under which this port may be asked for, besides its addresses and {@code localhost}. */
  BrowserGuard(List<String> names) {
    this.names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).collect(Collectors.toSet());
  }

  @Override
  public void handle(RoutingContext context) {
    String problem = problem(context.request());
    if (problem == null) context.next();
    else OperatorCall.answer(context, 403, new JsonObject().put("error", problem));
  }

  private @Nullable String problem(HttpServerRequest request) {
    HostAndPort asked = request.authority();
    if (asked == null || request.headers().getAll("Host").size() > 1)
      return "the request names no host, or two";
    if (!known(asked.host()))
      return "this port is not known by the host name of the request: ask for its address, or add the name"
          + " to `ops.hosts`";
    String site = request.getHeader("Sec-Fetch-Site");
    if (site != null && !OWN.contains(site)) return "a page of another site may not ask for this";
    String origin = request.getHeader("Origin");
    return origin == null || origin.equalsIgnoreCase("http://" + asked) || origin.equalsIgnoreCase("https://"
        + asked) ? null : "a page of another origin may not ask for this";
  }

  private boolean known(String host) {
    String name = host.toLowerCase(Locale.ROOT);
    String address = name.startsWith("[") && name.endsWith("]") ? name.substring(1, name.length() - 1) : name;
    return name.equals("localhost") || names.contains(name) || NetUtil.isValidIpV4Address(address)
        || NetUtil.isValidIpV6Address(address);
  }
}
