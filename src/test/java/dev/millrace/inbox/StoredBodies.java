package dev.millrace.inbox;

import dev.millrace.testing.Site;
import io.vertx.core.buffer.Buffer;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/** What providers told a gateway, as it came. */
public final class StoredBodies {
  private StoredBodies() {}

  /** Bodies by their events' ids, of webhooks that were received since then. */
  public static Map<String, String> since(Site site, Instant since) {
    var forms = new BodyCompression();
    var bodies = new TreeMap<String, String>();
    try (var connection = site.database();
        var statement = connection.prepareStatement(
            "SELECT event_id, form, body FROM provider_event WHERE received >= ?::timestamptz")) {
      statement.setString(1, since.toString());
      var rows = statement.executeQuery();
      while (rows.next())
        bodies.put(rows.getString(1), forms.read(rows.getInt(2), Buffer.buffer(rows.getBytes(3)))
            .toString(StandardCharsets.UTF_8));
      return bodies;
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }
}
