package dev.millrace.embedded;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the kernel write a database's new pages out as they come. Postgres adds pages of zeros to a table and
 * leaves them to the kernel, which writes half a minute's worth of them at once; commits then wait for the
 * disk, a quarter of a second at full load. Here the writing is started every second
 * ({@code sync_file_range(2)}, which waits for nothing). Durability does not depend on it: Postgres forces
 * what it must. A server of one's own needs no such help where {@code vm.dirty_background_bytes} is small.
 */
final class Writeback implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Writeback.class);
  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final int O_RDONLY = 0;
  private static final int SYNC_FILE_RANGE_WRITE = 2;

  private static final MethodHandle OPEN = libc("open",
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.JAVA_INT),
      Linker.Option.firstVariadicArg(2));
  private static final MethodHandle SYNC_FILE_RANGE = libc("sync_file_range",
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG,
          ValueLayout.JAVA_LONG, ValueLayout.JAVA_INT));
  private static final MethodHandle CLOSE = libc("close",
      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

  private final Path tables;
  private final Thread thread;

  private Writeback(Path tables) {
    this.tables = tables;
    this.thread = Thread.ofPlatform().daemon().name("postgres-writeback").unstarted(this::run);
  }

  /** {@code tables}: the directory with one directory a database. */
  static Writeback start(Path tables) {
    var writeback = new Writeback(tables);
    writeback.thread.start();
    return writeback;
  }

  @SuppressWarnings("restricted")
  private static MethodHandle libc(String name, FunctionDescriptor type, Linker.Option... options) {
    var linker = Linker.nativeLinker();
    return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, options);
  }

  private void run() {
    try {
      while (true) {
        Thread.sleep(INTERVAL);
        startWriting();
      }
    } catch (InterruptedException closed) {
      Thread.currentThread().interrupt();
    } catch (IOException | DirectoryIteratorException e) {
      LOG.warn("postgres_writeback_ended error=\"{}\": commits may wait longer for the disk", e.toString());
    }
  }

  /** Starts the writing of every file that has changed of late; returns how many. */
  int startWriting() throws IOException {
    int files = 0;
    long since = System.currentTimeMillis() - 2 * INTERVAL.toMillis();
    try (DirectoryStream<Path> databases = Files.newDirectoryStream(tables)) {
      for (Path database : databases) files += startWriting(database, since);
    }
    return files;
  }

  private static int startWriting(Path database, long since) throws IOException {
    int files = 0;
    try (DirectoryStream<Path> tables = Files.newDirectoryStream(database)) {
      for (Path table : tables) {
        if (Files.getLastModifiedTime(table).toMillis() < since) continue;
        startWritingFile(table);
        files++;
      }
    } catch (NoSuchFileException dropped) {
      LOG.debug("a table or database was dropped: {}", dropped.getFile());
    }
    return files;
  }

  private static void startWritingFile(Path file) throws IOException {
    try (Arena arena = Arena.ofConfined()) {
      int fd = (int) OPEN.invokeExact(arena.allocateFrom(file.toString()), O_RDONLY);
      if (fd < 0) {
        throw Files.exists(file)
            ? new IOException("cannot open " + file)
            : new NoSuchFileException(file.toString());
      }
      int failed = (int) SYNC_FILE_RANGE.invokeExact(fd, 0L, 0L, SYNC_FILE_RANGE_WRITE);
      int unclosed = (int) CLOSE.invokeExact(fd);
      if (failed != 0 || unclosed != 0) throw new IOException("sync_file_range failed for " + file);
    } catch (IOException | RuntimeException e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
