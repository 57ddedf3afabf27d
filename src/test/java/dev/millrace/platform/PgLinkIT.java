package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.sqlclient.Tuple;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class PgLinkIT {
  private static final String SLOW = "SELECT pg_sleep(0.5)";
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  private double depth() {
    return registry.get("millrace.queue.depth").tag("queue", "postgres").gauge().value();
  }

  @Test
  void link_full_refusesAtOnce_andGoesOn() {
    var servers = new Servers(Config.load(Map.of("MILLRACE_POSTGRES_URI", TestDatabase.create().uri(),
        "MILLRACE_POSTGRES_IN_FLIGHT_MAX", "2")));
    try (var loop = new Loop()) {
      PgLink link = loop.on(() -> servers.link(loop.vertx(), "small", registry));
      loop.result(() -> link.whenUp(5_000));
      var running = loop
          .on(() -> List.of(link.query(SLOW, Tuple.tuple()), link.query(SLOW, Tuple.tuple())));
      assertThat(depth()).isEqualTo(2);
      Throwable refused = Loop.failure(loop.on(() -> link.query("SELECT 1", Tuple.tuple())));
      assertThat(refused).isInstanceOfSatisfying(Unavailable.class,
          u -> assertThat(u.outcomeUnknown()).as("it was not sent").isFalse());
      assertThat(running).as("while the others run").noneMatch(f -> f.isComplete());
      assertThat(registry.get("millrace.queue.rejected").counter().count()).isEqualTo(1);
      running.forEach(Loop::result);
      assertThat(depth()).isZero();
      assertThat(loop.result(() -> link.query("SELECT 1", Tuple.tuple())).size()).isEqualTo(1);
      loop.result(link::close);
    }
  }

  @Test
  void link_afterAStatementThatFailed_hasItsRoomAgain() {
    var servers = new Servers(Config.load(Map.of("MILLRACE_POSTGRES_URI", TestDatabase.create().uri(),
        "MILLRACE_POSTGRES_IN_FLIGHT_MAX", "1")));
    try (var loop = new Loop()) {
      PgLink link = loop.on(() -> servers.link(loop.vertx(), "small", registry));
      loop.result(() -> link.whenUp(5_000));
      for (int i = 0; i < 3; i++)
        assertThat(Loop.failure(loop.on(() -> link.query("SELECT 1 / 0", Tuple.tuple()))))
            .hasMessageContaining("division by zero");
      assertThat(depth()).isZero();
      loop.result(link::close);
    }
  }
}
