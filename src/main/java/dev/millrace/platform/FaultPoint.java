package dev.millrace.platform;

/**
 * Named places at which a process can be made to die, as by SIGKILL, to see that nothing is lost or doubled there. Does
 * nothing unless the JVM was started with {@code -Dmillrace.fault-point=<name>}, which only tests do.
 */
public final class FaultPoint {
  private static final String ARMED = System.getProperty("millrace.fault-point", "");
  private static final int KILLED = 137;

  private FaultPoint() {}

  /** Dies here when this is the point that was named. */
  public static void reach(String name) {
    if (ARMED.equals(name)) Runtime.getRuntime().halt(KILLED);
  }

  /** As {@link #reach}, for points that are passed by several kinds of work: {@code kind.point}. */
  public static void reach(String kind, String point) {
    if (!ARMED.isEmpty()) reach(kind + "." + point);
  }
}
