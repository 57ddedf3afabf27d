package dev.millrace.load;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** The gateway's heap in use after a full collection: what lives, and what a moment's work has added. */
final class LiveHeap {
  private static final int COLLECTIONS = 3;
  private static final int COLLECT_SECONDS_MAX = 60;

  private LiveHeap() {}

  /** MiB, the least of three collections a second apart. */
  static double mib(Installation site) {
    double least = Double.POSITIVE_INFINITY;
    for (int i = 0; i < COLLECTIONS; i++) {
      Clock.sleepSeconds(i == 0 ? 0 : 1);
      collect(site.gatewayPid());
      least = Math.min(least, site.ops.heap().usedMib());
    }
    return least;
  }

  private static void collect(long pid) {
    var jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd").toString();
    try {
      var process = new ProcessBuilder(jcmd, Long.toString(pid), "GC.run").redirectErrorStream(true)
          .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
      if (!process.waitFor(COLLECT_SECONDS_MAX, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new IllegalStateException("jcmd GC.run did not end within " + COLLECT_SECONDS_MAX + " s");
      }
      if (process.exitValue() != 0) {
        throw new IllegalStateException("jcmd " + pid + " GC.run ended with " + process.exitValue());
      }
    } catch (IOException e) {
      throw new IllegalStateException("cannot run " + jcmd, e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }
}
