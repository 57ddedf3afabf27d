package dev.millrace.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** What clients may do: come in crowds, and begin requests that they never finish. */
final class LoadFaults {
  private static final int SLOW_CLIENTS = 200;

  private LoadFaults() {}

  static List<Scenario> all() {
    return List.of(Scenario.of("slow-loris", LoadFaults::slowLoris),
        Scenario.of("ten times overload", LoadFaults::overload).in(Deployment.Plan.SMALL_LIMITS).at(3)
            .within(Duration.ofSeconds(60)));
  }

  /**
   * Ten times as much as can be settled: what is settled stays near its peak, and everything else is refused,
   * with a time to come back. What limits is the budget of the provider's account.
   */
  private static void overload(ScenarioRun run) {
    int possible = Deployment.SMALL_BUDGET * Deployment.NODES.size();
    double peak = settledPerSecond(run, possible * 5 / 4, 0);
    double overloaded = settledPerSecond(run, possible * 10, possible * 8);
    System.out.printf("overload: peak %.1f/s, at %d/s %.1f/s%n", peak, possible * 10, overloaded);
    assertThat(overloaded).as("settled a second, of a peak of " + peak).isGreaterThan(0.8 * peak);
  }

  /** Fails when fewer than {@code sentMin} a second could be sent, or when none of so many was refused. */
  private static double settledPerSecond(ScenarioRun run, int offered, int sentMin) {
    var flood = Flood.start(run.deployment.urls(), run.deployment.node("a").merchantKey(), offered);
    try {
      run.load(4);
      long began = System.nanoTime();
      long before = settled(run);
      long sent = flood.sent();
      run.load(8);
      double seconds = (System.nanoTime() - began) / 1e9;
      if (sentMin > 0) {
        assertThat((flood.sent() - sent) / seconds).as("sent a second").isGreaterThan(sentMin);
        run.awaitInjected("requests are refused", 0, flood::refused);
      }
      return (settled(run) - before) / seconds;
    } finally {
      flood.stop();
      assertThat(flood.failures()).as("answers that are neither 202 nor a refusal with a time").isEmpty();
    }
  }

  private static long settled(ScenarioRun run) {
    return run.site().number("SELECT count(*) FROM payment WHERE settlement IS NOT NULL");
  }

  /** Clients that send their request byte by byte are cut off in time, and take nothing from the others. */
  private static void slowLoris(ScenarioRun run) throws IOException {
    URI node = URI.create(run.deployment.node(run.someNode()).apiUrl());
    var sockets = new ArrayList<Socket>();
    try {
      for (int i = 0; i < SLOW_CLIENTS; i++) {
        var socket = new Socket(node.getHost(), node.getPort());
        socket.getOutputStream()
            .write("POST /v1/payments HTTP/1.1\r\nHost: x\r\nX-A: ".getBytes(StandardCharsets.US_ASCII));
        sockets.add(socket);
        run.broke();
      }
      long end = System.nanoTime() + Deployment.REQUEST_TIMEOUT.plusSeconds(2).toNanos();
      while (System.nanoTime() - end < 0) {
        for (Socket socket : sockets) drip(socket);
        run.awaitAccepted(5);
      }
      for (Socket socket : sockets) assertThat(cutOff(socket)).as("it was cut off").isTrue();
    } finally {
      for (Socket socket : sockets) socket.close();
    }
    assertThat(run.driver.errors()).as("errors that the others saw").isEmpty();
  }

  private static boolean cutOff(Socket socket) throws IOException {
    try {
      socket.setSoTimeout(2_000);
      return socket.getInputStream().read() < 0;
    } catch (SocketTimeoutException e) {
      return false;
    } catch (SocketException e) {
      return true;
    }
  }

  private static void drip(Socket socket) {
    try {
      socket.getOutputStream().write('x');
    } catch (IOException e) {
      // It has been cut off, as it should be.
    }
  }
}
