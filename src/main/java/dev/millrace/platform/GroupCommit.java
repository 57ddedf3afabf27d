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
 * Gathers items while earlier batches commit, then commits them all at once: natural batching, no timer. A few lanes
 * (connections, say) commit side by side, so that one batch is computed while the other is flushed. Owned by one
 * event loop. Bounded: a full queue refuses with {@link Unavailable}. A batch that the server refuses is split in
 * halves until the bad item stands alone, so it never fails its neighbours; a batch whose answer was lost fails every
 * item of it with {@link Unavailable#outcomeUnknown()}.
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
  private final List<Function<List<T>, Future<List<R>>>> idle;
  private final CommitMeter meter;
  private final ArrayDeque<Entry> queue = new ArrayDeque<>();
  private volatile int depth;
  private boolean drainDue;

  /** Each of {@code lanes} commits one batch at a time and answers one result an item, in order. */
  public GroupCommit(Vertx vertx, int limit, int batchMax, CommitMeter meter,
      List<Function<List<T>, Future<List<R>>>> lanes) {
    this.owner = (ContextInternal) vertx.getOrCreateContext();
    this.limit = limit;
    this.batchMax = batchMax;
    this.meter = meter;
    this.idle = new ArrayList<>(lanes);
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

  /** Hands in an item. All that is handed in in one turn of the event loop goes into the same batch, if it has room. */
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
    if (!idle.isEmpty() && !drainDue) {
      drainDue = true;
      owner.runOnContext(v -> {
        drainDue = false;
        drain();
      });
    }
    return entry;
  }

  private void drain() {
    while (!idle.isEmpty()) {
      var batch = next();
      if (batch.isEmpty()) return;
      write(batch, idle.removeLast());
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

  private void write(List<Entry> batch, Function<List<T>, Future<List<R>>> lane) {
    long began = System.nanoTime();
    apply(lane, batch).onComplete(result -> {
      meter.committed(batch.size(), System.nanoTime() - began);
      if (splittable(batch, result)) {
        split(batch, lane);
        return;
      }
      // The next batch goes out before the callers of this one go on with their answers: what is written while the
      // connection is being read is flushed after the reading, so the callers' turn must be a later one.
      idle.add(lane);
      drain();
      owner.runOnContext(v -> finish(batch, result));
    });
  }

  private Future<List<R>> apply(Function<List<T>, Future<List<R>>> lane, List<Entry> batch) {
    try {
      return lane.apply(items(batch));
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
  private void split(List<Entry> batch, Function<List<T>, Future<List<R>>> lane) {
    writeHalves(batch, lane).onComplete(done -> {
      idle.add(lane);
      drain();
    });
  }

  private Future<Void> writeHalves(List<Entry> part, Function<List<T>, Future<List<R>>> lane) {
    int half = part.size() / 2;
    return writePart(part.subList(0, half), lane)
        .compose(v -> writePart(part.subList(half, part.size()), lane));
  }

  private Future<Void> writePart(List<Entry> part, Function<List<T>, Future<List<R>>> lane) {
    Promise<Void> written = owner.promise();
    apply(lane, part).onComplete(result -> {
      if (splittable(part, result)) {
        writeHalves(part, lane).onComplete(written);
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
    for (int i = 0; i < batch.size(); i++) {
      if (result.succeeded()) batch.get(i).promise.complete(result.result().get(i));
      else batch.get(i).promise.fail(result.cause());
    }
  }
}
