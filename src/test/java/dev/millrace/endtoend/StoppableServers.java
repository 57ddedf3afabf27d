package dev.millrace.endtoend;

import dev.millrace.testing.TestServers;

/** One set of servers for all tests that stop some of them; each starts again what it stopped. */
final class StoppableServers {
  private static TestServers servers;

  private StoppableServers() {}

  static synchronized TestServers get() {
    if (servers == null) {
      var started = TestServers.start();
      Runtime.getRuntime().addShutdownHook(new Thread(() -> started.servers().stop()));
      servers = started;
    }
    return servers;
  }
}
