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
  private record Entry<T, R>(T item, Promise<R> promise) {}

  private final ContextInternal owner;
  private final int limit;
  private final int batchMax;
  private final List<Function<List<T>, Future<List<R>>>> idle;
  private final CommitMeter meter;
  private final ArrayDeque<Entry<T, R>> queue = new ArrayDeque<>();
  private volatile int depth;

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

  /** Completes once the item is committed (or refused). */
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  public Future<R> submit(T item) {
    assert owner.inThread() : "GroupCommit used from another thread";
    if (depth >= limit) {
      meter.queue().reject();
      return Future
          .failedFuture(Unavailable.notSent("queue full: " + limit + " items wait for their commit"));
    }
    Promise<R> promise = owner.promise();
    queue.add(new Entry<>(item, promise));
    depth++;
    if (!idle.isEmpty()) drain();
    return promise.future();
  }

  private void drain() {
    if (queue.isEmpty() || idle.isEmpty()) return;
    int size = Math.min(queue.size(), batchMax);
    var batch = new ArrayList<Entry<T, R>>(size);
    for (int i = 0; i < size; i++) batch.add(queue.poll());
    write(batch, idle.removeLast());
  }

  private void write(List<Entry<T, R>> batch, Function<List<T>, Future<List<R>>> lane) {
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

  private Future<List<R>> apply(Function<List<T>, Future<List<R>>> lane, List<Entry<T, R>> batch) {
    try {
      return lane.apply(items(batch));
    } catch (RuntimeException e) {
      // An item that cannot even be put into the statement: as one that the server refuses.
      return Future.failedFuture(e);
    }
  }

  private List<T> items(List<Entry<T, R>> batch) {
    var items = new ArrayList<T>(batch.size());
    for (var entry : batch) items.add(entry.item);
    return items;
  }

  private boolean splittable(List<Entry<T, R>> batch, AsyncResult<List<R>> result) {
    return result.failed() && !(result.cause() instanceof Unavailable) && batch.size() > 1;
  }

  /** Writes a refused batch again in halves, down to the item that cannot be written. */
  private void split(List<Entry<T, R>> batch, Function<List<T>, Future<List<R>>> lane) {
    writeHalves(batch, lane).onComplete(done -> {
      idle.add(lane);
      drain();
    });
  }

  private Future<Void> writeHalves(List<Entry<T, R>> part, Function<List<T>, Future<List<R>>> lane) {
    int half = part.size() / 2;
    return writePart(part.subList(0, half), lane)
        .compose(v -> writePart(part.subList(half, part.size()), lane));
  }

  private Future<Void> writePart(List<Entry<T, R>> part, Function<List<T>, Future<List<R>>> lane) {
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
  private void finish(List<Entry<T, R>> batch, AsyncResult<List<R>> result) {
    depth -= batch.size();
    for (int i = 0; i < batch.size(); i++) {
      if (result.succeeded()) batch.get(i).promise.complete(result.result().get(i));
      else batch.get(i).promise.fail(result.cause());
    }
  }
}
