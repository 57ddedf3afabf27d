package dev.millrace.start;

import dev.millrace.idempotency.Fingerprint;
import dev.millrace.identity.MerchantStore;
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
      try (var merchant = connection.prepareStatement(MerchantStore.SEED_MERCHANT)) {
        merchant.setObject(1, ID);
        merchant.setString(2, "Demo merchant");
        merchant.executeUpdate();
      }
      try (var key = connection.prepareStatement(MerchantStore.SEED_KEY)) {
        key.setBytes(1, new Fingerprint().of(KEY).getBytes());
        key.setObject(2, ID);
        key.setString(3, KEY.substring(0, 12));
        key.executeUpdate();
      }
    }
  }
}
