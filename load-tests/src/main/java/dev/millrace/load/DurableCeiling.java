package dev.millrace.load;

import io.vertx.core.AbstractVerticle;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.json.JsonObject;
import io.vertx.ext.web.RoutingContext;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;
import io.vertx.sqlclient.PreparedQuery;
import io.vertx.sqlclient.Row;
import io.vertx.sqlclient.RowSet;
import io.vertx.sqlclient.Tuple;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;

/**
 * The most that a payment made durable could reach here: the server of {@link Ceiling}, which answers once
 * its payment, event and idempotency key stand in Postgres. One statement for as many payments as have come
 * in, two statements under way at most. Nothing else of a gateway: three narrow tables with a primary key
 * each, no authentication, no checks, no Redis, no publishing. One event loop, as the gateway. Arguments: the
 * port, and the one of Postgres.
 */
public final class DurableCeiling extends AbstractVerticle {
  private static final int BATCH_MAX = 128;
  private static final int AHEAD = 32;
  private static final List<String> TABLES = List.of("CREATE SCHEMA floor",
      """
        CREATE TABLE floor.payment (id uuid PRIMARY KEY, status text NOT NULL, amount bigint NOT NULL, currency text NOT NULL,
                                    reference text) WITH (fillfactor = 45)""",
      """
        CREATE TABLE floor.journal (subject uuid, version integer, xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
                                    recorded timestamptz NOT NULL DEFAULT now(), data json NOT NULL,
                                    PRIMARY KEY (subject, version))""",
      """
        CREATE TABLE floor.idempotency_key (id uuid PRIMARY KEY, payment_id uuid NOT NULL)""");
  private static final String ACCEPT = """
    WITH k AS (
      INSERT INTO floor.idempotency_key SELECT unnest($1::uuid[]), unnest($2::uuid[])
    ), p AS (
      INSERT INTO floor.payment SELECT unnest($2::uuid[]), 'initiated', unnest($3::int8[]), unnest($4::text[]), unnest($5::text[])
    )
    INSERT INTO floor.journal (subject, version, data) SELECT unnest($2::uuid[]), 1, unnest($6::text[])::json""";

  private record Waiting(RoutingContext context, JsonObject request, UUID id, UUID key, String data) {}

  private final int port;
  private final int postgresPort;
  private final ArrayDeque<Waiting> queue = new ArrayDeque<>();
  private PreparedQuery<RowSet<Row>> accept;
  private long made;
  private int underWay;
  private boolean due;

  private DurableCeiling(int port, int postgresPort) {
    this.port = port;
    this.postgresPort = postgresPort;
  }

  public static void main(String[] args) {
    LoadTest.exitWithParent();
    int port = Integer.parseInt(args[0]);
    int postgresPort = Integer.parseInt(args[1]);
    Ceiling.serve(1, port, () -> new DurableCeiling(port, postgresPort));
  }

  @Override
  public void start(Promise<Void> started) {
    var options = new PgConnectOptions().setHost("127.0.0.1").setPort(postgresPort).setDatabase("millrace")
        .setUser("postgres").setCachePreparedStatements(true).setPreparedStatementCacheSqlLimit(4096)
        .addProperty("plan_cache_mode", "force_generic_plan");
    PgConnection.connect(vertx, options).compose(connection -> {
      accept = connection.preparedQuery(ACCEPT);
      Future<?> tables = Future.succeededFuture();
      for (var table : TABLES) tables = tables.compose(v -> connection.query(table).execute());
      return tables;
    }).compose(v -> Ceiling.listen(vertx, port, this::gather)).<Void>mapEmpty().onComplete(started);
  }

  private void gather(RoutingContext context) {
    var request = context.body().asJsonObject();
    var key = context.request().getHeader("Idempotency-Key").getBytes(StandardCharsets.UTF_8);
    // Rising, as the gateway's are, so that each goes to the end of its index.
    var id = new UUID(System.currentTimeMillis() << 16 | 0x7000 | made++ & 0xfff, 1L << 63 | made);
    queue.add(new Waiting(context, request, id, UUID.nameUUIDFromBytes(key), context.body().asString()));
    if (!due && ready()) {
      due = true;
      context.vertx().runOnContext(v -> {
        due = false;
        commit();
      });
    }
  }

  private boolean ready() {
    return underWay == 0 || underWay == 1 && queue.size() >= AHEAD;
  }

  private void commit() {
    while (ready() && !queue.isEmpty()) {
      var batch = new ArrayList<Waiting>();
      while (batch.size() < BATCH_MAX && !queue.isEmpty()) batch.add(queue.poll());
      underWay++;
      accept
          .execute(Tuple.of(column(batch, Waiting::key, new UUID[0]), column(batch, Waiting::id, new UUID[0]),
              column(batch, w -> w.request.getLong("amount"), new Long[0]),
              column(batch, w -> w.request.getString("currency"), new String[0]),
              column(batch, w -> w.request.getString("reference"), new String[0]),
              column(batch, Waiting::data, new String[0])))
          .onComplete(result -> {
            underWay--;
            commit();
            vertx.runOnContext(v -> batch.forEach(w -> {
              if (result.succeeded()) Ceiling.answer(w.context, w.request);
              else w.context.fail(result.cause());
            }));
          });
    }
  }

  private static <T> T[] column(List<Waiting> batch, Function<Waiting, T> of, T[] type) {
    return batch.stream().map(of).toList().toArray(type);
  }
}
