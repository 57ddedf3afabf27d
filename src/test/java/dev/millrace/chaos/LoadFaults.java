package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** What clients do: come in crowds, and never finish their sentences. */
final class LoadFaults {
  private static final int SLOW_CLIENTS = 200;

  private LoadFaults() {}

  static List<Scenario> all() {
    return List.of(Scenario.of("slow-loris", LoadFaults::slowLoris));
  }

  /** Clients that send their request byte by byte are cut off in time, and take nothing from the others. */
  private static void slowLoris(Run run) throws IOException {
    URI node = URI.create(run.town.node(run.someNode()).apiUrl());
    var sockets = new ArrayList<Socket>();
    try {
      for (int i = 0; i < SLOW_CLIENTS; i++) {
        var socket = new Socket(node.getHost(), node.getPort());
        socket.getOutputStream()
            .write("POST /v1/payments HTTP/1.1\r\nHost: x\r\nX-A: ".getBytes(StandardCharsets.US_ASCII));
        sockets.add(socket);
        run.broke();
      }
      for (int second = 0; second < 6; second++) {
        for (Socket socket : sockets) drip(socket);
        run.awaitAccepted(10);
      }
    } finally {
      for (Socket socket : sockets) socket.close();
    }
    assertThat(run.driver.errors()).as("errors that the others saw").isEmpty();
  }

  private static void drip(Socket socket) {
    try {
      socket.getOutputStream().write('x');
    } catch (IOException e) {
      // It has been cut off, as it should be.
    }
  }
}
