package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.Route;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The methods that a router's paths take. Where GET is taken, HEAD is: it runs the same handler, and is
 * answered with the same head and no body.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc9110#section-9.3.2">RFC 9110, HEAD</a>
 */
public final class RouteMethods {
  private RouteMethods() {}

  /** Lets all routes that a router has now take HEAD where they take GET. */
  public static void addHead(Router router) {
    for (Route route : router.getRoutes()) {
      Set<HttpMethod> methods = route.methods();
      if (methods != null && methods.contains(HttpMethod.GET)) route.method(HttpMethod.HEAD);
    }
  }

  /**
   * Ends an answer with a body; to a HEAD, with the length that the body has and without it. What is sent by
   * way of the response itself would leave that out.
   */
  public static Future<Void> end(HttpServerRequest request, Buffer body) {
    if (request.method() == HttpMethod.HEAD)
      request.response().putHeader(HttpHeaders.CONTENT_LENGTH, Integer.toString(body.length()));
    return request.response().end(body);
  }

  /** The methods that the path of a request takes, as the header {@code Allow} lists them. */
  public static String allowed(Router router, RoutingContext context) {
    String path = context.normalizedPath();
    // The router takes a path with a slash at its end for the same one.
    String[] parts = (path.endsWith("/") ? path.substring(0, path.length() - 1) : path).split("/", -1);
    return router.getRoutes().stream().filter(route -> route.methods() != null && matches(route, parts))
        .flatMap(route -> route.methods().stream()).map(HttpMethod::name).distinct().sorted()
        .collect(Collectors.joining(", "));
  }

  private static boolean matches(Route route, String[] path) {
    @Nullable
    String pattern = route.getPath();
    if (pattern == null) return false;
    String[] parts = pattern.split("/", -1);
    if (parts.length != path.length) return false;
    for (int i = 0; i < parts.length; i++) {
      if (parts[i].startsWith(":") ? path[i].isEmpty() : !parts[i].equals(path[i])) return false;
    }
    return true;
  }
}
