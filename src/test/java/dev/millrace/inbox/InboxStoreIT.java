package dev.millrace.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.Cursor;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.StoredRow;
import dev.millrace.testing.TestDatabase;
import dev.millrace.inbox.InboxStore.Again;
import dev.millrace.inbox.InboxStore.Kept;
import dev.millrace.inbox.InboxStore.Parked;
import dev.millrace.inbox.InboxStore.Result;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InboxStoreIT {
  private static final long EPOCH = 7;
  private static final OffsetDateTime PAST = OffsetDateTime.parse("2026-01-01T00:00:00Z");
  private static final OffsetDateTime FUTURE = OffsetDateTime.parse("2126-01-01T00:00:00Z");
  private static final JsonArray WHY = new JsonArray("[{\"at\":\"2026-01-01T00:00:00Z\",\"error\":\"why\"}]");
  private static final JsonArray WHY_NOW = new JsonArray("[{\"error\":\"why now\"}]");

  private static TestDatabase database;
  private static Loop loop;
  private static InboxStore store;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    store = new InboxStore(database.link(loop, "inbox"));
  }

  @AfterAll
  static void stop() { loop.close(); }

  @BeforeEach
  void empty() throws SQLException {
    try (var owner = database.owner()) {
      execute(owner, "TRUNCATE provider_event, provider_event_result, provider_event_parked");
      execute(owner, "INSERT INTO lease VALUES ('inbox', 'test', " + EPOCH + ", 'infinity')"
          + " ON CONFLICT (name) DO UPDATE SET epoch = excluded.epoch");
      execute(owner, "UPDATE journal_cursor SET passed = 0, position = 0,"
          + " xid = pg_snapshot_xmin(pg_current_snapshot()) WHERE name = 'inbox'");
    }
  }

  private static void execute(Connection connection, String sql) throws SQLException {
    try (var statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void keep(Connection connection, String event) throws SQLException {
    execute(connection, "INSERT INTO provider_event (provider, account, event_id, body)"
        + " VALUES ('stripe', 'default', '" + event + "', 'body of " + event + "')");
  }

  private static void keep(String... events) throws SQLException {
    try (var owner = database.owner()) {
      for (String event : events) keep(owner, event);
    }
  }

  /** Readers wait for all transactions that began earlier, also for those of other tests on this server. */
  private static List<Kept> read(Cursor after, int limit) {
    Await.until(Duration.ofSeconds(30), "no earlier transaction is open", () -> database.number(
        "SELECT count(*) FROM provider_event WHERE xid >= pg_snapshot_xmin(pg_current_snapshot())") == 0);
    return readNow(after, limit);
  }

  private static List<Kept> readNow(Cursor after, int limit) {
    return loop.result(() -> store.read(after, limit));
  }

  private static List<Kept> due(OffsetDateTime now) { return loop.result(() -> store.due(now, 10)); }

  private static List<String> ids(List<Kept> list) { return list.stream().map(Kept::eventId).toList(); }

  private static boolean write(long epoch, List<Result> results, List<Parked> parked, Cursor place,
      int passed) {
    return loop.result(() -> store.write(epoch, results, parked, place, passed));
  }

  private static Result applied(Kept kept) {
    return new Result(kept, new UUID(1, 2), "t", EventOutcome.APPLIED, null);
  }

  private static long count(String table) { return database.number("SELECT count(*) FROM " + table); }

  private static Cursor cursor() { return loop.result(store::cursor); }

  @Test
  void read_inOrder_fromTheCursorOn() throws SQLException {
    keep("c", "a", "b");
    var all = read(cursor(), 10);
    assertThat(ids(all)).containsExactly("c", "a", "b");
    assertThat(all.getFirst().body().toString()).isEqualTo("body of c");
    assertThat(all).extracting(Kept::tries).containsOnly(0);
    assertThat(all).extracting(Kept::errors).containsOnly(new JsonArray());
    assertThat(ids(read(cursor(), 2))).containsExactly("c", "a");
    assertThat(ids(read(all.get(1).place(), 10))).containsExactly("b");
    assertThat(read(all.getLast().place(), 10)).isEmpty();
  }

  /** What began earlier and commits later would be skipped for good by a reader who went on. */
  @Test
  void read_waitsForEarlierTransactions() throws SQLException {
    try (var slow = database.owner()) {
      slow.setAutoCommit(false);
      keep(slow, "slow");
      keep("quick");
      assertThat(readNow(cursor(), 10)).isEmpty();
      slow.commit();
    }
    assertThat(ids(read(cursor(), 10))).containsExactly("slow", "quick");
  }

  @Test
  void write_movesTheCursor_andKeepsEachResultOnce() throws SQLException {
    keep("a", "b");
    var all = read(cursor(), 10);
    Cursor last = all.getLast().place();
    assertThat(write(EPOCH, all.stream().map(InboxStoreIT::applied).toList(), List.of(), last, 2)).isTrue();
    assertThat(cursor()).isEqualTo(last);
    assertThat(database.number("SELECT passed FROM journal_cursor WHERE name = 'inbox'")).isEqualTo(2);
    var other = new Result(all.getFirst(), null, "t", EventOutcome.UNMATCHED, "later");
    assertThat(write(EPOCH, List.of(other), List.of(), Cursor.START, 0)).isTrue();
    assertThat(cursor()).as("nothing passed, so it stays").isEqualTo(last);
    assertThat(count("provider_event_result WHERE outcome = 'applied'")).isEqualTo(2);
    assertThat(count("provider_event_result")).isEqualTo(2);
  }

  @Test
  void write_withAnEpochThatIsOver_changesNothing() throws SQLException {
    keep("a", "b");
    var all = read(cursor(), 10);
    assertThat(write(EPOCH, List.of(), List.of(new Parked(all.getLast(), PAST, WHY)), Cursor.START, 0))
        .isTrue();
    Cursor before = cursor();
    for (long epoch : List.of(EPOCH - 1, EPOCH + 1)) {
      assertThat(write(epoch, List.of(applied(all.getFirst()), applied(all.getLast())),
          List.of(new Parked(all.getFirst(), FUTURE, WHY)), all.getLast().place(), 2)).isFalse();
    }
    assertThat(cursor()).isEqualTo(before);
    assertThat(count("provider_event_result")).isZero();
    assertThat(ids(due(PAST))).containsExactly("b");
    assertThat(count("provider_event_parked")).isEqualTo(1);
  }

  @Test
  void parked_isDueInItsTime_countsItsTries_andLeavesWithItsResult() throws SQLException {
    keep("a", "b");
    var all = read(cursor(), 10);
    var since = all.getFirst().since();
    write(EPOCH, List.of(applied(all.getLast())), List.of(new Parked(all.getFirst(), PAST, WHY)),
        all.getLast().place(), 2);
    assertThat(due(PAST.minusNanos(1_000))).isEmpty();
    Kept once = due(PAST).getFirst();
    assertThat(once).isEqualTo(new Kept(all.getFirst().place(), "stripe", "default", "a",
        all.getFirst().body(), since, 1, WHY));
    write(EPOCH, List.of(), List.of(new Parked(once, PAST.plusSeconds(1), WHY_NOW)), Cursor.START, 0);
    assertThat(due(PAST)).isEmpty();
    Kept twice = due(PAST.plusSeconds(1)).getFirst();
    assertThat(twice.tries()).isEqualTo(2);
    assertThat(twice.since()).isEqualTo(since);
    assertThat(twice.errors()).isEqualTo(WHY_NOW);
    write(EPOCH, List.of(applied(twice)), List.of(), Cursor.START, 0);
    assertThat(count("provider_event_parked")).isZero();
    assertThat(count("provider_event_result")).isEqualTo(2);
  }

  /** One of a payment's must not be worked off before one that came earlier, whenever either is due. */
  @Test
  void due_isInTheOrderInWhichItCame() throws SQLException {
    keep("a", "b", "c", "d");
    var all = read(cursor(), 10);
    var times = List.of(PAST.plusSeconds(2), PAST, PAST.plusSeconds(1), PAST);
    for (int i : List.of(3, 1, 2, 0))
      write(EPOCH, List.of(), List.of(new Parked(all.get(i), times.get(i), WHY)), Cursor.START, 0);
    assertThat(ids(due(PAST))).containsExactly("b", "d");
    assertThat(ids(due(FUTURE))).containsExactly("a", "b", "c", "d");
    assertThat(ids(loop.result(() -> store.due(FUTURE, 3)))).as("those that are due first")
        .containsExactly("b", "c", "d");
  }

  private static Again again(String event, OffsetDateTime ordered) {
    return loop.result(() -> store.again("stripe", "default", event, ordered));
  }

  @Test
  void again_takesTheResultBack_andIsDueAtOnce_onceAnOrder() throws SQLException {
    keep("a");
    var kept = read(cursor(), 10).getFirst();
    assertThat(again("a", PAST.plusYears(90))).as("it has no result yet").isEqualTo(Again.IN_HAND);
    write(EPOCH, List.of(applied(kept)), List.of(), kept.place(), 1);
    assertThat(again("a", PAST)).isEqualTo(Again.PARKED);
    assertThat(count("provider_event_result")).isZero();
    var due = due(OffsetDateTime.now().plusMinutes(1));
    assertThat(ids(due)).containsExactly("a");
    assertThat(due.getFirst().tries()).isZero();
    assertThat(again("a", PAST)).as("the same order").isEqualTo(Again.PARKED);
    assertThat(again("a", FUTURE)).as("an order since").isEqualTo(Again.IN_HAND);
    assertThat(count("provider_event_parked")).isEqualTo(1);
  }

  @Test
  void again_ofWhatIsNotKept_isSaid() {
    assertThat(again("nobody's", PAST)).isEqualTo(Again.GONE);
  }

  /** Event ids say nothing of the order; many share a commit, in which they are written by their keys. */
  @Test
  void writer_keepsTheOrderInWhichTheyCame() {
    var link = database.link(loop, "keep");
    var writer = loop.on(
        () -> new InboxWriter(loop.vertx(), List.of(link), "keep", 100, 50, new SimpleMeterRegistry()));
    var events = IntStream.range(0, 40).mapToObj(i -> "evt_" + i * 7 % 40).toList();
    loop.result(() -> Future.all(events.stream()
        .map(event -> writer.keep("stripe", "default",
            List.of(new InboxWriter.Webhook(event, Buffer.buffer("{}")))))
        .toList()));
    assertThat(ids(read(cursor(), 100))).isEqualTo(events);
    assertThat(database.number("SELECT count(DISTINCT xid) FROM provider_event")).isLessThan(20);
  }

  /** What came in one request, whichever of several connections is the quicker one. */
  @Test
  void writer_keepsTheOrderOfOneRequest_overSeveralConnections() {
    var links = List.of(database.link(loop, "keep1"), database.link(loop, "keep2"));
    var writer = loop
        .on(() -> new InboxWriter(loop.vertx(), links, "keep", 100, 50, new SimpleMeterRegistry()));
    var expected = new ArrayList<String>();
    for (int n = 0; n < 20; n++) {
      var events = IntStream.range(0, 5).mapToObj(i -> "evt_" + i * 3 % 5).toList();
      String request = "r" + n + "/";
      loop.result(() -> writer.keep("adyen", "default", events.stream()
          .map(event -> new InboxWriter.Webhook(request + event, Buffer.buffer("{}"))).toList()));
      events.forEach(event -> expected.add(request + event));
    }
    assertThat(ids(read(cursor(), 1_000))).isEqualTo(expected);
  }

  /** Each column of what the writer keeps, with values of which no two are alike. */
  @Test
  void writer_keepsEachPartUnderItsName() {
    var link = database.link(loop, "keep");
    var writer = loop.on(
        () -> new InboxWriter(loop.vertx(), List.of(link), "keep", 100, 50, new SimpleMeterRegistry()));
    byte[] body = ("{\"id\":\"evt_9\"," + "\"a\":1,".repeat(40) + "\"z\":2}")
        .getBytes(StandardCharsets.UTF_8);
    byte[] stored = new BodyCompression().write(body).bytes().getBytes();
    loop.result(
        () -> writer.keep("adyen", "second", List.of(new InboxWriter.Webhook("evt_9", Buffer.buffer(body)))));
    StoredRow.of(database, "SELECT * FROM provider_event").has("provider", "adyen").has("account", "second")
        .has("event_id", "evt_9").has("form", BodyCompression.ZSTD_1).has("size", body.length)
        .has("body", "\\x" + HexFormat.of().formatHex(stored)).has("position", 1)
        .andOfItself("xid", "received");
    assertThat(read(cursor(), 10).getFirst().body().getBytes()).isEqualTo(body);
  }
}
