package dev.millrace.platform;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.Properties;
import org.flywaydb.core.Flyway;

/** Brings the schema up to date. Blocks: run it on a worker. */
public final class Migrations {
  private Migrations() {}

  /**
   * Runs the pending migrations of {@code db/migration} as the schema's owner; {@code user} is the service's
   * role.
   */
  public static void run(String jdbcUrl, String owner, String ownerPassword, String user, String password) {
    Flyway.configure().dataSource(jdbcUrl, owner, ownerPassword)
        .placeholders(Map.of("user", user, "password", password.replace("'", "''")))
        .locations("classpath:db/migration").loggers("slf4j").load().migrate();
  }

  /**
   * Refuses a server that may lose a committed payment.
   *
   * @throws ConfigException when fsync, synchronous_commit or full_page_writes is off
   */
  public static void requireDurable(String jdbcUrl, String user, String password) throws SQLException {
    var properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    try (var connection = DriverManager.getConnection(jdbcUrl, properties);
        var statement = connection.createStatement()) {
      for (String setting : new String[]{"fsync", "synchronous_commit", "full_page_writes"}) {
        try (var rows = statement.executeQuery("SHOW " + setting)) {
          if (rows.next() && rows.getString(1).equals("off")) {
            throw new ConfigException(
                "postgres: " + setting + " is off: a committed payment could be lost; set it to on");
          }
        }
      }
    }
  }
}
