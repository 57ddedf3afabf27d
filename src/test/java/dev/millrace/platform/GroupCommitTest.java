package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class GroupCommitTest {
  private static final int LIMIT = 8;
  private static final int BATCH_MAX = 4;

  private final Loop loop = new Loop();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  /** Every batch that reached the writer, and the promise of its end. */
  private final List<List<String>> batches = new CopyOnWriteArrayList<>();
  private final List<Promise<List<String>>> ends = new CopyOnWriteArrayList<>();

  @AfterEach
  void close() { loop.close(); }

  private GroupCommit<String, String> commits(int limit, int batchMax,
      Function<List<String>, Future<List<String>>> writer) {
    return commits(limit, batchMax, Integer.MAX_VALUE, writer);
  }

  private GroupCommit<String, String> commits(int limit, int batchMax, int ahead,
      Function<List<String>, Future<List<String>>> writer) {
    return loop.on(() -> new GroupCommit<String, String>(loop.vertx(), limit, batchMax, ahead,
        new CommitMeter(registry, "test", "one", limit), batch -> {
          batches.add(List.copyOf(batch));
          return writer.apply(batch);
        }));
  }

  private double rejected() { return registry.get("millrace.queue.rejected").counter().count(); }

  /** A writer whose batches end when the test ends them. */
  private GroupCommit<String, String> held() {
    return held(Integer.MAX_VALUE);
  }

  private GroupCommit<String, String> held(int ahead) {
    return commits(LIMIT, BATCH_MAX, ahead, batch -> {
      Promise<List<String>> end = Promise.promise();
      ends.add(end);
      return end.future();
    });
  }

  /** Hands in one item a turn of the loop, so that the first finds the writer idle and goes alone. */
  private List<Future<String>> submit(GroupCommit<String, String> commits, String... items) {
    var futures = new ArrayList<Future<String>>();
    for (String item : items) {
      futures.add(loop.on(() -> commits.submit(item).result()));
      turn();
    }
    return futures;
  }

  private void end(int batch) {
    loop.run(() -> ends.get(batch).complete(batches.get(batch).stream().map(item -> "did " + item).toList()));
    turn();
  }

  /** What the loop has put off to its next turn is done afterwards. */
  private void turn() {
    loop.run(() -> {});
  }

  /** Succeeds unless the batch holds the item {@code bad}. */
  private static Future<List<String>> unless(String bad, List<String> batch) {
    return batch.contains(bad)
        ? Future.failedFuture(new IllegalStateException("refused " + batch))
        : Future.succeededFuture(batch.stream().map(item -> "did " + item).toList());
  }

  @Test
  void items_whileABatchIsWritten_becomeTheNextBatch() {
    var commits = held();
    var futures = submit(commits, "a", "b", "c");
    assertThat(batches).containsExactly(List.of("a"));
    assertThat(commits.depth()).isEqualTo(3);
    end(0);
    assertThat(batches).containsExactly(List.of("a"), List.of("b", "c"));
    assertThat(Loop.<String>result(futures.get(0))).isEqualTo("did a");
    assertThat(futures.get(1).isComplete()).isFalse();
    end(1);
    assertThat(Loop.<String>result(futures.get(1))).isEqualTo("did b");
    assertThat(Loop.<String>result(futures.get(2))).isEqualTo("did c");
    turn();
    assertThat(commits.depth()).isZero();
    assertThat(batches).hasSize(2);
  }

  @Test
  void items_ofOneTurn_areOneBatch() {
    var commits = held();
    loop.run(() -> List.of("a", "b", "c").forEach(commits::submit));
    turn();
    assertThat(batches).containsExactly(List.of("a", "b", "c"));
  }

  @Test
  void item_withdrawnWhileItWaits_isNotWritten() {
    var commits = held();
    submit(commits, "a");
    var b = loop.on(() -> commits.submit("b"));
    submit(commits, "c");
    assertThat(loop.on(b::withdraw)).isTrue();
    assertThat(loop.on(b::withdraw)).isFalse();
    assertThat(commits.depth()).isEqualTo(2);
    end(0);
    assertThat(batches).containsExactly(List.of("a"), List.of("c"));
    end(1);
    assertThat(b.result().isComplete()).isFalse();
    assertThat(commits.depth()).isZero();
  }

  @Test
  void item_beingWritten_cannotBeWithdrawn() {
    var commits = held();
    var a = loop.on(() -> commits.submit("a"));
    turn();
    assertThat(loop.on(a::withdraw)).isFalse();
    end(0);
    assertThat(Loop.<String>result(a.result())).isEqualTo("did a");
    assertThat(loop.on(a::withdraw)).isFalse();
    assertThat(commits.depth()).isZero();
  }

  /** All that waits is withdrawn: nothing is written, and what comes next is. */
  @Test
  void items_allWithdrawn_leaveTheWriterIdle() {
    var commits = held();
    submit(commits, "a");
    var b = loop.on(() -> commits.submit("b"));
    loop.run(b::withdraw);
    end(0);
    assertThat(batches).hasSize(1);
    submit(commits, "c");
    assertThat(batches).containsExactly(List.of("a"), List.of("c"));
  }

  /** With enough gathered a second batch follows the first, and never a third. */
  @Test
  void items_enoughForAhead_followTheBatchUnderWay() {
    var commits = held(2);
    submit(commits, "a", "b");
    assertThat(batches).containsExactly(List.of("a"));
    submit(commits, "c");
    assertThat(batches).containsExactly(List.of("a"), List.of("b", "c"));
    submit(commits, "d", "e", "f");
    assertThat(batches).hasSize(2);
    end(0);
    assertThat(batches).containsExactly(List.of("a"), List.of("b", "c"), List.of("d", "e", "f"));
    end(1);
    end(2);
    assertThat(commits.depth()).isZero();
  }

  /** A batch that is split does not hold up the one behind it. */
  @Test
  void batch_refusedWhileAnotherFollows_bothAreAnswered() {
    Promise<List<String>> bad = Promise.promise();
    var commits = commits(LIMIT, BATCH_MAX, 2,
        batch -> batch.equals(List.of("bad")) ? bad.future() : unless("bad", batch));
    var futures = submit(commits, "bad", "b", "c");
    assertThat(Loop.<String>result(futures.get(1))).isEqualTo("did b");
    assertThat(Loop.<String>result(futures.get(2))).isEqualTo("did c");
    loop.run(() -> bad.fail(new IllegalStateException("refused")));
    assertThat(Loop.failure(futures.get(0))).hasMessage("refused");
    assertThat(Loop.<String>result(submit(commits, "d").getFirst())).isEqualTo("did d");
    turn();
    assertThat(commits.depth()).isZero();
  }

  /** Each of two batches under way has its own end. */
  @Test
  void batch_lostWhileAnotherFollows_theOtherSucceeds() {
    var commits = held(1);
    var futures = submit(commits, "a", "b");
    loop.run(() -> ends.get(0).fail(Unavailable.lost("lost")));
    end(1);
    assertThat(Loop.failure(futures.get(0))).isInstanceOf(Unavailable.class);
    assertThat(Loop.<String>result(futures.get(1))).isEqualTo("did b");
  }

  @Test
  void batch_isNeverLargerThanItsLimit() {
    var commits = held();
    submit(commits, "a", "b", "c", "d", "e", "f", "g");
    end(0);
    assertThat(batches.get(1)).containsExactly("b", "c", "d", "e");
    end(1);
    assertThat(batches.get(2)).containsExactly("f", "g");
  }

  @Test
  void queue_full_refusesAndCounts() {
    var commits = held();
    submit(commits, "a", "b", "c", "d", "e", "f", "g");
    assertThat(commits.full()).isFalse();
    submit(commits, "h");
    assertThat(commits.full()).isTrue();
    Throwable failure = Loop.failure(submit(commits, "i").getFirst());
    assertThat(failure).isInstanceOf(Unavailable.class)
        .hasMessage("queue full: 8 items wait for their commit");
    assertThat(((Unavailable) failure).outcomeUnknown()).isFalse();
    assertThat(rejected()).isEqualTo(1);
    loop.run(commits::countRejection);
    assertThat(rejected()).isEqualTo(2);
    assertThat(registry.get("millrace.queue.depth").gauge().value()).isEqualTo(8);
    end(0);
    assertThat(commits.full()).isFalse();
    assertThat(submit(commits, "j").getFirst().isComplete()).isFalse();
  }

  @Test
  void batch_refused_isSplitUntilTheBadItemStandsAlone() {
    Promise<List<String>> first = Promise.promise();
    var commits = commits(LIMIT, BATCH_MAX,
        batch -> batch.contains("first") ? first.future() : unless("bad", batch));
    var futures = submit(commits, "first", "b", "bad", "d", "e");
    loop.run(() -> first.complete(List.of("did first")));
    assertThat(Loop.<String>result(futures.get(1))).isEqualTo("did b");
    assertThat(Loop.<String>result(futures.get(3))).isEqualTo("did d");
    assertThat(Loop.<String>result(futures.get(4))).isEqualTo("did e");
    assertThat(Loop.failure(futures.get(2))).isInstanceOf(IllegalStateException.class)
        .hasMessage("refused [bad]");
    assertThat(batches).containsExactly(List.of("first"), List.of("b", "bad", "d", "e"), List.of("b", "bad"),
        List.of("b"), List.of("bad"), List.of("d", "e"));
    turn();
    assertThat(commits.depth()).isZero();
    assertThat(Loop.<String>result(submit(commits, "z").getFirst())).isEqualTo("did z");
  }

  @Test
  void batch_whoseAnswerIsLost_failsAllOfItUnsplit() {
    var commits = held();
    var futures = submit(commits, "a", "b", "c");
    end(0);
    loop.run(() -> ends.get(1).fail(Unavailable.lost("postgres: no answer for 5000 ms")));
    for (int i : new int[]{1, 2}) {
      Throwable failure = Loop.failure(futures.get(i));
      assertThat(failure).isInstanceOf(Unavailable.class).hasMessage("postgres: no answer for 5000 ms");
      assertThat(((Unavailable) failure).outcomeUnknown()).isTrue();
    }
    assertThat(batches).hasSize(2);
    turn();
    assertThat(commits.depth()).isZero();
    submit(commits, "d");
    assertThat(batches).hasSize(3);
  }

  @Test
  void batch_lostWhileItIsSplit_failsOnlyTheLostHalf() {
    Promise<List<String>> first = Promise.promise();
    var commits = commits(LIMIT, BATCH_MAX, batch -> {
      if (batch.contains("first")) return first.future();
      if (batch.equals(List.of("d", "e"))) return Future.failedFuture(Unavailable.lost("lost"));
      return unless("bad", batch);
    });
    var futures = submit(commits, "first", "b", "bad", "d", "e");
    loop.run(() -> first.complete(List.of("did first")));
    assertThat(Loop.<String>result(futures.get(1))).isEqualTo("did b");
    assertThat(Loop.failure(futures.get(2))).isInstanceOf(IllegalStateException.class);
    assertThat(Loop.failure(futures.get(3))).isInstanceOf(Unavailable.class);
    assertThat(Loop.failure(futures.get(4))).isInstanceOf(Unavailable.class);
    turn();
    assertThat(commits.depth()).isZero();
  }

  /** A writer that throws instead of failing: its items fail, and the next ones are written. */
  @Test
  void writer_throws_failsItsItemsAndGoesOn() {
    var commits = commits(LIMIT, BATCH_MAX, batch -> {
      if (batch.contains("bad")) throw new IllegalStateException("thrown");
      return unless("-", batch);
    });
    Future<String> bad = loop.on(() -> {
      try {
        return commits.submit("bad").result();
      } catch (IllegalStateException e) {
        return Future.failedFuture(e);
      }
    });
    assertThat(Loop.failure(bad)).hasMessage("thrown");
    Future<String> next = submit(commits, "next").getFirst();
    Await.until(Duration.ofSeconds(2), "the item after a thrown batch is written", next::isComplete);
    assertThat(Loop.<String>result(next)).isEqualTo("did next");
    turn();
    assertThat(commits.depth()).isZero();
  }

  /** As {@link #writer_throws_failsItsItemsAndGoesOn}, for a batch that the end of another one begins. */
  @Test
  void writer_throwsOnAGatheredBatch_neighboursSucceed() {
    Promise<List<String>> first = Promise.promise();
    var commits = commits(LIMIT, BATCH_MAX, batch -> {
      if (batch.contains("first")) return first.future();
      if (batch.contains("bad")) throw new IllegalStateException("thrown");
      return unless("-", batch);
    });
    var futures = submit(commits, "first", "bad", "good");
    loop.context().runOnContext(v -> first.complete(List.of("did first")));
    Await.until(Duration.ofSeconds(2), "both items of the thrown batch end",
        () -> futures.get(1).isComplete() && futures.get(2).isComplete());
    assertThat(Loop.failure(futures.get(1))).hasMessage("thrown");
    assertThat(Loop.<String>result(futures.get(2))).isEqualTo("did good");
  }

  /** Whatever the mixture: one write at a time, each item answered exactly once, only bad ones refused. */
  @Test
  void items_random_areEachAnsweredOnce() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    var writing = new AtomicInteger();
    var overlapped = new AtomicInteger();
    var written = new CopyOnWriteArrayList<String>();
    var commits = commits(10_000, 64, batch -> {
      if (writing.incrementAndGet() > 1) overlapped.incrementAndGet();
      Promise<List<String>> end = Promise.promise();
      loop.context().runOnContext(v -> {
        writing.decrementAndGet();
        if (batch.stream().anyMatch(item -> item.endsWith("7"))) {
          end.fail(new IllegalStateException("refused"));
        } else {
          written.addAll(batch);
          end.complete(batch);
        }
      });
      return end.future();
    });
    var futures = new ArrayList<Future<String>>();
    for (int i = 0; i < 2_000;) {
      int some = Math.min(2_000 - i, 1 + random.nextInt(100));
      futures.addAll(
          submit(commits, IntStream.range(i, i + some).mapToObj(Integer::toString).toArray(String[]::new)));
      i += some;
    }
    for (int i = 0; i < 2_000; i++) {
      String item = Integer.toString(i);
      if (item.endsWith("7"))
        assertThat(Loop.failure(futures.get(i))).as("seed %d", seed).hasMessage("refused");
      else
        assertThat(Loop.<String>result(futures.get(i))).as("seed %d", seed).isEqualTo(item);
    }
    assertThat(written).as("seed %d", seed).hasSize(1_800).doesNotHaveDuplicates();
    assertThat(overlapped).as("writes at the same time, seed %d", seed).hasValue(0);
    turn();
    assertThat(commits.depth()).isZero();
  }
}
