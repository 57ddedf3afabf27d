package dev.millrace.simulator.book;

import io.vertx.core.Context;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The provider's book: every payment and every movement of it, in order, on disk before anyone is told. Owned
 * by one event loop; one thread writes, each time everything that gathered while the disk was busy. A line
 * can be found once it is durable.
 */
public final class Book {
  private static final Logger LOG = LoggerFactory.getLogger(Book.class);

  /** Someone who waits for a line to become durable; called on the book's event loop. */
  public interface Waiting {
    void durable(BookLine line);

    /** The disk failed: whether the line is in the book is unknown until the next start. */
    void lost();
  }

  private record Posting(BookLine line, Waiting waiting) {}

  private final List<Entry> entries = new ArrayList<>();
  private final List<Movement> movements = new ArrayList<>();
  private final Map<Integer, PaymentHistory> histories = new HashMap<>();
  private final Map<Wire, Keys> keys = new EnumMap<>(Wire.class);
  private final References references = new References(entries);
  private final List<Consumer<BookLine>> listeners = new ArrayList<>();
  private final Totals totals = new Totals();

  /** What has come under an idempotency key, by wire. */
  private static final class Keys {
    private final EntryIndex entries = new EntryIndex(Entry::key);
    private final Map<String, Movement> movements = new HashMap<>();
  }

  private final Context loop;
  private final Thread owner;
  private final BookFile file;
  private final ExecutorService writer = Executors.newSingleThreadExecutor(
      Thread.ofPlatform().name("millrace-simulator-book").daemon().factory());
  private List<Posting> gathered = new ArrayList<>();
  private boolean writing;
  private boolean failed;
  private int nextOrdinal;
  private int nextMovement;
  private @Nullable Promise<Void> closing;

  private Book(Context loop, Thread owner, Path directory) throws IOException {
    this.loop = loop;
    this.owner = owner;
    for (Wire wire : Wire.values()) {
      keys.put(wire, new Keys());
    }
    this.file = BookFile.open(directory, this::add);
    this.nextOrdinal = entries.size();
    this.nextMovement = movements.size();
  }

  /**
   * Opens the book off the event loop; to be called on the one that will own it. Fails as {@link
   * BookFile#open}.
   */
  public static Future<Book> open(Vertx vertx, Path directory) {
    Context loop = vertx.getOrCreateContext();
    Thread owner = Thread.currentThread();
    return vertx.executeBlocking(() -> new Book(loop, owner, directory));
  }

  public String id() {
    return file.bookId();
  }

  public int size() {
    return entries.size();
  }

  public Entry get(int ordinal) {
    return entries.get(ordinal);
  }

  public Totals totals() {
    return totals;
  }

  /** The movements that have been durable so far. */
  public List<Movement> movements() {
    return movements;
  }

  /** What a payment has come to. */
  public PaymentState state(int ordinal) {
    PaymentHistory history = histories.get(ordinal);
    return history == null ? PaymentState.opening(entries.get(ordinal)) : history.now();
  }

  /** What a payment had come to just after a line of it. */
  public PaymentState stateAt(BookLine line) {
    return switch (line) {
      case Entry entry -> PaymentState.opening(entry);
      case Movement movement -> history(movement.payment()).at(movement);
    };
  }

  /** Hands over every line that becomes durable from now on, before whoever waits for it hears. */
  public void listen(Consumer<BookLine> listener) {
    listeners.add(listener);
  }

  /** False once the disk has failed or the book closes: nothing can be charged any more. */
  public boolean writable() {
    return !failed && closing == null;
  }

  /** What has come under a key, whatever it was. */
  @Nullable
  public BookLine byKey(Wire wire, String key) {
    Keys known = keys(wire);
    Entry entry = known.entries.get(key);
    return entry != null ? entry : known.movements.get(key);
  }

  public References references() {
    return references;
  }

  /** The ordinal the next appended entry has to carry. */
  public int nextOrdinal() {
    return nextOrdinal;
  }

  /** The number the next appended movement has to carry. */
  int nextMovement() {
    return nextMovement;
  }

  /** Puts a line at the end of the book; {@code waiting} hears when the disk has it. */
  public void append(BookLine line, Waiting waiting) {
    assert inLoop();
    boolean follows = switch (line) {
      case Entry entry -> entry.ordinal() == nextOrdinal;
      case Movement movement -> movement.number() == nextMovement;
    };
    if (!follows || !writable()) {
      throw new IllegalStateException("a line does not follow entry " + (nextOrdinal - 1) + " and movement "
          + (nextMovement - 1) + (writable() ? "" : ": the book is closed"));
    }
    if (line instanceof Entry) {
      nextOrdinal++;
    } else {
      nextMovement++;
    }
    gathered.add(new Posting(line, waiting));
    if (!writing) {
      write();
    }
  }

  /** Completes once what has been appended is on disk and the file is closed. */
  public Future<Void> close() {
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
      file.append(batch.stream().map(Posting::line).toList());
      return null;
    } catch (IOException | RuntimeException e) {
      return e;
    }
  }

  private void written(List<Posting> batch, @Nullable Exception failure) {
    assert inLoop();
    writing = false;
    if (failure != null) {
      LOG.error("event=book_write_failed lines={} action=stop_charging", batch.size() + gathered.size(),
          failure);
      failed = true;
      batch.addAll(gathered);
      gathered.clear();
      batch.forEach(posting -> posting.waiting().lost());
    } else {
      // The disk goes on while this loop answers.
      if (!gathered.isEmpty()) {
        write();
      }
      for (Posting posting : batch) {
        add(posting.line());
        listeners.forEach(listener -> listener.accept(posting.line()));
        posting.waiting().durable(posting.line());
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

  private void add(BookLine line) {
    switch (line) {
      case Entry entry -> add(entry);
      case Movement movement -> add(movement);
    }
  }

  private void add(Entry entry) {
    entries.add(entry);
    keys(entry.wire()).entries.put(entry);
    references.add(entry);
    totals.add(entry);
  }

  private void add(Movement movement) {
    Entry entry = entries.get(movement.payment());
    movements.add(movement);
    if (movement.key() != null) {
      keys(entry.wire()).movements.put(movement.key(), movement);
    }
    PaymentHistory history = histories.computeIfAbsent(movement.payment(),
        ordinal -> new PaymentHistory(entry));
    totals.subtract(history.now());
    history.add(movement);
    totals.add(history.now());
    references.add(movement, entry);
  }

  private PaymentHistory history(int payment) {
    PaymentHistory history = histories.get(payment);
    if (history == null) {
      throw new IllegalStateException("payment " + payment + " has not moved");
    }
    return history;
  }

  private Keys keys(Wire wire) {
    Keys known = keys.get(wire);
    if (known == null) {
      throw new IllegalStateException("no keys of " + wire);
    }
    return known;
  }

  private boolean inLoop() {
    return Thread.currentThread().equals(owner);
  }
}
