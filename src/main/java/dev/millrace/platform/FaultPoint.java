package dev.millrace.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Timer;
import java.util.TimerTask;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Named places at which a process can be made to die, as by SIGKILL, to see that nothing is lost or doubled
 * there. Does nothing unless the JVM was started with {@code -Dmillrace.fault-points=<file>}, which only
 * tests do: then it dies at the point that the file names, from the moment it does.
 */
public final class FaultPoint {
  private static final Logger LOG = LoggerFactory.getLogger(FaultPoint.class);
  private static final long LOOK_EVERY_MS = 50;
  private static final @Nullable Path FILE = file();
  private static final int KILLED = 137;
  private static volatile String armed = "";

  private FaultPoint() {}

  private static @Nullable Path file() {
    String name = System.getProperty("millrace.fault-points");
    if (name == null) return null;
    new Timer("fault-points", true).schedule(new TimerTask() {
      @Override
      public void run() { look(); }
    }, 0, LOOK_EVERY_MS);
    return Path.of(name);
  }

  private static void look() {
    try {
      armed = read();
    } catch (IOException e) {
      LOG.error("fault_points_unreadable", e);
    }
  }

  private static String read() throws IOException {
    try {
      return FILE == null ? "" : Files.readString(FILE).strip();
    } catch (NoSuchFileException e) {
      return "";
    }
  }

  /** Dies here when the file names {@code work.point}. */
  public static void reach(String work, String point) {
    if (FILE != null && armed.equals(work + "." + point)) Runtime.getRuntime().halt(KILLED);
  }
}
