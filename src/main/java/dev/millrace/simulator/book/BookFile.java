package dev.millrace.simulator.book;

import com.fasterxml.jackson.core.JacksonException;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The book on disk: {@code book.ndjson}, a first line that names the book and then one line a payment or a
 * movement of one, only ever appended to. What {@link #append} returned from survives a kill and a power cut.
 * Blocking: not for an event loop; one thread at a time.
 */
final class BookFile implements AutoCloseable {
  private static final String NAME = "book.ndjson";
  /** A line longer than this was not written by us: the largest request body is 16 KiB. */
  private static final int LINE_BYTES_MAX = 256 * 1024;
  private static final int BOOK_ID_CHARS = 14;
  private static final String ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

  private final Path path;
  private final FileChannel channel;
  private final LineFormat lines = new LineFormat();
  private @Nullable String bookId;
  private int lineNumber;

  private BookFile(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Opens or creates the book in a directory and hands over its lines in order. A last line without its
   * newline was never answered for, and is cut off.
   *
   * @throws IOException
   *           if another simulator holds the book, or a line of it is broken: the message names the line
   */
  static BookFile open(Path directory, Consumer<BookLine> lines) throws IOException {
    Files.createDirectories(directory);
    Path path = directory.resolve(NAME);
    FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.READ,
        StandardOpenOption.WRITE);
    try {
      lock(path, channel);
      var file = new BookFile(path, channel);
      long whole = file.load(lines);
      if (whole < channel.size()) {
        channel.truncate(whole);
      }
      channel.position(whole);
      if (file.bookId == null) {
        file.begin(directory);
      }
      return file;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** The random name this book got when it was created; part of every id it gives out. */
  String bookId() {
    if (bookId == null) {
      throw new IllegalStateException("book " + path + " has no id");
    }
    return bookId;
  }

  /** Writes the lines and waits until the disk has them. After a failure nothing more may be appended. */
  void append(List<BookLine> batch) throws IOException {
    var text = new StringBuilder(batch.size() * 256);
    for (BookLine line : batch) {
      LineFormat.write(text, line);
    }
    write(text);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void write(CharSequence text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(false);
  }

  private static void lock(Path path, FileChannel channel) throws IOException {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      throw new IOException("book " + path + " is in use by a simulator in this process", e);
    }
    if (lock == null) {
      throw new IOException("book " + path + " is in use by another process; stop it first");
    }
  }

  private void begin(Path directory) throws IOException {
    var random = new SecureRandom();
    var id = new StringBuilder();
    for (int i = 0; i < BOOK_ID_CHARS; i++) {
      id.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
    }
    bookId = id.toString();
    write("{\"book\":\"" + id + "\",\"format\":1}\n");
    try (FileChannel parent = FileChannel.open(directory, StandardOpenOption.READ)) {
      parent.force(true);
    }
  }

  /** Reads every whole line; returns the offset after the last one. */
  @SuppressWarnings("resource") // closing the stream would close the channel
  private long load(Consumer<BookLine> into) throws IOException {
    InputStream in = Channels.newInputStream(channel.position(0));
    byte[] buffer = new byte[64 * 1024];
    int filled = 0;
    long whole = 0;
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer, filled, buffer.length - filled)) {
      int lineFrom = 0;
      int end = filled + read;
      for (int i = filled; i < end; i++) {
        if (buffer[i] == '\n') {
          line(buffer, lineFrom, i - lineFrom, into);
          lineFrom = i + 1;
        }
      }
      whole += lineFrom;
      filled = end - lineFrom;
      System.arraycopy(buffer, lineFrom, buffer, 0, filled);
      if (filled == buffer.length) {
        if (filled >= LINE_BYTES_MAX) {
          throw broken(new IOException("longer than " + LINE_BYTES_MAX + " bytes"));
        }
        buffer = Arrays.copyOf(buffer, filled * 2);
      }
    }
    return whole;
  }

  private void line(byte[] buffer, int offset, int length, Consumer<BookLine> into) throws IOException {
    try {
      if (bookId == null) {
        bookId = bookIdOf(new String(buffer, offset, length, StandardCharsets.UTF_8));
      } else {
        into.accept(lines.read(buffer, offset, length));
      }
      lineNumber++;
    } catch (JacksonException e) {
      throw broken(new IOException("not JSON: " + e.getOriginalMessage(), e));
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private static String bookIdOf(String line) throws IOException {
    try {
      var header = new JsonObject(line);
      if (header.getValue("format") instanceof Integer format && format == 1
          && header.getValue("book") instanceof String id && id.length() == BOOK_ID_CHARS) {
        return id;
      }
    } catch (DecodeException e) {
      throw new IOException("not the first line of a book", e);
    }
    throw new IOException("not the first line of a book of format 1");
  }

  private IOException broken(IOException cause) {
    return new IOException(
        "book " + path + " is broken in line " + (lineNumber + 1) + ": " + cause.getMessage()
            + "; repair the line or move the file away, then start again",
        cause);
  }
}
