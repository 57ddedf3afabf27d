package dev.millrace.embedded;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/**
 * A port a server is to listen on, and where its number comes from.
 *
 * @param number   1 to 65535
 * @param setting  the setting's path in the configuration file
 * @param variable the environment variable that overrides it
 */
record ListenPort(int number, String setting, String variable) {

  private static final String LISTENING = "0A";

  /**
   * @throws EmbeddedServerException when somebody else listens there; says who, if the kernel tells
   */
  void requireFree() {
    if (number < 1 || number > 65_535) {
      throw new EmbeddedServerException(setting + " is " + number + ", but a port is between 1 and 65535");
    }
    // Servers bind with SO_REUSEADDR: connections of a former run in TIME_WAIT do not count as taken.
    try (ServerSocket probe = new ServerSocket()) {
      probe.setReuseAddress(true);
      probe.bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), number));
    } catch (IOException e) {
      throw new EmbeddedServerException("port " + number + " (" + setting + ") is taken by another process"
          + holder().map(process -> " (" + process + ")").orElse("") + ": free it or set " + variable, e);
    }
  }

  /**
   * The listener as "pid 123 java"; empty where {@code /proc} does not show it, as for other users'
   * processes.
   */
  private Optional<String> holder() {
    Set<String> sockets = new HashSet<>();
    for (String table : List.of("/proc/net/tcp", "/proc/net/tcp6")) {
      try (var lines = Files.lines(Path.of(table))) {
        lines.skip(1).map(line -> line.strip().split("\\s+")).filter(this::listensHere)
            .forEach(fields -> sockets.add("socket:[" + fields[9] + "]"));
      } catch (IOException e) {
        // No IPv6, or no such file here: the port stays without a name.
      }
    }
    return ProcessHandle.allProcesses().map(ProcessHandle::pid).filter(pid -> holdsAny(sockets, pid))
        .findFirst()
        .map(pid -> "pid " + pid + " " + nameOf(pid));
  }

  /** Fields: 1 local address and port in hex, 3 state, 9 inode. */
  private boolean listensHere(String[] fields) {
    String portInHex = String.format(Locale.ROOT, ":%04X", number);
    return fields.length > 9 && fields[1].endsWith(portInHex) && fields[3].equals(LISTENING);
  }

  private static boolean holdsAny(Set<String> sockets, long pid) {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(Path.of("/proc", Long.toString(pid), "fd"))) {
      for (Path file : files) {
        if (sockets.contains(Files.readSymbolicLink(file).toString())) {
          return true;
        }
      }
    } catch (IOException e) {
      return false; // It ended, or it is another user's.
    }
    return false;
  }

  private static String nameOf(long pid) {
    try {
      return Files.readString(Path.of("/proc", Long.toString(pid), "comm")).strip();
    } catch (IOException e) {
      return "ended";
    }
  }
}
