package dev.millrace.platform;

import io.vertx.core.AsyncResult;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Gathers items while earlier batches commit, then commits them all at once: natural batching, no timer. When
 * enough have gathered meanwhile, they follow the batch under way on the same connection, so that the server
 * has the next at hand when it is done with the first. Owned by one event loop. Bounded: a full queue refuses
 * with {@link Unavailable}. A batch that the server refuses is split in halves until the bad item stands
 * alone, so it never fails its neighbours; a batch whose answer was lost fails every item of it with
 * {@link Unavailable#outcomeUnknown()}.
 *
 * @param <T> what is written
 * @param <R> what the writer says of each item
 */
public final class GroupCommit<T, R> {
  /**
   * An item that was handed in.
   *
   * @param <R> what the writer says of it
   */
  public interface Submission<R> {
    /** Completes once the item is committed or refused; never after it was withdrawn. */
    Future<R> result();

    /** Takes the item back; false when it is being written already, or done: then its result decides. */
    boolean withdraw();
  }

  private final class Entry implements Submission<R> {
    final T item;
    final Promise<R> promise = owner.promise();
    boolean waiting;

    Entry(T item) {
      this.item = item;
    }

    @Override
    public Future<R> result() { return promise.future(); }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
    public boolean withdraw() {
      if (!waiting) return false;
      waiting = false;
      depth--;
      return true;
    }
  }

  private final ContextInternal owner;
  private final int limit;
  private final int batchMax;
  private final int ahead;
  private final Function<List<T>, Future<List<R>>> writer;
  private final CommitMeter meter;
  private final ArrayDeque<Entry> queue = new ArrayDeque<>();
  private volatile int depth;
  private boolean drainDue;
  private int underWay;

  /**
   * {@code writer} commits a batch and answers one result an item, in order; {@code ahead}: how many items
   * must have gathered to be sent while one batch is under way, never more than two.
   */
  public GroupCommit(Vertx vertx, int limit, int batchMax, int ahead, CommitMeter meter,
      Function<List<T>, Future<List<R>>> writer) {
    this.owner = (ContextInternal) vertx.getOrCreateContext();
    this.limit = limit;
    this.batchMax = batchMax;
    this.ahead = ahead;
    this.meter = meter;
    this.writer = writer;
    meter.measures(() -> depth);
  }

  /** Items waiting or being written. May be asked from any thread. */
  public int depth() { return depth; }

  /** Whether the next {@link #submit} would be refused. */
  public boolean full() { return depth >= limit; }

  /** Counts a refusal that the caller made after asking {@link #full()}. */
  public void countRejection() {
    meter.queue().reject();
  }

  /**
   * Hands in an item. All that is handed in in one turn of the event loop goes into the same batch, if it has
   * room.
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  public Submission<R> submit(T item) {
    assert owner.inThread() : "GroupCommit used from another thread";
    var entry = new Entry(item);
    if (depth >= limit) {
      meter.queue().reject();
      entry.promise.fail(Unavailable.notSent("queue full: " + limit + " items wait for their commit"));
      return entry;
    }
    entry.waiting = true;
    queue.add(entry);
    depth++;
    if (ready() && !drainDue) {
      drainDue = true;
      owner.runOnContext(v -> {
        drainDue = false;
        drain();
      });
    }
    return entry;
  }

  private boolean ready() {
    return underWay == 0 || (underWay == 1 && queue.size() >= ahead);
  }

  private void drain() {
    while (ready()) {
      var batch = next();
      if (batch.isEmpty()) return;
      underWay++;
      write(batch);
    }
  }

  private List<Entry> next() {
    var batch = new ArrayList<Entry>(Math.min(queue.size(), batchMax));
    while (batch.size() < batchMax) {
      Entry entry = queue.poll();
      if (entry == null) break;
      if (!entry.waiting) continue; // withdrawn
      entry.waiting = false;
      batch.add(entry);
    }
    return batch;
  }

  private void write(List<Entry> batch) {
    long began = System.nanoTime();
    apply(batch).onComplete(result -> {
      meter.committed(batch.size(), System.nanoTime() - began);
      if (splittable(batch, result)) {
        split(batch);
        return;
      }
      // The next batch goes out before the callers of this one go on with their answers: what is written
      // while the connection is being read is flushed after the reading, so the callers' turn must be a later
      // one.
      underWay--;
      drain();
      owner.runOnContext(v -> finish(batch, result));
    });
  }

  private Future<List<R>> apply(List<Entry> batch) {
    try {
      return writer.apply(items(batch));
    } catch (RuntimeException e) {
      // An item that cannot even be put into the statement: as one that the server refuses.
      return Future.failedFuture(e);
    }
  }

  private List<T> items(List<Entry> batch) {
    var items = new ArrayList<T>(batch.size());
    for (var entry : batch) items.add(entry.item);
    return items;
  }

  private boolean splittable(List<Entry> batch, AsyncResult<List<R>> result) {
    return result.failed() && !(result.cause() instanceof Unavailable) && batch.size() > 1;
  }

  /** Writes a refused batch again in halves, down to the item that cannot be written. */
  private void split(List<Entry> batch) {
    writeHalves(batch).onComplete(done -> {
      underWay--;
      drain();
    });
  }

  private Future<Void> writeHalves(List<Entry> part) {
    int half = part.size() / 2;
    return writePart(part.subList(0, half))
        .compose(v -> writePart(part.subList(half, part.size())));
  }

  private Future<Void> writePart(List<Entry> part) {
    Promise<Void> written = owner.promise();
    apply(part).onComplete(result -> {
      if (splittable(part, result)) {
        writeHalves(part).onComplete(written);
      } else {
        finish(part, result);
        written.complete();
      }
    });
    return written.future();
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  private void finish(List<Entry> batch, AsyncResult<List<R>> result) {
    depth -= batch.size();
    Throwable cause = PgLink.undone(result.cause())
        ? Unavailable.notSent("postgres: " + result.cause().getMessage())
        : result.cause();
    for (int i = 0; i < batch.size(); i++) {
      if (result.succeeded()) batch.get(i).promise.complete(result.result().get(i));
      else batch.get(i).promise.fail(cause);
    }
  }
}
