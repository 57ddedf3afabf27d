package dev.millrace.simulator.control;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.http.HttpMethod;
import io.vertx.core.json.JsonArray;
import java.time.Instant;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class ArrivalsTest {
  private static final long TEN_MINUTES_MS = 600_000;

  private long nowMs = 1_000_000_007;
  private final Arrivals arrivals = new Arrivals(() -> Instant.ofEpochMilli(nowMs));

  private void arrive(long ms) {
    nowMs = ms;
    arrivals.record(HttpMethod.POST, "/v1/payment_intents");
  }

  private String charges(long sinceMs) {
    JsonArray slots = arrivals.toJson(sinceMs).getJsonArray("charge");
    return slots.stream().map(Object::toString).collect(Collectors.joining(" "));
  }

  @Test
  void slots_areTenMillisecondsUpToNow() {
    arrive(1_000_000_007);
    arrive(1_000_000_009);
    arrive(1_000_000_010);
    arrive(1_000_000_035);
    nowMs += 12;
    assertThat(charges(1_000_000_000)).isEqualTo("2 1 0 1 0");
    assertThat(charges(1_000_000_035)).isEqualTo("1 0");
    assertThat(charges(nowMs + 5_000)).isEqualTo("0");
    assertThat(arrivals.total()).isEqualTo(4);
  }

  @Test
  void slots_tenMinutesOld_areGone() {
    arrive(1_000_000_000);
    arrive(1_000_000_010);
    nowMs = 1_000_000_000 + TEN_MINUTES_MS;
    assertThat(arrivals.toJson(0).getLong("from_ms")).isEqualTo(1_000_000_010);
    assertThat(charges(0)).startsWith("1 0").endsWith("0 0").hasSize(2 * (int) TEN_MINUTES_MS / 10 - 1);
    nowMs += 3 * TEN_MINUTES_MS;
    assertThat(charges(0)).doesNotContain("1");
  }

  @Test
  void clock_putBack_countsAreKept() {
    arrive(1_000_000_100);
    arrive(1_000_000_020);
    assertThat(charges(1_000_000_100)).isEqualTo("2");
  }
}
