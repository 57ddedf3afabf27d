package dev.millrace.load;

import io.vertx.core.Vertx;
import io.vertx.pgclient.PgConnectOptions;
import io.vertx.pgclient.PgConnection;

/**
 * Counts in the site's Postgres, over one connection of the harness's own. For audits and between
 * measurements: a count reads the table.
 */
final class TableCounts implements AutoCloseable {
  private final Vertx vertx = EventLoops.vertx(1);
  private final PgConnection connection;

  TableCounts(int port) {
    connection = EventLoops.await("Postgres on port " + port,
        PgConnection.connect(vertx, new PgConnectOptions().setHost("127.0.0.1").setPort(port)
            .setDatabase("millrace").setUser("postgres").setPassword("postgres")));
  }

  /** Provider events that were made durable, since the database began. */
  long providerEvents() {
    return count("SELECT count(*) FROM provider_event");
  }

  /** Events of payments, those that merchants are told of, since the database began. */
  long paymentEvents() {
    return count("SELECT count(*) FROM journal WHERE type LIKE 'payment.%'");
  }

  /** Transactions committed, since the database began: nearly all are one statement. Known a second late. */
  long commits() {
    return count("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()");
  }

  private long count(String sql) {
    return EventLoops.await(sql, connection.query(sql).execute()).iterator().next().getLong(0);
  }

  @Override
  public void close() {
    EventLoops.close(vertx);
  }
}
