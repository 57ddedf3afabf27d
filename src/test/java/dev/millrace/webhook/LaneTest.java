package dev.millrace.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.Cursor;
import dev.millrace.platform.TypeId;
import io.vertx.core.buffer.Buffer;
import java.net.URI;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.Test;

/** The guards of one endpoint, by themselves. */
final class LaneTest {
  private static final OffsetDateTime MADE = OffsetDateTime.parse("2026-11-21T12:00:00Z");
  private final EndpointQueue lane = new EndpointQueue(endpoint(100, null), NotifierFixture.POLICY, 0);

  private static Endpoint endpoint(int inFlightMax, Integer rate) {
    return new Endpoint(TypeId.next(), TypeId.next(), false,
        new Endpoint.Settings(URI.create("https://shop.example/"), null, List.of("*"), Map.of(), "2026-11-21",
            false, false,
            inFlightMax, rate),
        new Endpoint.Secrets(Signer.newSecret(), null, null), true, null, null, false, null, "1", MADE, MADE,
        false);
  }

  private static void fill(EndpointQueue lane, int count) {
    for (int i = 0; i < count; i++) {
      lane.queue.add(
          new Delivery(UUID.randomUUID(), lane.endpoint.id(), new Cursor(1, i), UUID.randomUUID(), "t", "", 0,
              0, Buffer.buffer()));
    }
  }

  /** How many may go out at once. */
  private static int room(EndpointQueue lane, long nowMs) {
    int out = 0;
    while (lane.maySend(nowMs) && out < 200) {
      lane.take();
      out++;
    }
    lane.inFlight -= out;
    return out;
  }

  @Test
  void limit_beginsAtFour_growsWithSuccesses_halvesWithFailures() {
    fill(lane, 2_000);
    assertThat(room(lane, 0)).isEqualTo(4);
    for (int i = 0; i < 12; i++) lane.succeeded(5);
    assertThat(room(lane, 0)).isEqualTo(16);
    lane.failed(5, 0);
    assertThat(room(lane, 0)).isEqualTo(8);
    for (int i = 0; i < 500; i++) lane.succeeded(5);
    assertThat(room(lane, 0)).isEqualTo(100);
  }

  @Test
  void breaker_opensAtTheFifthFailure_probesAloneAndLaterEachTime() {
    fill(lane, 100);
    for (int i = 0; i < 4; i++) assertThat(lane.failed(5, 1_000)).isFalse();
    assertThat(lane.failed(5, 1_000)).isTrue();
    // Calls that were out when it opened fail too: they are no probes.
    for (int i = 0; i < 10; i++) assertThat(lane.failed(5, 1_500)).isFalse();
    assertThat(lane.maySend(5_999)).isFalse();
    assertThat(room(lane, 6_000)).isEqualTo(1);
    lane.failed(5, 6_000);
    assertThat(lane.maySend(15_999)).isFalse();
    assertThat(lane.maySend(16_000)).isTrue();
    lane.failed(5, 16_000);
    lane.failed(5, 36_000);
    lane.failed(5, 76_000);
    assertThat(lane.maySend(135_999)).isFalse();
    assertThat(lane.maySend(136_000)).as("a minute at the longest").isTrue();
    lane.succeeded(5);
    assertThat(lane.open()).isFalse();
    assertThat(room(lane, 136_000)).isEqualTo(2);
  }

  @Test
  void slow_isWhoFailsOrTakesLong() {
    assertThat(lane.slow()).isFalse();
    for (int i = 0; i < 10; i++) lane.succeeded(2_000);
    assertThat(lane.slow()).isTrue();
    for (int i = 0; i < 10; i++) lane.succeeded(10);
    assertThat(lane.slow()).isFalse();
    lane.failed(10, 0);
    assertThat(lane.slow()).isTrue();
  }

  @Test
  void rate_holdsOverTime() {
    var throttled = new EndpointQueue(endpoint(100, 100), NotifierFixture.POLICY, 0);
    fill(throttled, 1_000);
    for (int i = 0; i < 200; i++) throttled.succeeded(1);
    int sent = 0;
    for (long now = 0; now < 2_000; now += 10) sent += room(throttled, now);
    assertThat(sent).isBetween(180, 221);
  }

  @Test
  void pause_isKept() {
    fill(lane, 1);
    lane.pause(500);
    lane.pause(100);
    assertThat(lane.maySend(499)).isFalse();
    assertThat(lane.maySend(500)).isTrue();
  }
}
