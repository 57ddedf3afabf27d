package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What clients do: come in crowds, and never finish their sentences. */
final class LoadFaults {
  private static final int SLOW_CLIENTS = 200;

  private LoadFaults() {}

  static List<Scenario> all() {
    return List.of(Scenario.of("slow-loris", LoadFaults::slowLoris),
        Scenario.of("ten times overload", LoadFaults::overload).in(Town.Plan.SMALL_LIMITS).at(3)
            .within(Duration.ofSeconds(60)));
  }

  /**
   * Ten times as much as can be settled: what is settled stays near its peak, and everything else is refused, with a time
   * to come back. What limits is the budget of the provider's account.
   */
  private static void overload(Run run) {
    int possible = Town.SMALL_BUDGET * Town.NODES.size();
    double peak = settledPerSecond(run, possible * 5 / 4);
    double overloaded = settledPerSecond(run, possible * 10);
    run.broke();
    System.out.printf("overload: peak %.1f/s, at %d/s %.1f/s%n", peak, possible * 10, overloaded);
    assertThat(overloaded).as("settled a second, of a peak of " + peak).isGreaterThan(0.8 * peak);
  }

  private static double settledPerSecond(Run run, int offered) {
    var flood = Flood.start(run.town.urls(), run.town.node("a").merchantKey(), offered);
    try {
      run.load(4);
      long began = System.nanoTime();
      long before = settled(run);
      run.load(8);
      return (settled(run) - before) * 1e9 / (System.nanoTime() - began);
    } finally {
      flood.stop();
      assertThat(flood.failures()).as("answers that are neither 202 nor a refusal with a time").isEmpty();
    }
  }

  private static long settled(Run run) {
    return run.site().number("SELECT count(*) FROM payment WHERE settlement IS NOT NULL");
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
