package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.Follower.Batch;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A follower of numbers, with its lease and its cursor on a real Postgres. */
final class FollowerIT {
  private static final Duration BOUND = Duration.ofSeconds(15);
  private static final int BATCH_MAX = 10;

  private final TestDatabase database = TestDatabase.create();
  private final Loop loop = new Loop();
  private final PgLink link = database.link(loop, "follower");
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final CursorStore store = new CursorStore("relay", link);
  private final Numbers numbers = new Numbers();
  private final List<Long> handled = new CopyOnWriteArrayList<>();
  private final List<String> told = new CopyOnWriteArrayList<>();
  private Lease lease;
  private Follower<Long> follower;

  /** What is followed: the numbers from 1 to {@code last}, handled as the test says. */
  private final class Numbers implements Follower.Task<Long> {
    private volatile long last;
    private volatile int failures;
    private volatile long lookedNanos = System.nanoTime();
    private volatile OffsetDateTime written = OffsetDateTime.now();
    private volatile @Nullable Promise<Void> hold;

    @Override
    public Future<Cursor> begin(long epoch) {
      told.add("begin " + epoch);
      return store.read();
    }

    @Override
    public Future<Batch<Long>> read(Cursor after) {
      lookedNanos = System.nanoTime();
      var rows = LongStream.rangeClosed(after.position() + 1, Math.min(last, after.position() + BATCH_MAX))
          .boxed().toList();
      Cursor end = rows.isEmpty() ? after : new Cursor(0, rows.getLast());
      return Future.succeededFuture(new Batch<>(rows, end, rows.size() == BATCH_MAX));
    }

    @Override
    public OffsetDateTime written(Long number) { return written; }

    @Override
    public Future<Boolean> handle(Batch<Long> batch, long epoch) {
      if (batch.rows().isEmpty()) return Future.succeededFuture(false);
      if (failures > 0) {
        failures--;
        return Future.failedFuture("not now");
      }
      Promise<Void> held = hold;
      return (held == null ? Future.<Void>succeededFuture() : held.future())
          .compose(v -> store.mark(epoch, batch.end(), batch.rows().size())).map(marked -> {
            if (!marked) throw new IllegalStateException("the lease has gone");
            handled.addAll(batch.rows());
            return false;
          });
    }

    @Override
    public void stand() { told.add("stand"); }
  }

  @BeforeEach
  void start() {
    loop.run(() -> {
      lease = new Lease(loop.vertx(), link, "relay", "a", 3_000);
      follower = new Follower<>(loop.vertx(), lease, "numbers", "millrace.numbers.lag.seconds",
          new AdaptiveInterval(5, 5), numbers,
          registry);
      lease.start();
      follower.start();
    });
    Await.until(BOUND, "it has begun", () -> told.contains("begin 1"));
  }

  @AfterEach
  void stop() {
    if (numbers.hold != null) loop.run(() -> numbers.hold.tryComplete());
    loop.result(follower::close);
    loop.result(lease::close);
    loop.close();
  }

  private double lag() { return registry.get("millrace.numbers.lag.seconds").gauge().value(); }

  private void awaitHandled(long first, long last) {
    var all = LongStream.rangeClosed(first, last).boxed().toList();
    Await.until(BOUND, "handled " + first + " to " + last, () -> handled.equals(all));
  }

  @Test
  void rows_areHandledOnceEach_inOrder_andMarked() {
    numbers.last = 95;
    awaitHandled(1, 95);
    numbers.last = 96;
    awaitHandled(1, 96);
    assertThat(loop.result(store::read)).isEqualTo(new Cursor(0, 96));
    assertThat(database.number("SELECT passed FROM journal_cursor WHERE name = 'relay'")).isEqualTo(96);
    assertThat(told).containsExactly("begin 1");
  }

  @Test
  void handler_thatFails_hasTheCursorReadAnew_andTheBatchAgain() {
    numbers.failures = 1;
    numbers.last = 25;
    awaitHandled(1, 25);
    assertThat(told).containsExactly("begin 1", "stand", "begin 1");
  }

  /** Its intervals double: after 2.1 s without a look the next would come 1.4 s later at the earliest. */
  @Test
  void follower_thatLooksSeldom_readsAtOnceWhenItIsWoken() {
    another();
    Await.until(BOUND, "it looks seldom", () -> System.nanoTime() - numbers.lookedNanos > 2_100_000_000L);
    loop.run(() -> {
      numbers.last = 7;
      follower.wake();
    });
    var all = LongStream.rangeClosed(1, 7).boxed().toList();
    Await.within(Duration.ofSeconds(1), "handled", () -> handled.equals(all));
  }

  /** On standby it does not look for the lease: that would be an hour from now. */
  @Test
  void follower_onStandby_isWokenByTheLease() {
    loop.result(follower::close);
    loop.result(lease::close);
    loop.run(() -> lease = new Lease(loop.vertx(), link, "relay", "b", 3_000));
    another();
    numbers.last = 7;
    Loop.result(loop.vertx().timer(20));
    assertThat(told).filteredOn("stand"::equals).as("the first may have seen it go").hasSizeLessThan(2);
    assertThat(told).filteredOn(t -> !t.equals("stand")).containsExactly("begin 1");
    loop.run(lease::start);
    awaitHandled(1, 7);
    assertThat(told).filteredOn(t -> !t.equals("stand")).containsExactly("begin 1", "begin 2");
  }

  /** One that looks more and more seldom, instead of the first. */
  private void another() {
    loop.result(follower::close);
    loop.run(() -> {
      follower = new Follower<>(loop.vertx(), lease, "numbers", "millrace.numbers.lag.seconds",
          new AdaptiveInterval(1, 3_600_000), numbers, registry);
      follower.start();
    });
  }

  /** Whoever had the lease in between has marked more. */
  @Test
  void epoch_thatChanged_hasTheCursorReadAnew() {
    numbers.last = 5;
    awaitHandled(1, 5);
    try (var journal = TestJournal.open(database, true)) {
      journal.execute("UPDATE journal_cursor SET position = 50 WHERE name = 'relay'");
      journal.execute("UPDATE lease SET epoch = 7 WHERE name = 'relay'");
    }
    Await.until(BOUND, "it begins in the new epoch", () -> told.contains("begin 7"));
    handled.clear();
    numbers.last = 60;
    awaitHandled(51, 60);
  }

  /** The row in Postgres decides, whatever the follower believes. */
  @Test
  void mark_ofAnEpochThatIsPast_isRefused() {
    numbers.hold = Promise.promise();
    numbers.written = OffsetDateTime.now().minusMinutes(1);
    numbers.last = 5;
    Await.until(BOUND, "a batch in hand", () -> lag() > 0);
    try (var journal = TestJournal.open(database, true)) {
      journal.execute("UPDATE lease SET epoch = 7, holder = 'b', expires = now() + interval '1 hour'"
          + " WHERE name = 'relay'");
    }
    loop.run(() -> numbers.hold.complete());
    Await.until(BOUND, "it stands by", () -> told.contains("stand"));
    assertThat(handled).isEmpty();
    assertThat(loop.result(store::read)).isEqualTo(Cursor.START);
  }

  @Test
  void close_waitsForTheBatchInHand_andNoneFollows() {
    numbers.hold = Promise.promise();
    numbers.written = OffsetDateTime.now().minusMinutes(1);
    numbers.last = 25;
    Await.until(BOUND, "a batch in hand", () -> lag() > 0);
    Future<Void> closed = loop.on(follower::close);
    assertThat(closed.isComplete()).isFalse();
    loop.run(() -> numbers.hold.complete());
    Loop.result(closed);
    assertThat(handled).isEqualTo(LongStream.rangeClosed(1, BATCH_MAX).boxed().toList());
    assertThat(loop.result(store::read)).isEqualTo(new Cursor(0, BATCH_MAX));
  }

  @Test
  void lag_isTheAgeOfTheFirstRowInHand_noneWithoutOne() {
    assertThat(lag()).isZero();
    numbers.hold = Promise.promise();
    numbers.written = OffsetDateTime.now().minusMinutes(1);
    numbers.last = 1;
    Await.until(BOUND, "the lag is about a minute", () -> lag() > 50 && lag() < 90);
    loop.run(() -> numbers.hold.complete());
    Await.until(BOUND, "it has caught up", () -> lag() == 0);
  }
}
