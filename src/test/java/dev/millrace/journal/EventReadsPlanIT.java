package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.EventReads.Wanted;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.vertx.core.Future;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import io.vertx.sqlclient.Pool;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What Postgres does for each read, on a connection as the API's, in a journal that is larger than what one
 * read may look at: a merchant that was large and is quiet now, a small one, and one that writes nearly
 * everything.
 */
class EventReadsPlanIT {
  private static final int LOUD = 3 * EventReads.SCAN_MAX;
  private static final int FORMER = 2 * EventReads.SCAN_MAX;
  private static final UUID LOUD_ONE = UUID.randomUUID();
  private static final UUID FORMER_ONE = UUID.randomUUID();
  private static final UUID SMALL_ONE = UUID.randomUUID();
  private static final List<UUID> ALL = List.of(LOUD_ONE, FORMER_ONE, SMALL_ONE);

  private static TestDatabase database;
  private static Loop loop;
  private static Pool pool;
  private static Cursor middle;

  @BeforeAll
  static void fill() throws SQLException {
    database = TestDatabase.create();
    loop = new Loop();
    pool = loop.on(() -> database.pool(loop));
    try (var journal = TestJournal.open(database, true)) {
      journal.add(SMALL_ONE, "payment.initiated");
      for (int i = 0; i < 20; i++) journal.addMany(FORMER_ONE, "payment.initiated", FORMER / 20);
      middle = journal.add(FORMER_ONE, "payment.settled");
      for (int i = 0; i < 30; i++) journal.addMany(LOUD_ONE, "payment.initiated", LOUD / 30);
      journal.addEndpoint(SMALL_ONE);
      journal.execute("INSERT INTO journal_milestone SELECT now() - i * interval '1 min', '5', 0"
          + " FROM generate_series(1, 20000) i");
    }
  }

  @AfterAll
  static void close() { loop.close(); }

  private record Statement(String sql, Tuple parameters) {}

  /** The statement of one read, which is not run. */
  private static Statement of(Consumer<EventReads> read) {
    var asked = new ArrayList<Statement>();
    read.accept(new EventReads((sql, t) -> {
      asked.add(new Statement(sql, t));
      return Future.failedFuture("only looked at");
    }));
    return asked.getFirst();
  }

  private static Map<String, Statement> statements() {
    var all = new TreeMap<String, Statement>();
    for (int i = 0; i < ALL.size(); i++) {
      UUID merchant = ALL.get(i);
      for (Cursor after : List.of(Cursor.START, middle)) {
        String whose = List.of("loud", "former", "small").get(i) + " "
            + (after == middle ? "middle" : "start");
        var any = new Wanted(merchant, false, after, EventReads.END, null, null);
        var types = new Wanted(merchant, false, after, EventReads.END, null, List.of("payment.blocked"));
        var subject = new Wanted(merchant, false, after, EventReads.END, UUID.randomUUID(), null);
        all.put("page " + whose, of(r -> r.page(any, 100)));
        all.put("page of types " + whose, of(r -> r.page(types, 100)));
        all.put("page of subject " + whose, of(r -> r.page(subject, 100)));
        all.put("tail " + whose, of(r -> r.tail(after, List.of(merchant), 2_000)));
        all.put("tail of endpoints " + whose, of(r -> r.tailOfEndpoints(after, 1_000)));
        all.put("one " + whose, of(r -> r.one(merchant, false, middle)));
      }
    }
    all.put("oldest", of(r -> r.oldest(OffsetDateTime.now())));
    return all;
  }

  private static String literal(Object value) {
    return switch (value) {
      case null -> "NULL";
      case Object[] array ->
        Arrays.stream(array).map(Object::toString).collect(Collectors.joining(",", "'{", "}'"));
      default -> "'" + value + "'";
    };
  }

  private static JsonObject plan(Statement statement, String cacheMode) {
    var values = new ArrayList<String>();
    for (int i = 0; i < statement.parameters.size(); i++)
      values.add(literal(statement.parameters.getValue(i)));
    return loop.result(() -> pool.withConnection(c -> c.query("SET plan_cache_mode = " + cacheMode).execute()
        .compose(v -> c.query("PREPARE looked_at AS " + statement.sql).execute())
        .compose(
            v -> c.query("EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE looked_at(" + String.join(",", values) + ")")
                .execute())
        .compose(rows -> c.query("DEALLOCATE looked_at").execute().map(v -> explained(rows)))));
  }

  private static JsonObject explained(RowSet<Row> rows) {
    return ((JsonArray) rows.iterator().next().getValue(0)).getJsonObject(0).getJsonObject("Plan");
  }

  /** How many rows each node of a plan had in hand, those it threw away included. */
  private static void handled(JsonObject node, List<String> types, List<Double> rows) {
    types.add(node.getString("Node Type"));
    double loops = node.getDouble("Actual Loops");
    rows.add(loops * (node.getDouble("Actual Rows") + node.getDouble("Rows Removed by Filter", 0.0)
        + node.getDouble("Rows Removed by Index Recheck", 0.0)));
    for (Object child : node.getJsonArray("Plans", new JsonArray())) handled((JsonObject) child, types, rows);
  }

  /** {@code upkeep}: after a vacuum Postgres may read an index alone, without the journal itself. */
  @ParameterizedTest
  @CsvSource({"force_custom_plan,ANALYZE", "force_generic_plan,ANALYZE", "force_custom_plan,VACUUM ANALYZE",
      "force_generic_plan,VACUUM ANALYZE"})
  void read_ofEachKind_handlesABoundedPartOfTheJournal(String cacheMode, String upkeep) throws SQLException {
    try (var owner = database.owner(); var statement = owner.createStatement()) {
      statement.execute(upkeep);
    }
    statements().forEach((name, statement) -> {
      JsonObject plan = plan(statement, cacheMode);
      var types = new ArrayList<String>();
      var rows = new ArrayList<Double>();
      handled(plan, types, rows);
      assertThat(types).as("%s: %s", name, plan).doesNotContain("Seq Scan", "Bitmap Heap Scan", "Gather",
          "Gather Merge");
      assertThat(rows).as("%s: %s", name, plan).allMatch(n -> n <= EventReads.SCAN_MAX);
      if (!name.contains("types") && !name.contains("tail"))
        assertThat(rows).as("%s: %s", name, plan).allMatch(n -> n <= 100);
    });
  }
}
