package dev.millrace.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.EventType;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import java.time.Duration;
import java.time.InstantSource;
import org.junit.jupiter.api.Test;

final class RetentionIT {
  @Test
  void old_isForgotten_youngIsKept() {
    try (var site = new Merchants(Merchants.POLICY)) {
      site.endpoint("/hook");
      for (int i = 0; i < 3; i++) site.event(EventType.INITIATED);
      site.awaitCount("delivered", 3);
      site.sql(
          "INSERT INTO journal_milestone VALUES (now(), (SELECT max(xid) FROM webhook_message), 1000000)");
      site.sql(
          "INSERT INTO provider_event (provider, account, event_id, body) VALUES ('stripe', 'a', 'evt_1', '')");
      site.sql("INSERT INTO provider_event_result (xid, position, type, outcome)"
          + " SELECT xid, position, '', 'ignored' FROM provider_event");
      assertThat(forget(site, Duration.ofDays(29))).isZero();
      // Deliveries go after 30 days, their bodies a day later, what providers sent after 90.
      assertThat(forget(site, Duration.ofDays(30).plusHours(1))).isEqualTo(6);
      assertThat(site.database.number("SELECT count(*) FROM webhook_message")).isEqualTo(3);
      assertThat(forget(site, Duration.ofDays(31).plusHours(1))).isEqualTo(3);
      assertThat(forget(site, Duration.ofDays(90).plusHours(1))).isEqualTo(2);
      site.event(EventType.INITIATED);
      site.awaitCount("delivered", 1);
      assertThat(site.database.number("SELECT count(*) FROM journal")).isEqualTo(4);
    }
  }

  private static int forget(Merchants site, Duration later) {
    PgLink rows = site.database.link(site.loop, "retention");
    int deleted = site.loop.result(() -> new Retention(site.loop.vertx(),
        new Lease(site.loop.vertx(), rows, "none", "test", 1_000), rows::execute,
        InstantSource.fixed(java.time.Instant.now().plus(later)), Duration.ofDays(30), Duration.ofDays(90))
        .forget());
    site.loop.result(rows::close);
    return deleted;
  }
}
