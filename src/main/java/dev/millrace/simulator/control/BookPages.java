package dev.millrace.simulator.control;

import dev.millrace.simulator.book.Book;
import io.vertx.core.Context;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpServerResponse;

/** Streams the book as it stood when it was asked for, a chunk at a time, as fast as the client reads. */
public final class BookPages {
  private static final int CHUNK_ENTRIES = 256;

  private final Book book;
  private final PaymentReport line;
  private final Context loop;

  public BookPages(Book book, PaymentReport line, Context loop) {
    this.book = book;
    this.line = line;
    this.loop = loop;
  }

  void stream(HttpServerResponse response) {
    response.setChunked(true).putHeader(HttpHeaders.CONTENT_TYPE, "application/x-ndjson");
    chunk(response, 0, book.size());
  }

  private void chunk(HttpServerResponse response, int from, int size) {
    if (response.closed()) {
      return;
    }
    if (from == size) {
      response.end();
      return;
    }
    int to = Math.min(size, from + CHUNK_ENTRIES);
    var out = new StringBuilder((to - from) * 480);
    for (int ordinal = from; ordinal < to; ordinal++) {
      line.append(out, book.state(ordinal));
    }
    response.write(out.toString());
    if (response.writeQueueFull()) {
      response.drainHandler(drained -> chunk(response, to, size));
    } else {
      // Payments get their turn between two chunks.
      loop.runOnContext(turn -> chunk(response, to, size));
    }
  }
}
