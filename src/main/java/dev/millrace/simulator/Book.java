package dev.millrace.simulator;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The provider's book: every charge and decline, in order, on disk before anyone is told. Owned by one
 * event loop; one thread writes, each time everything that gathered while the disk was busy. An entry can
 * be found once it is durable.
 */
final class Book {
  private static final Logger LOG = LoggerFactory.getLogger(Book.class);
  private static final int NONE = -1;

  /** Someone who waits for an entry to become durable; called on the book's event loop. */
  interface Waiting {
    void durable(Entry entry);

    /** The disk failed: whether the entry is in the book is unknown until the next start. */
    void lost(Entry entry);
  }

  private record Posting(Entry entry, Waiting waiting) {}

  private final List<Entry> entries = new ArrayList<>();
  private final EntryIndex byKey = new EntryIndex(Entry::key);
  private final EntryIndex byReference = new EntryIndex(Entry::reference);
  private final Totals totals = new Totals();
  private int[] previousOfReference = new int[1024];
  private int[] succeededOfReference = new int[1024];

  private final Context loop;
  private final Thread owner;
  private final BookFile file;
  private final ExecutorService writer = Executors.newSingleThreadExecutor(
      Thread.ofPlatform().name("millrace-simulator-book").daemon().factory());
  private List<Posting> gathered = new ArrayList<>();
  private boolean writing;
  private boolean failed;
  private int nextOrdinal;
  private @Nullable Promise<Void> closing;

  private Book(Context loop, Thread owner, Path directory) throws IOException {
    this.loop = loop;
    this.owner = owner;
    this.file = BookFile.open(directory, this::add);
    this.nextOrdinal = entries.size();
  }

  /**
   * Opens the book off the event loop; to be called on the one that will own it. Fails as {@link
   * BookFile#open}.
   */
  static Future<Book> open(Vertx vertx, Path directory) {
    Context loop = vertx.getOrCreateContext();
    Thread owner = Thread.currentThread();
    return vertx.executeBlocking(() -> new Book(loop, owner, directory));
  }

  String id() {
    return file.bookId();
  }

  int size() {
    return entries.size();
  }

  Entry get(int ordinal) {
    return entries.get(ordinal);
  }

  Totals totals() {
    return totals;
  }

  /** False once the disk has failed or the book closes: nothing can be charged any more. */
  boolean writable() {
    return !failed && closing == null;
  }

  @Nullable
  Entry byKey(String key) {
    return byKey.get(key);
  }

  /** The newest entries of a reference, newest first, at most {@code limit}. */
  List<Entry> byReference(String reference, int limit) {
    var found = new ArrayList<Entry>();
    Entry newest = byReference.get(reference);
    for (int at = newest == null ? NONE : newest.ordinal(); at != NONE && found.size() < limit;) {
      found.add(entries.get(at));
      at = previousOfReference[at];
    }
    return found;
  }

  /** The ordinal the next appended entry has to carry. */
  int nextOrdinal() {
    return nextOrdinal;
  }

  /** Puts an entry at the end of the book; {@code waiting} hears when the disk has it. */
  void append(Entry entry, Waiting waiting) {
    assert inLoop();
    if (entry.ordinal() != nextOrdinal || !writable()) {
      throw new IllegalStateException("entry " + entry.ordinal() + " cannot follow " + (nextOrdinal - 1)
          + (writable() ? "" : ": the book is closed"));
    }
    nextOrdinal++;
    gathered.add(new Posting(entry, waiting));
    if (!writing) {
      write();
    }
  }

  /** Completes once what has been appended is on disk and the file is closed. */
  Future<Void> close() {
    assert inLoop();
    if (closing == null) {
      closing = Promise.promise();
      if (!writing) {
        shut(closing);
      }
    }
    return closing.future();
  }

  private void write() {
    writing = true;
    List<Posting> batch = gathered;
    gathered = new ArrayList<>(batch.size());
    writer.execute(() -> {
      var failure = force(batch);
      loop.runOnContext(done -> written(batch, failure));
    });
  }

  private @Nullable Exception force(List<Posting> batch) {
    try {
      file.append(batch.stream().map(Posting::entry).toList());
      return null;
    } catch (IOException | RuntimeException e) {
      return e;
    }
  }

  private void written(List<Posting> batch, @Nullable Exception failure) {
    assert inLoop();
    writing = false;
    if (failure != null) {
      LOG.error("event=book_write_failed entries={} action=stop_charging", batch.size() + gathered.size(),
          failure);
      failed = true;
      batch.addAll(gathered);
      gathered.clear();
      batch.forEach(posting -> posting.waiting().lost(posting.entry()));
    } else {
      // The disk goes on while this loop answers.
      if (!gathered.isEmpty()) {
        write();
      }
      for (Posting posting : batch) {
        add(posting.entry());
        posting.waiting().durable(posting.entry());
      }
    }
    if (closing != null && !writing) {
      shut(closing);
    }
  }

  private void shut(Promise<Void> done) {
    writer.execute(() -> {
      try {
        file.close();
        done.complete();
      } catch (IOException e) {
        done.fail(e);
      }
    });
    writer.shutdown();
  }

  private void add(Entry entry) {
    int at = entry.ordinal();
    if (at == previousOfReference.length) {
      previousOfReference = Arrays.copyOf(previousOfReference, at * 2);
      succeededOfReference = Arrays.copyOf(succeededOfReference, at * 2);
    }
    entries.add(entry);
    byKey.put(entry);
    Entry before = byReference.put(entry);
    int charges = entry.succeeded() ? 1 : 0;
    previousOfReference[at] = before == null ? NONE : before.ordinal();
    succeededOfReference[at] = charges + (before == null ? 0 : succeededOfReference[before.ordinal()]);
    totals.add(entry, succeededOfReference[at]);
  }

  private boolean inLoop() {
    return Thread.currentThread().equals(owner);
  }
}
