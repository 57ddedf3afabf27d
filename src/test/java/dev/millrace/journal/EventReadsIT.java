package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.EventReads.Page;
import dev.millrace.journal.EventReads.Wanted;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The journal as merchants read it, on a real Postgres. Each test has merchants of its own. */
class EventReadsIT {
  private static final Duration BOUND = Duration.ofSeconds(15);
  private static final String SETTLED = "payment.settled";
  private static final String INITIATED = "payment.initiated";
  private static final String CONFIRMED = "payment.confirmed";
  private static final OffsetDateTime EPOCH = OffsetDateTime.parse("1990-01-01T00:00:00Z");

  private static TestDatabase database;
  private static Loop loop;
  private static Pool pool;
  private static EventReads reads;

  private final UUID merchant = UUID.randomUUID();

  @BeforeAll
  static void open() {
    database = TestDatabase.create();
    loop = new Loop();
    pool = loop.on(() -> database.pool(loop));
    reads = new EventReads((sql, t) -> pool.preparedQuery(sql).execute(t));
  }

  @AfterAll
  static void close() { loop.close(); }

  private static <T> T read(Supplier<Future<T>> read) { return loop.result(read); }

  private static TestJournal journal() { return TestJournal.open(database, true); }

  private Wanted wanted(Cursor after) {
    return new Wanted(merchant, false, after, EventReads.END, null, null);
  }

  private Wanted of(String... types) {
    return new Wanted(merchant, false, Cursor.START, EventReads.END, null, List.of(types));
  }

  private static Wanted after(Wanted w, Cursor place) {
    return new Wanted(w.merchant(), w.livemode(), place, w.until(), w.subject(), w.types());
  }

  private static List<Cursor> places(Page page) {
    return page.events().stream().map(EventRow::place).toList();
  }

  private static List<Cursor> page(Wanted w) { return places(read(() -> reads.page(w, 100))); }

  /**
   * Waits until nothing older than the place is open anywhere on the server, other tests' databases included.
   */
  private static void awaitBelowHorizon(Cursor place) {
    Await.until(BOUND, "the horizon is past " + place, () -> read(reads::horizon).after(place));
  }

  @Test
  void page_isInOrder_andGoesOnAtTheNextOne() {
    var places = new ArrayList<Cursor>();
    try (var journal = journal()) {
      for (int i = 0; i < 7; i++) places.add(journal.add(merchant, INITIATED));
    }
    awaitBelowHorizon(places.getLast());
    Page first = read(() -> reads.page(wanted(Cursor.START), 3));
    assertThat(places(first)).isEqualTo(places.subList(0, 3));
    assertThat(first.next()).isEqualTo(places.get(2));
    assertThat(first.more()).isTrue();
    Page second = read(() -> reads.page(wanted(first.next()), 3));
    assertThat(places(second)).isEqualTo(places.subList(3, 6));
    Page last = read(() -> reads.page(wanted(second.next()), 3));
    assertThat(places(last)).isEqualTo(places.subList(6, 7));
    assertThat(last.more()).isFalse();
    Page none = read(() -> reads.page(wanted(last.next()), 3));
    assertThat(none).isEqualTo(new Page(List.of(), last.next(), false));
    var until = new Wanted(merchant, false, places.get(1), places.get(4), null, null);
    assertThat(page(until)).as("after one place and up to another").isEqualTo(places.subList(2, 5));
  }

  /** The transaction that has the lower number and position commits after the one that has the higher. */
  @Test
  void transaction_thatCommitsLate_isSkippedByNobody() {
    try (var slow = TestJournal.open(database, false); var quick = journal()) {
      Cursor before = read(reads::horizon);
      Cursor late = slow.add(merchant, INITIATED);
      Cursor early = quick.add(merchant, CONFIRMED);
      assertThat(early.after(late)).isTrue();
      Page page = read(() -> reads.page(wanted(before), 10));
      assertThat(page).as("nothing is shown past what may still commit")
          .isEqualTo(new Page(List.of(), before, false));
      Page tail = read(() -> reads.tail(before, List.of(merchant), 10));
      assertThat(tail.events()).isEmpty();
      assertThat(late.after(tail.next())).as("%s is before %s", tail.next(), late).isTrue();
      assertThat(late.after(read(reads::horizon))).isTrue();
      assertThat(read(() -> reads.one(merchant, false, early))).isNull();
      slow.commit();
      awaitBelowHorizon(early);
      assertThat(page(wanted(page.next()))).containsExactly(late, early);
      Page after = read(() -> reads.tail(tail.next(), List.of(merchant), 10));
      assertThat(places(after)).containsExactly(late, early);
      assertThat(after.next().after(early)).isTrue();
      assertThat(read(() -> reads.one(merchant, false, early)).type()).isEqualTo(CONFIRMED);
    }
  }

  /**
   * A position was taken, then others came, committed and were read, then it was written in a transaction.
   */
  @Test
  void position_takenBeforeOthersAndWrittenAfter_isSkippedByNobody() throws SQLException {
    try (var journal = journal()) {
      long taken = journal.takePosition();
      Cursor start = read(reads::horizon);
      Cursor first = journal.add(merchant, INITIATED);
      awaitBelowHorizon(first);
      Page page = read(() -> reads.page(wanted(start), 10));
      Page tail = read(() -> reads.tail(start, List.of(merchant), 10));
      assertThat(places(page)).containsExactly(first);
      assertThat(places(tail)).containsExactly(first);
      Cursor second = journal.addAt(merchant, CONFIRMED, taken);
      assertThat(second.position()).isEqualTo(taken).isLessThan(first.position());
      awaitBelowHorizon(second);
      assertThat(page(wanted(page.next()))).containsExactly(second);
      assertThat(places(read(() -> reads.tail(tail.next(), List.of(merchant), 10)))).containsExactly(second);
    }
  }

  @Test
  void page_ofTypes_passesOverAllOthers_aBoundedPartAtATime() {
    int others = EventReads.SCAN_MAX + 2_000;
    Cursor first;
    Cursor last;
    try (var journal = journal()) {
      first = journal.add(merchant, SETTLED);
      journal.addMany(merchant, INITIATED, others);
      last = journal.add(merchant, SETTLED);
    }
    awaitBelowHorizon(last);
    Wanted wanted = of(SETTLED, CONFIRMED);
    Page one = read(() -> reads.page(wanted, 5));
    assertThat(places(one)).containsExactly(first);
    assertThat(one.more()).isTrue();
    assertThat(one.next().after(first)).as("%s is past %s", one.next(), first).isTrue();
    Page two = read(() -> reads.page(after(wanted, one.next()), 5));
    assertThat(places(two)).containsExactly(last);
    assertThat(two).isEqualTo(new Page(two.events(), last, false));
    Page three = read(() -> reads.page(after(wanted, two.next()), 5));
    assertThat(three).isEqualTo(new Page(List.of(), last, false));
    Page full = read(() -> reads.page(wanted, 1));
    assertThat(full.next()).as("a full page goes on right behind its last").isEqualTo(first);
    assertThat(full.more()).isTrue();
    Page none = read(() -> reads.page(after(of("payment.blocked"), Cursor.START), 5));
    assertThat(none.events()).isEmpty();
    assertThat(none.more()).isTrue();
    assertThat(none.next().after(first)).isTrue();
  }

  @Test
  void page_ofASubject_hasItsEventsAlone() {
    UUID payment = UUID.randomUUID();
    var places = new ArrayList<Cursor>();
    try (var journal = journal()) {
      places.add(journal.add(merchant, false, payment, 1, INITIATED, "{\"amount\":7}"));
      journal.add(merchant, INITIATED);
      places.add(journal.add(merchant, false, payment, 2, CONFIRMED, "{\"amount_charged\":8}"));
      places.add(journal.add(merchant, false, payment, 3, SETTLED, "{}"));
    }
    awaitBelowHorizon(places.getLast());
    var all = new Wanted(merchant, false, Cursor.START, EventReads.END, payment, null);
    Page page = read(() -> reads.page(all, 10));
    assertThat(places(page)).isEqualTo(places);
    assertThat(page.events()).extracting(EventRow::version).containsExactly(1, 2, 3);
    assertThat(page.events()).extracting(EventRow::data).containsExactly("{\"amount\":7}",
        "{\"amount_charged\":8}", "{}");
    assertThat(page.events()).extracting(EventRow::asked).containsExactly(null, "{\"amount\":7}",
        "{\"amount\":7}");
    var some = new Wanted(merchant, false, places.get(0), EventReads.END, payment,
        List.of(INITIATED, SETTLED));
    assertThat(page(some)).containsExactly(places.get(2));
    var until = new Wanted(merchant, false, Cursor.START, places.get(1), payment, null);
    assertThat(page(until)).isEqualTo(places.subList(0, 2));
    assertThat(read(() -> reads.page(all, 2)).more()).isTrue();
    var stranger = new Wanted(UUID.randomUUID(), false, Cursor.START, EventReads.END, payment, null);
    assertThat(page(stranger)).isEmpty();
    var live = new Wanted(merchant, true, Cursor.START, EventReads.END, payment, null);
    assertThat(page(live)).isEmpty();
  }

  @Test
  void event_ofAnotherMerchantOrMode_isNotSeen() {
    UUID other = UUID.randomUUID();
    Cursor mine;
    Cursor live;
    Cursor others;
    try (var journal = journal()) {
      mine = journal.add(merchant, INITIATED);
      live = journal.add(merchant, true, UUID.randomUUID(), 1, INITIATED, "{}");
      others = journal.add(other, INITIATED);
    }
    awaitBelowHorizon(others);
    assertThat(page(wanted(Cursor.START))).containsExactly(mine);
    assertThat(page(of(INITIATED))).containsExactly(mine);
    assertThat(page(new Wanted(merchant, true, Cursor.START, EventReads.END, null, null)))
        .containsExactly(live);
    assertThat(read(() -> reads.one(merchant, false, mine)).place()).isEqualTo(mine);
    assertThat(read(() -> reads.one(merchant, true, live)).livemode()).isTrue();
    assertThat(read(() -> reads.one(merchant, true, mine))).isNull();
    assertThat(read(() -> reads.one(other, false, mine))).isNull();
    assertThat(read(() -> reads.one(merchant, false, new Cursor(mine.xid(), mine.position() + 1_000_000))))
        .isNull();
  }

  @Test
  void tail_hasTheEventsOfItsMerchants_inBothModes_upToTheHorizon() {
    UUID second = UUID.randomUUID();
    Cursor start = read(reads::horizon);
    var places = new ArrayList<Cursor>();
    try (var journal = journal()) {
      places.add(journal.add(merchant, INITIATED));
      journal.add(UUID.randomUUID(), INITIATED);
      places.add(journal.add(second, true, UUID.randomUUID(), 1, INITIATED, "{}"));
      places.add(journal.add(merchant, INITIATED));
      awaitBelowHorizon(journal.add(UUID.randomUUID(), INITIATED));
    }
    Page full = read(() -> reads.tail(start, List.of(merchant, second), 2));
    assertThat(places(full)).isEqualTo(places.subList(0, 2));
    assertThat(full.more()).isTrue();
    assertThat(full.next()).isEqualTo(places.get(1));
    Page rest = read(() -> reads.tail(full.next(), List.of(merchant, second), 2));
    assertThat(places(rest)).containsExactly(places.get(2));
    assertThat(rest.more()).isFalse();
    assertThat(rest.next().after(places.get(2))).as("past all that was there to see").isTrue();
    assertThat(read(() -> reads.tail(rest.next(), List.of(merchant, second), 2)).events()).isEmpty();
    Cursor ahead = new Cursor(1L << 47, 1);
    assertThat(read(() -> reads.tail(ahead, List.of(merchant), 2)))
        .as("from a place that is still ahead it does not go back")
        .isEqualTo(new Page(List.of(), ahead, false));
  }

  @Test
  void tail_ofQuietMerchants_passesOverAllOthers_aBoundedPartAtATime() {
    Cursor start = read(reads::horizon);
    Cursor mine;
    try (var journal = journal()) {
      journal.addMany(UUID.randomUUID(), INITIATED, EventReads.SCAN_MAX + 2_000);
      mine = journal.add(merchant, INITIATED);
    }
    awaitBelowHorizon(mine);
    Page one = read(() -> reads.tail(start, List.of(merchant), 10));
    assertThat(one.events()).isEmpty();
    assertThat(one.more()).isTrue();
    assertThat(one.next().after(start)).isTrue();
    assertThat(mine.after(one.next())).isTrue();
    Page two = read(() -> reads.tail(one.next(), List.of(merchant), 10));
    assertThat(places(two)).containsExactly(mine);
    assertThat(two.more()).isFalse();
  }

  @Test
  void tailOfEndpoints_hasTheMerchantsWithEndpoints_asTheyAreNow() {
    UUID without = UUID.randomUUID();
    Cursor start = read(reads::horizon);
    Cursor mine;
    try (var journal = journal()) {
      journal.addEndpoint(merchant);
      journal.addEndpoint(merchant);
      mine = journal.add(merchant, INITIATED);
      awaitBelowHorizon(journal.add(without, INITIATED));
      assertThat(places(read(() -> reads.tailOfEndpoints(start, 10)))).as("once, with two endpoints")
          .containsExactly(mine);
      journal.deleteEndpoints(merchant);
      assertThat(places(read(() -> reads.tailOfEndpoints(start, 10)))).isEmpty();
      journal.addEndpoint(without);
      Page page = read(() -> reads.tailOfEndpoints(start, 10));
      assertThat(page.events()).extracting(EventRow::merchant).containsExactly(without);
      assertThat(page.next().after(page.events().getFirst().place())).isTrue();
      journal.deleteEndpoints(without);
    }
  }

  @Test
  void asked_isThereForPaymentsAlone() {
    UUID endpoint = UUID.randomUUID();
    Cursor last;
    try (var journal = journal()) {
      journal.add(merchant, false, endpoint, 1, "webhook_endpoint.test", "{\"url\":\"a\"}");
      last = journal.add(merchant, false, endpoint, 2, "webhook_endpoint.test", "{\"url\":\"b\"}");
    }
    awaitBelowHorizon(last);
    var event = read(() -> reads.one(merchant, false, last));
    assertThat(event.data()).isEqualTo("{\"url\":\"b\"}");
    assertThat(event.asked()).isNull();
    assertThat(event.version()).isEqualTo(2);
    assertThat(event.subject()).isEqualTo(endpoint);
    assertThat(event.merchant()).isEqualTo(merchant);
    assertThat(event.traceparent()).isEqualTo(Payments.TRACE);
    assertThat(Duration.between(event.recorded(), OffsetDateTime.now()).abs()).isLessThan(BOUND);
  }

  @Test
  void oldest_isTheLastMilestoneThatIsOldEnough() throws SQLException {
    assertThat(read(() -> reads.oldest(EPOCH.minusDays(1)))).isNull();
    try (Connection owner = database.owner(); var statement = owner.createStatement()) {
      statement
          .execute("INSERT INTO journal_milestone VALUES ('1990-01-01Z', '5', 0), ('1990-01-02Z', '10', 3),"
              + " ('1990-01-03Z', '18446744073709551614', 0)");
    }
    assertThat(read(() -> reads.oldest(EPOCH))).isEqualTo(new Cursor(5, 0));
    assertThat(read(() -> reads.oldest(EPOCH.plusDays(2).minusNanos(1_000)))).isEqualTo(new Cursor(10, 3));
    assertThat(read(() -> reads.oldest(EPOCH.plusDays(2)))).isEqualTo(new Cursor(-2, 0));
    assertThat(read(() -> reads.oldest(EPOCH.minusNanos(1_000)))).isNull();
  }
}
