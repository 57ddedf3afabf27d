package dev.millrace.start;

import dev.millrace.idempotency.Fingerprint;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.UUID;

/** The merchant that everybody who tries Millrace out is. Exists in the embedded Postgres only. Blocks. */
public final class DemoMerchant {
  public static final String KEY = "sk_test_millrace";
  static final UUID ID = UUID.fromString("0193a000-0000-7000-8000-000000000001");

  private DemoMerchant() {}

  public static void seed(String jdbcUrl, String user, String password) throws SQLException {
    try (var connection = DriverManager.getConnection(jdbcUrl, user, password)) {
      try (var merchant = connection.prepareStatement(
          "INSERT INTO merchant (id, name) VALUES (?, 'Demo merchant') ON CONFLICT DO NOTHING")) {
        merchant.setObject(1, ID);
        merchant.executeUpdate();
      }
      try (var key = connection.prepareStatement(
          "INSERT INTO api_key (hash, merchant, livemode) VALUES (?, ?, false) ON CONFLICT DO NOTHING")) {
        key.setBytes(1, new Fingerprint().of(KEY).getBytes());
        key.setObject(2, ID);
        key.executeUpdate();
      }
    }
  }
}
