package dev.millrace.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;

/** Ports nobody listens on at the moment of asking. */
final class FreePorts {
  private FreePorts() {}

  static EmbeddedServers.Ports all() throws IOException {
    try (ServerSocket a = listen();
        ServerSocket b = listen();
        ServerSocket c = listen();
        ServerSocket d = listen()) {
      return new EmbeddedServers.Ports(a.getLocalPort(), b.getLocalPort(), c.getLocalPort(),
          d.getLocalPort());
    }
  }

  static int one() throws IOException {
    try (ServerSocket socket = listen()) {
      return socket.getLocalPort();
    }
  }

  private static ServerSocket listen() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }
}
