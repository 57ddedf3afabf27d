package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.vertx.sqlclient.Tuple;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LeaseIT {
  private static final long TTL_MS = 600;
  private static final Duration BOUND = Duration.ofSeconds(10);
  private static TestDatabase database;
  private static Loop loop;
  private static int number;

  private String name;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
  }

  @AfterAll
  static void stop() { loop.close(); }

  @BeforeEach
  void another() { name = "lease-" + ++number; }

  private Lease lease(PgLink link, String holder) {
    return loop.on(() -> {
      var lease = new Lease(loop.vertx(), link, name, holder, TTL_MS);
      lease.start();
      return lease;
    });
  }

  private long epochInDatabase() {
    return database.number("SELECT epoch FROM lease WHERE name = '" + name + "'");
  }

  /** How every write of a holder names its epoch. */
  private int write(PgLink link, long epoch) {
    String fenced = "UPDATE journal_cursor SET passed = passed + 1 WHERE name = 'relay' AND EXISTS ("
        + Lease.fence(name, 1) + ") RETURNING 1";
    return loop.result(() -> link.query(fenced, Tuple.of(epoch))).size();
  }

  @Test
  void lease_ofTwoWhoAsk_hasOneHolder() {
    var link = database.link(loop, "a");
    var first = lease(link, "first");
    Await.until(BOUND, "the first holds it", first::held);
    var second = lease(link, "second");
    long renewed = database
        .number("SELECT extract(epoch FROM expires) * 1000 FROM lease WHERE name = '" + name + "'");
    Await.until(BOUND, "it is renewed three times", () -> database
        .number("SELECT extract(epoch FROM expires) * 1000 FROM lease WHERE name = '" + name + "'") > renewed
            + TTL_MS);
    assertThat(first.held()).isTrue();
    assertThat(second.held()).isFalse();
    assertThat(first.epoch()).isEqualTo(1).isEqualTo(epochInDatabase());
    loop.result(second::close);
    loop.result(first::close);
  }

  @Test
  void lease_ofAHolderCutOff_isTakenOverWithALargerEpoch() {
    var cut = database.link(loop, "cut");
    var other = database.link(loop, "other");
    var first = lease(cut, "first");
    Await.until(BOUND, "the first holds it", first::held);
    var second = lease(other, "second");
    long stale = first.epoch();
    assertThat(write(cut, stale)).isEqualTo(1);
    loop.result(cut::close);
    Await.until(BOUND, "the second holds it", second::held);
    assertThat(first.held()).as("the first believes it still").isFalse();
    assertThat(second.epoch()).isEqualTo(stale + 1).isEqualTo(epochInDatabase());
    assertThat(write(other, stale)).as("a write under the stale epoch").isZero();
    assertThat(write(other, second.epoch())).isEqualTo(1);
    loop.result(second::close);
  }

  @Test
  void lease_givenBack_isTakenAtOnce() {
    var link = database.link(loop, "a");
    var first = lease(link, "first");
    Await.until(BOUND, "the first holds it", first::held);
    var second = lease(link, "second");
    loop.result(first::close);
    assertThat(first.held()).isFalse();
    assertThat(database
        .number("SELECT count(*) FROM lease WHERE name = '" + name + "' AND expires <= clock_timestamp()"
            + " OR name = '" + name + "' AND holder = 'second'"))
        .isEqualTo(1);
    Await.until(BOUND, "the second holds it", second::held);
    assertThat(second.epoch()).isEqualTo(2);
    loop.result(second::close);
  }

  /** A holder that slept through its own expiry was, for a while, not alone: its old epoch is past too. */
  @Test
  void lease_takenAgainByTheSameHolderAfterExpiry_hasALargerEpoch() {
    var cut = database.link(loop, "cut");
    var first = lease(cut, "same");
    Await.until(BOUND, "it is held", first::held);
    loop.result(cut::close);
    Await.until(BOUND, "it has expired", () -> database
        .number(
            "SELECT count(*) FROM lease WHERE name = '" + name + "' AND expires < clock_timestamp()") == 1);
    assertThat(first.held()).isFalse();
    var again = lease(database.link(loop, "again"), "same");
    Await.until(BOUND, "it is held again", again::held);
    assertThat(again.epoch()).isEqualTo(2);
    loop.result(again::close);
  }

  @Test
  void lease_closed_asksNoMore() {
    var link = database.link(loop, "a");
    var lease = lease(link, "first");
    Await.until(BOUND, "it is held", lease::held);
    loop.result(lease::close);
    var other = lease(link, "other");
    Await.until(BOUND, "the other holds it", other::held);
    long end = System.nanoTime() + Duration.ofMillis(TTL_MS).toNanos();
    Await.until(BOUND, "a whole life of the lease has passed", () -> System.nanoTime() > end);
    assertThat(lease.held()).isFalse();
    assertThat(other.held()).isTrue();
    assertThat(other.epoch()).isEqualTo(epochInDatabase());
    loop.result(other::close);
  }
}
