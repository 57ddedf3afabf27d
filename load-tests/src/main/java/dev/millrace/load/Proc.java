package dev.millrace.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One process as Linux's /proc tells it. `cpuSeconds` is the user and system time of its own threads, dead or
 * alive; `reapedSeconds` that of the children it has waited for.
 */
record Proc(long pid, long parent, String name, double cpuSeconds, double reapedSeconds) {

  private static final double TICKS_PER_SECOND = 100;

  static Optional<Proc> of(long pid) {
    try {
      var stat = Files.readString(Path.of("/proc", Long.toString(pid), "stat"));
      // The name stands in brackets and may hold anything, brackets too: count the fields after the last one.
      int open = stat.indexOf('(');
      int close = stat.lastIndexOf(')');
      var fields = stat.substring(close + 2).split(" ");
      return Optional.of(new Proc(pid, Long.parseLong(fields[1]), stat.substring(open + 1, close),
          seconds(fields, 11), seconds(fields, 13)));
    } catch (IOException gone) {
      return Optional.empty();
    }
  }

  private static double seconds(String[] fields, int user) {
    return (Long.parseLong(fields[user]) + Long.parseLong(fields[user + 1])) / TICKS_PER_SECOND;
  }

  static List<Proc> all() {
    var all = new ArrayList<Proc>();
    ProcessHandle.allProcesses().forEach(handle -> of(handle.pid()).ifPresent(all::add));
    return all;
  }

  /** Every process whose working directory is `directory` or below it. */
  static List<Proc> within(Path directory) {
    return all().stream().filter(process -> process.worksIn(directory)).toList();
  }

  boolean worksIn(Path directory) {
    try {
      return Files.readSymbolicLink(Path.of("/proc", Long.toString(pid), "cwd")).startsWith(directory);
    } catch (IOException goneOrNotOurs) {
      return false;
    }
  }

  /**
   * CPU of a process and of all it ever forked, one generation deep: Postgres with its backends, live and
   * gone.
   */
  static double familySeconds(long pid) {
    double family = of(pid).map(process -> process.cpuSeconds + process.reapedSeconds).orElse(Double.NaN);
    for (var process : all()) {
      family += process.parent == pid ? process.cpuSeconds : 0;
    }
    return family;
  }
}
