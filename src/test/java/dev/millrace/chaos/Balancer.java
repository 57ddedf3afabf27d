package dev.millrace.chaos;

import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Spreads requests over the nodes as load balancers do: one that says it leaves is passed over. (One that is
 * merely not ready is not: what a node answers then is to be seen.)
 */
final class Balancer implements AutoCloseable {
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** By its two addresses. */
  record Node(String apiUrl, String opsUrl) {}

  private final List<Node> nodes;
  private final Set<Node> leaving = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  Balancer(List<Node> nodes) {
    this.nodes = List.copyOf(nodes);
    for (Node node : nodes) Thread.ofVirtual().start(() -> watch(node));
  }

  static Balancer of(List<GatewayProcess> nodes) {
    return new Balancer(nodes.stream().map(node -> new Node(node.apiUrl(), node.opsUrl())).toList());
  }

  private void watch(Node node) {
    while (!closed) {
      if (leaves(node)) leaving.add(node);
      else leaving.remove(node);
      LockSupport.parkNanos(LOOK_NANOS);
    }
  }

  private static boolean leaves(Node node) {
    try {
      var answer = Http.get(node.opsUrl() + "/health/ready");
      return answer.status() == 503 && answer.json().getString("status").equals("leaving");
    } catch (UncheckedIOException e) {
      // It does not answer at all: who connects to it sees that as well.
      return false;
    }
  }

  /** Where the {@code n}th request goes. */
  String url(int n) {
    for (int i = 0; i < nodes.size(); i++) {
      var node = nodes.get(Math.floorMod(n + i, nodes.size()));
      if (!leaving.contains(node)) return node.apiUrl();
    }
    return nodes.get(Math.floorMod(n, nodes.size())).apiUrl();
  }

  @Override
  public void close() { closed = true; }
}
