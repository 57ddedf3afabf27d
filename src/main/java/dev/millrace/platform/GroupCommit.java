package dev.millrace.platform;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.Vertx;
import io.vertx.core.internal.ContextInternal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Gathers items while the last batch commits, then commits them all at once: natural batching, no timer. Owned by one
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
  private final Function<List<T>, Future<List<R>>> writer;
  private final QueueMeterRef meter;
  private final ArrayDeque<Entry<T, R>> queue = new ArrayDeque<>();
  private volatile int depth;
  private boolean writing;

  /** Where refusals are counted. */
  @FunctionalInterface
  public interface QueueMeterRef {
    void reject();
  }

  /** {@code writer} commits a batch and answers one result an item, in order. */
  public GroupCommit(Vertx vertx, int limit, int batchMax, QueueMeterRef meter,
      Function<List<T>, Future<List<R>>> writer) {
    this.owner = (ContextInternal) vertx.getOrCreateContext();
    this.limit = limit;
    this.batchMax = batchMax;
    this.meter = meter;
    this.writer = writer;
  }

  /** Items waiting or being written. May be asked from any thread. */
  public int depth() { return depth; }

  /** Whether the next {@link #submit} would be refused. */
  public boolean full() { return depth >= limit; }

  /** Counts a refusal that the caller made after asking {@link #full()}. */
  public void countRejection() {
    meter.reject();
  }

  /** Completes once the item is committed (or refused). */
  @SuppressWarnings("NonAtomicVolatileUpdate") // written by the owning event loop alone
  public Future<R> submit(T item) {
    assert owner.inThread() : "GroupCommit used from another thread";
    if (depth >= limit) {
      meter.reject();
      return Future
          .failedFuture(Unavailable.notSent("queue full: " + limit + " items wait for their commit"));
    }
    Promise<R> promise = owner.promise();
    queue.add(new Entry<>(item, promise));
    depth++;
    if (!writing) drain();
    return promise.future();
  }

  private void drain() {
    if (queue.isEmpty()) return;
    int size = Math.min(queue.size(), batchMax);
    var batch = new ArrayList<Entry<T, R>>(size);
    for (int i = 0; i < size; i++) batch.add(queue.poll());
    writing = true;
    write(batch).onComplete(done -> {
      writing = false;
      drain();
    });
  }

  @SuppressWarnings("NonAtomicVolatileUpdate")
  private Future<Void> write(List<Entry<T, R>> batch) {
    var items = new ArrayList<T>(batch.size());
    for (var entry : batch) items.add(entry.item);
    Promise<Void> written = owner.promise();
    writer.apply(items).onComplete(result -> {
      if (result.succeeded()) {
        var results = result.result();
        for (int i = 0; i < batch.size(); i++) {
          depth--;
          batch.get(i).promise.complete(results.get(i));
        }
        written.complete();
      } else if (result.cause() instanceof Unavailable || batch.size() == 1) {
        for (var entry : batch) {
          depth--;
          entry.promise.fail(result.cause());
        }
        written.complete();
      } else {
        int half = batch.size() / 2;
        write(batch.subList(0, half)).compose(v -> write(batch.subList(half, batch.size())))
            .onComplete(written);
      }
    });
    return written.future();
  }
}
