package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

final class PerPaymentQueueTest {
  private static final UUID ONE = new UUID(0, 1);
  private static final UUID OTHER = new UUID(0, 2);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final PerPaymentQueue turns = new PerPaymentQueue(3, "test", registry);
  private final List<String> begun = new ArrayList<>();

  private Future<String> run(UUID payment, String name, Future<String> work) {
    return turns.run(payment, () -> {
      begun.add(name);
      return work;
    });
  }

  @Test
  void work_forOnePayment_waitsForTheWorkBeforeIt() {
    Promise<String> first = Promise.promise();
    Promise<String> second = Promise.promise();
    run(ONE, "first", first.future());
    var waiting = run(ONE, "second", second.future());
    var beside = run(OTHER, "beside", Future.succeededFuture("done"));
    assertThat(begun).containsExactly("first", "beside");
    assertThat(beside.result()).isEqualTo("done");
    first.fail("its own trouble");
    assertThat(begun).containsExactly("first", "beside", "second");
    second.complete("two");
    assertThat(waiting.result()).isEqualTo("two");
  }

  @Test
  void work_beyondTheBound_isRefused() {
    Promise<String> first = Promise.promise();
    for (int i = 0; i < 3; i++) run(ONE, "w" + i, first.future());
    var refused = run(OTHER, "refused", first.future());
    assertThat(((ProblemException) refused.cause()).problem().status()).isEqualTo(503);
    assertThat(((ProblemException) refused.cause()).problem().code()).isEqualTo("queue_full");
    assertThat(registry.get("millrace.queue.rejected").counter().count()).isEqualTo(1);
    assertThat(registry.get("millrace.queue.depth").gauge().value()).isEqualTo(3);
    first.complete("done");
    assertThat(registry.get("millrace.queue.depth").gauge().value()).isZero();
    assertThat(run(OTHER, "again", Future.succeededFuture("ok")).result()).isEqualTo("ok");
  }

  @Test
  void work_thatThrows_takesNoPlace() {
    for (int i = 0; i < 10; i++) {
      Future<String> failed = turns.run(ONE, () -> { throw new IllegalStateException("no"); });
      assertThat(failed.cause()).hasMessage("no");
    }
    assertThat(registry.get("millrace.queue.depth").gauge().value()).isZero();
  }
}
