package dev.millrace.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.Config;
import dev.millrace.platform.NodeState;
import dev.millrace.platform.Servers;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.Http;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import dev.millrace.testing.TestServers;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What operators may ask about dead letters and do with them, where no processor runs. */
final class DeadLetterActsIT {
  private static final UUID PAYMENT = UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8057");
  private static final String PAY = TypeId.format(TypeId.PAYMENT, PAYMENT);
  private static final String ANN = "{\"operator\":\"ann\"}";
  private static final String WHY = "{\"operator\":\"ann\",\"reason\":\"a test order\"}";
  private static TestDatabase database;
  private static Loop loop;
  private static String ops;

  @BeforeAll
  static void start() {
    database = TestDatabase.create();
    loop = new Loop();
    int port = TestServers.freePort();
    var config = Config.load(
        Map.of("MILLRACE_POSTGRES_URI", database.uri(), "MILLRACE_OPS_PORT", Integer.toString(port)));
    Loop.result(loop.vertx().deployVerticle(new OpsVerticle(config, new Servers(config),
        new PrometheusMeterRegistry(PrometheusConfig.DEFAULT), "test", new NodeState(Set.of()))));
    ops = "http://127.0.0.1:" + port + "/ops/dead-letters";
  }

  @AfterAll
  static void stop() { loop.close(); }

  /** 1: charge; 2: operation of a payment; 3: poison, replayed; 4: webhook, discarded; one a day. */
  @BeforeEach
  void fill() {
    execute("TRUNCATE dead_letter, audit RESTART IDENTITY");
    execute(
        """
          INSERT INTO dead_letter (payment_id, task, status, attempts, error, errors, traceparent, record, record_key, record_size,
              headers, source, created)
          SELECT p::uuid, t, s, 3, e, json_build_array(json_build_object('at', '2026-01-01T00:00:00Z', 'error', e)),
                 '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'the record', 'the key', 10, '{"ce_type": "x"}',
                 'events/1/' || n || '/1700', timestamptz '2026-03-01T12:00:00Z' + n * interval '1 day'
            FROM (VALUES (1, null, 'charge', 'open', 'No connection: refused'), (2, '%s', 'operation', 'open', 'timeout'),
                         (3, null, 'poison', 'replayed', '100%% unreadable'), (4, null, 'webhook', 'discarded', 'unmatched'))
              AS v (n, p, t, s, e) ORDER BY n"""
            .formatted(PAYMENT));
  }

  private static void execute(String sql) {
    try (var owner = database.owner(); var statement = owner.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static void openLetters(int count) {
    execute("INSERT INTO dead_letter (task, attempts, error, traceparent, record, source)"
        + " SELECT 'poison', 1, 'many', '', '', 'many/' || n FROM generate_series(1, " + count + ") n");
  }

  private static String text(String sql) {
    try (var owner = database.owner();
        var statement = owner.createStatement();
        var rows = statement.executeQuery(sql)) {
      return rows.next() ? rows.getString(1) : "";
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private static String status(long id) { return text("SELECT status FROM dead_letter WHERE id = " + id); }

  private static long audited() { return database.number("SELECT count(*) FROM audit"); }

  private static Http.Answer post(String path, String body) {
    return Http.send("POST", ops + path, Map.of(), body);
  }

  private static JsonObject done(String path, String body) {
    var answer = post(path, body);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json();
  }

  private static void refused(int status, String error, String path, String body) {
    var answer = post(path, body);
    assertThat(answer.status() + " " + answer.json().getString("error")).isEqualTo(status + " " + error);
  }

  private static List<Integer> ids(String query) {
    var answer = Http.get(ops + query);
    assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    return answer.json().getJsonArray("data").stream().map(l -> ((JsonObject) l).getInteger("id")).toList();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    ''                                                          | 1,2,3,4
    ?status=open                                                | 1,2
    ?status=discarded                                           | 4
    ?task=poison                                                | 3
    ?payment=PAY                                                | 2
    ?error=no%20CONNECTION                                      | 1
    ?error=100%25                                               | 3
    ?error=_                                                    | ''
    ?created_after=2026-03-03T12:00:00Z                         | 3,4
    ?created_before=1772539200                                  | 1
    ?created_after=2026-03-02T12:00:00Z&created_before=2026-03-06T12:00:00Z&task=webhook | 4
    ?status=open&task=webhook                                   | ''
    ?after=2                                                    | 3,4
    ?after=1&limit=2                                            | 2,3
    """)
  void search_findsWhatIsMeant(String query, String expected) {
    assertThat(ids(query.replace("PAY", PAY)).toString().replaceAll("[\\[\\] ]", "")).isEqualTo(expected);
  }

  @Test
  void search_tellsWhereItGoesOn() {
    assertThat(Http.get(ops + "?limit=3").json().getInteger("next")).isEqualTo(3);
    assertThat(Http.get(ops + "?limit=4").json().getValue("next")).isNull();
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    ?status=ended       | `status` must be one of open, replaying, replayed, discarded, closed, not `ended`
    ?task=tea           | `task` must be one of charge, operation, poison, forged, webhook, inquiry, not `tea`
    ?payment=pay_1      | `payment` must be a payment's id (pay_…), not `pay_1`
    ?error=             | `error` must be a part of the last error, 1 to 200 characters, not ``
    ?created_after=now  | `created_after` must be a time in Unix seconds, or in ISO 8601 with an offset (2026-11-21T18:00:00Z), not `now`
    ?created_before=-1  | `created_before` must be a time in Unix seconds, or in ISO 8601 with an offset (2026-11-21T18:00:00Z), not `-1`
    ?after=x            | `after` must be a dead letter's id, a number, not `x`
    ?after=99           | `after` names no dead letter. Send `next` of the page before, or leave it out
    ?after=0            | `after` names no dead letter. Send `next` of the page before, or leave it out
    ?error=4242%204242%204242%204242 | `error` must be a part of the last error without a card number, not `(a card number)`
    ?4242424242424242=1 | there is no parameter `(a card number)`; there are after, created_after, created_before, error, limit, payment, status, task
    ?limit=0            | `limit` must be an integer from 1 to 100, not `0`
    ?limit=101          | `limit` must be an integer from 1 to 100, not `101`
    ?limit=1&limit=2    | `limit` is given twice: give it once
    ?state=open         | there is no parameter `state`; there are after, created_after, created_before, error, limit, payment, status, task
    /x                  | `id` must be a dead letter's id, a number, not `x`
    """)
  void search_notUnderstood_isRefused(String query, String error) {
    var answer = Http.get(ops + query);
    assertThat(answer.status() + " " + answer.json().getString("error")).isEqualTo("400 " + error);
  }

  @Test
  void letter_isShownWithAllOfIt() {
    var letter = Http.get(ops + "/2").json();
    assertThat(letter.getString("payment")).isEqualTo(PAY);
    assertThat(letter.getString("trace_id")).isEqualTo("0af7651916cd43dd8448eb211c80319c");
    assertThat(letter.getJsonArray("errors").encode())
        .isEqualTo("[{\"at\":\"2026-01-01T00:00:00Z\",\"error\":\"timeout\"}]");
    assertThat(letter.getJsonObject("record")).isEqualTo(new JsonObject().put("key", "the key")
        .put("form", "text").put("value", "the record").put("size", 10)
        .put("headers", new JsonObject().put("ce_type", "x")));
    assertThat(letter.getString("source")).isEqualTo("events/1/2/1700");
    assertThat(Http.get(ops + "/99").status()).isEqualTo(404);
  }

  @Test
  void replay_isOrderedOnce_howeverOftenItIsAsked() {
    var both = IntStream.range(0, 2)
        .mapToObj(i -> Http.sendAsync("POST", ops + "/1/replay", Map.of(), WHY)).toList();
    both.stream().map(CompletableFuture::join)
        .forEach(answer -> assertThat(answer.json().getString("status")).isEqualTo("replaying"));
    String due = done("/1/replay", ANN).getString("due");
    assertThat(OffsetDateTime.parse(due)).isBeforeOrEqualTo(OffsetDateTime.now());
    assertThat(done("/1/replay", ANN).getString("due")).isEqualTo(due);
    assertThat(Http.get(ops + "/1").json().getString("reason")).isEqualTo("a test order");
    assertThat(audited()).isEqualTo(1);
    assertThat(
        text("SELECT operator || ' ' || act || ' ' || subject || ' ' || (data ->> 'reason') FROM audit"))
        .isEqualTo("ann replay_dead_letter dead_letter/1 a test order");
  }

  @Test
  void replay_ofWhatWasDiscarded_isOrdered_ofWhatWasReplayed_refused() {
    assertThat(done("/4/replay", ANN).getString("status")).isEqualTo("replaying");
    refused(409, "the dead letter is replayed; only one that is open or discarded can be replayed. What fails"
        + " after a replay is open again, or a dead letter of its own", "/3/replay", ANN);
    refused(404, "no such dead letter: GET /ops/dead-letters lists them", "/99/replay", ANN);
    refused(400, "`operator` must be a text of 1 to 200 characters in the JSON body", "/1/replay", "{}");
    refused(400, "there is no field `rate`; there are operator, reason", "/1/replay",
        "{\"operator\":\"ann\",\"rate\":3}");
    assertThat(status(1)).isEqualTo("open");
    assertThat(audited()).isEqualTo(1);
  }

  /** Wherever an operator writes a text that is kept; what is refused is told without it. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '!', textBlock = """
    /1/replay  | operator | {"operator":"4242 4242 4242 4242"}
    /1/replay  | reason   | {"operator":"ann","reason":"card 4242424242424242 was used twice"}
    /1/discard | reason   | {"operator":"ann","reason":"4242-4242-4242-4242"}
    /1/close   | done     | {"operator":"ann","done":"paid with 4242\u200b4242\u200b4242\u200b4242"}
    """)
  void text_withACardNumber_isRefused(String path, String field, String body) {
    refused(400,
        "`" + field + "` holds what looks like a card number. Card numbers are not stored: take it out",
        path, body);
    assertThat(status(1)).isEqualTo("open");
    assertThat(audited()).isZero();
  }

  @Test
  void replay_byFilter_isSpreadByItsRate_andAuditedAsOne() {
    openLetters(25);
    var before = OffsetDateTime.now();
    var answer = done("/replay", "{\"operator\":\"ann\",\"error\":\"MANY\",\"rate\":5,\"limit\":24}");
    assertThat(answer.getInteger("scheduled")).isEqualTo(24);
    assertThat(answer.getBoolean("more_may_match")).isTrue();
    var until = OffsetDateTime.parse(answer.getString("until"));
    assertThat(Duration.between(before, until)).isBetween(Duration.ofMillis(4_500), Duration.ofSeconds(14));
    assertThat(database.number("SELECT count(DISTINCT due) FROM dead_letter WHERE status = 'replaying'"))
        .isEqualTo(24);
    assertThat(text("SELECT extract(epoch FROM max(due) - min(due))::numeric(9, 1) FROM dead_letter"))
        .isEqualTo("4.6");
    assertThat(audited()).isEqualTo(1);
    assertThat(text("SELECT act || ' ' || (data ->> 'filter') || ' ' || (data ->> 'rate') || ' '"
        + " || json_array_length(data -> 'letters') FROM audit"))
        .isEqualTo("replay_dead_letters {\"error\": \"MANY\"} 5 24");
    assertThat(List.of(status(1), status(3), status(4))).containsExactly("open", "replayed", "discarded");
    assertThat(done("/replay", "{\"operator\":\"ann\",\"status\":\"discarded\"}").getInteger("scheduled"))
        .isEqualTo(1);
    assertThat(done("/replay", "{\"operator\":\"ann\",\"error\":\"nowhere\"}"))
        .isEqualTo(new JsonObject().put("scheduled", 0).put("rate", 10).put("until", null)
            .put("more_may_match", false));
    assertThat(audited()).as("what changes nothing is no act").isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '!', textBlock = """
    {"operator":"ann"}                                | which dead letters? Give at least one of created_after, created_before, error, payment, status, task; `"status": "open"` means all that are open
    {"operator":"ann","status":"replayed"}            | `status` must be one of open, discarded, not `replayed`
    {"operator":"ann","status":"open","rate":0}       | `rate` must be an integer from 1 to 100, not `0`
    {"operator":"ann","status":"open","rate":101}     | `rate` must be an integer from 1 to 100, not `101`
    {"operator":"ann","status":"open","rate":"fast"}  | `rate` must be an integer from 1 to 100, not `fast`
    {"operator":"ann","status":"open","limit":10001}  | `limit` must be an integer from 1 to 10000, not `10001`
    {"operator":"ann","status":true}                  | `status` must be a text or a number
    {"operator":"ann","stats":"open"}                 | there is no field `stats`; there are created_after, created_before, error, limit, operator, payment, rate, reason, status, task
    {"status":"open"}                                 | `operator` must be a text of 1 to 200 characters in the JSON body
    [1]                                               | the body must be a JSON object
    """)
  void replay_byFilterNotUnderstood_isRefused(String body, String error) {
    refused(400, error, "/replay", body);
    assertThat(database.number("SELECT count(*) FROM dead_letter WHERE status = 'replaying'")).isZero();
  }

  @Test
  void discard_needsAReason_andIsKept() {
    refused(400, "`reason` must be a text of 1 to 500 characters in the JSON body", "/1/discard", ANN);
    var letter = done("/1/discard", WHY);
    assertThat(letter.getString("status")).isEqualTo("discarded");
    assertThat(letter.getString("decided_by")).isEqualTo("ann");
    assertThat(letter.getString("reason")).isEqualTo("a test order");
    assertThat(done("/1/discard", "{\"operator\":\"bob\",\"reason\":\"late\"}").getString("decided_by"))
        .as("it stays as it was put away").isEqualTo("ann");
    assertThat(audited()).isEqualTo(1);
  }

  @Test
  void discard_callsAReplayOff_untilItIsTaken() {
    done("/1/replay", ANN);
    done("/2/replay", ANN);
    execute("UPDATE dead_letter SET taken_until = now() + interval '1 h' WHERE id = 2");
    assertThat(done("/1/discard", WHY).getValue("due")).isNull();
    refused(409, "the dead letter is replaying; only one that is open, or whose replay has not begun, can be"
        + " discarded", "/2/discard", WHY);
    refused(409, "the dead letter is replayed; only one that is open, or whose replay has not begun, can be"
        + " discarded", "/3/discard", WHY);
    assertThat(List.of(status(1), status(2), status(3))).containsExactly("discarded", "replaying",
        "replayed");
  }

  @Test
  void discard_byFilter_isAuditedWithItsLetters() {
    openLetters(3);
    done("/1/replay", ANN);
    assertThat(done("/discard", "{\"operator\":\"ann\",\"reason\":\"noise\",\"task\":\"poison\"}"))
        .isEqualTo(new JsonObject().put("discarded", 3).put("more_may_match", false));
    assertThat(text("SELECT data ->> 'letters' FROM audit WHERE act = 'discard_dead_letters'"))
        .isEqualTo("[5, 6, 7]");
    assertThat(
        done("/discard", "{\"operator\":\"ann\",\"reason\":\"halt\",\"status\":\"replaying\"}")
            .getInteger("discarded"))
        .isEqualTo(1);
    refused(400, "`reason` must be a text of 1 to 500 characters in the JSON body", "/discard",
        "{\"operator\":\"ann\",\"task\":\"poison\"}");
  }

  @Test
  void close_needsWords_andIsForOpenOnesAlone() {
    String done = "{\"operator\":\"ann\",\"done\":\"refunded by hand\"}";
    refused(400, "`done` must be a text of 1 to 500 characters in the JSON body", "/1/close", ANN);
    refused(400, "there is no field `reason`; there are operator, done", "/1/close", WHY);
    refused(404, "no such dead letter: GET /ops/dead-letters lists them", "/99/close", done);
    for (int id : List.of(3, 4))
      refused(409, "the dead letter is " + status(id) + "; only one that is open can be closed",
          "/" + id + "/close", done);
    IntStream.range(0, 3).mapToObj(i -> Http.sendAsync("POST", ops + "/1/close", Map.of(), done)).toList()
        .stream().map(CompletableFuture::join)
        .forEach(answer -> assertThat(answer.json().getString("done")).isEqualTo("refunded by hand"));
    assertThat(status(1)).isEqualTo("closed");
    assertThat(audited()).isEqualTo(1);
    assertThat(text("SELECT operator || ' ' || act || ' ' || subject || ' ' || (data ->> 'done') FROM audit"))
        .isEqualTo("ann close_dead_letter dead_letter/1 refunded by hand");
  }

  /** There is no act without its line in the audit. */
  @Test
  void act_thatCannotBeAudited_isNotDone() {
    execute("REVOKE INSERT ON audit FROM millrace");
    try {
      for (String path : List.of("/1/replay", "/1/discard"))
        assertThat(post(path, WHY).status()).isEqualTo(500);
      for (String path : List.of("/replay", "/discard"))
        assertThat(post(path, "{\"operator\":\"ann\",\"reason\":\"x\",\"status\":\"open\"}").status())
            .isEqualTo(500);
    } finally {
      execute("GRANT INSERT ON audit TO millrace");
    }
    assertThat(List.of(status(1), status(2))).containsExactly("open", "open");
  }
}
