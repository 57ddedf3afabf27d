package dev.millrace.api;

import dev.millrace.platform.ConfigException;
import dev.millrace.platform.Networks;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.net.SocketAddress;
import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a request came from: the address of its connection, or, where that is a proxy of ours, the last
 * address of {@code X-Forwarded-For} that is none. What stands before that one anybody may have written.
 *
 * @see <a href="https://www.rfc-editor.org/rfc/rfc7239#section-5.2">RFC 7239, 5.2, and the header that came
 *   before it</a>
 */
final class ClientAddress {
  private static final int HOPS_MAX = 20;

  private final Networks proxies;

  /** {@code proxies}: addresses, or networks as {@code 10.0.0.0/8}, by the setting {@code setting}. */
  ClientAddress(String setting, List<String> proxies) {
    try {
      this.proxies = Networks.of(proxies);
    } catch (IllegalArgumentException e) {
      throw new ConfigException("`" + setting + "` must hold addresses and networks, 10.0.0.0/8 for example,"
          + " not `" + e.getMessage() + "`");
    }
  }

  /** Never fails; {@code -} where the connection has gone. */
  String of(HttpServerRequest request) {
    SocketAddress peer = request.remoteAddress();
    if (peer == null || peer.hostAddress() == null) return "-";
    return proxies.isEmpty()
        ? peer.hostAddress()
        : of(peer.hostAddress(), request.headers().getAll("X-Forwarded-For"));
  }

  /** {@code forwarded}: the values of the header, in their order. */
  String of(String peer, List<String> forwarded) {
    String at = peer;
    if (!isProxy(at)) return at;
    String[] hops = String.join(",", forwarded).split(",", -1);
    for (int i = hops.length - 1; i >= Math.max(0, hops.length - HOPS_MAX); i--) {
      InetAddress hop = address(hops[i].trim());
      if (hop == null) return at;
      at = hop.getHostAddress();
      if (!isProxy(at)) return at;
    }
    return at;
  }

  /** Of a text, without asking anybody for a name. Some write the port as well. */
  private static @Nullable InetAddress address(String text) {
    String plain = text.startsWith("[") && text.contains("]")
        ? text.substring(1, text.indexOf(']'))
        : text.indexOf(':') >= 0 && text.indexOf(':') == text.lastIndexOf(':')
            ? text.substring(0, text.indexOf(':'))
            : text;
    return Networks.address(plain);
  }

  private boolean isProxy(String address) {
    InetAddress known = address(address);
    return known != null && proxies.contain(known);
  }
}
