package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.error;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SettingsTest extends SimulatorTestBase {
  @Test
  void put_replacesWhatIsNamed() throws Exception {
    JsonObject changed = new JsonObject().put("latency_ms_min", 5).put("latency_ms_max", 9)
        .put("failure_rate", 0.25).put("hang_rate", 0.0).put("slow_ms", 3000)
        .put("dispute_ms", 500).put("return_ms", 40).put("refund_ms", 500).put("capture_ms", 500)
        .put("processing_ms", 500).put("try_ms", 500).put("outage", "none")
        .put("throttle_rate", 0.125).put("answer_delay_ms_min", 0).put("answer_delay_ms_max", 30)
        .put("forget_keys", true)
        .put("webhook_delay_ms_min", 50).put("webhook_delay_ms_max", 150).put("webhook_duplicate_rate", 0.0)
        .put("webhook_shuffle_ms", 7).put("webhook_loss_rate", 0.5).put("webhooks", false);
    String body = "{\"latency_ms_min\":5,\"latency_ms_max\":9,\"failure_rate\":0.25,\"return_ms\":40,"
        + "\"throttle_rate\":0.125,\"answer_delay_ms_max\":30,\"forget_keys\":true,"
        + "\"webhook_shuffle_ms\":7,\"webhook_loss_rate\":0.5,\"webhooks\":false}";
    assertThat(json(provider.put("/settings", body))).isEqualTo(changed);
    assertThat(json(provider.get("/settings"))).isEqualTo(changed);
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"{\"latency\":1}|unknown field: latency",
      "{\"slow_ms\":\"1\"}|slow_ms must be a whole number", "{\"hang_rate\":2}|hang_rate must be from 0 to 1",
      "{\"latency_ms_min\":5}|latency_ms_min (5) must not be greater", "[1]|must be a JSON object",
      "{|must be a JSON object", "{\"slow_ms\":null}|slow_ms must be a whole number",
      "{\"webhook_delay_ms_min\":151}|webhook_delay_ms_min (151) must not be greater than",
      "{\"webhook_delay_ms_max\":600001}|webhook_delay_ms_max must be from 0 to 600000, not 600001",
      "{\"webhook_duplicate_rate\":1.1}|webhook_duplicate_rate must be from 0 to 1, not 1.1",
      "{\"webhook_loss_rate\":-1}|webhook_loss_rate must be from 0 to 1, not -1.0",
      "{\"webhook_shuffle_ms\":-1}|webhook_shuffle_ms must be from 0 to 600000, not -1",
      "{\"webhook_shuffle_ms\":1.5}|webhook_shuffle_ms must be a whole number",
      "{\"dispute_ms\":-1}|dispute_ms must be from 0 to 600000, not -1",
      "{\"return_ms\":600001}|return_ms must be from 0 to 600000, not 600001",
      "{\"refund_ms\":\"a\"}|refund_ms must be a whole number",
      "{\"throttle_rate\":1.5}|throttle_rate must be from 0 to 1, not 1.5",
      "{\"throttle_rate\":true}|throttle_rate must be a number",
      "{\"answer_delay_ms_min\":5}|answer_delay_ms_min (5) must not be greater than answer_delay_ms_max (0)",
      "{\"answer_delay_ms_max\":600001}|answer_delay_ms_max must be from 0 to 600000, not 600001",
      "{\"forget_keys\":1}|forget_keys must be true or false",
      "{\"outage\":\"off\"}|outage must be none, hang or unavailable",
      "{\"outage\":null}|outage must be none, hang or unavailable",
      "{\"webhooks\":\"no\"}|webhooks must be true or false"})
  void put_refused(String body, String message) throws Exception {
    HttpResponse<String> before = provider.get("/settings");
    HttpResponse<String> refused = provider.put("/settings", body);
    assertThat(refused.statusCode()).isEqualTo(400);
    assertThat(error(refused).getString("message")).contains(message);
    assertThat(provider.get("/settings").body()).isEqualTo(before.body());
  }

  @Test
  void put_ofAllThatWasGot_bringsItBack() throws Exception {
    String atFirst = provider.get("/settings").body();
    provider.put("/settings", "{\"latency_ms_max\":9,\"failure_rate\":0.25,\"slow_ms\":1,\"throttle_rate\":1,"
        + "\"answer_delay_ms_max\":9,\"forget_keys\":true,\"webhook_loss_rate\":1,\"webhooks\":false}");
    assertThat(provider.get("/settings").body()).isNotEqualTo(atFirst);
    assertThat(provider.put("/settings", atFirst).body()).isEqualTo(atFirst);
    assertThat(provider.get("/settings").body()).isEqualTo(atFirst);
  }

  @Test
  void failureRate_one() throws Exception {
    provider.put("/settings", "{\"failure_rate\":1}");
    assertThat(provider.charge("ref-1", "pm_card_visa").statusCode()).isEqualTo(500);
    provider.put("/settings", "{\"failure_rate\":0}");
    assertThat(provider.charge("ref-1", "pm_card_visa").statusCode()).isEqualTo(500);
    assertThat(provider.charge("ref-2", "pm_card_visa").statusCode()).isEqualTo(200);
    assertThat(provider.summary().getInteger("entries")).isEqualTo(1);
  }

  @Test
  void hangRate_one() throws Exception {
    provider.put("/settings", "{\"hang_rate\":1}");
    var hanging = provider.chargeLater("ref-1", "pm_card_visa");
    assertThatThrownBy(() -> hanging.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
    assertThat(provider.summary().getInteger("entries")).isZero();
  }

  @Test
  void outage_unavailable_everyCallIsRefusedAndNothingDone() throws Exception {
    provider.put("/settings", "{\"outage\":\"unavailable\"}");
    assertThat(provider.charge("ref-1", "pm_card_visa").statusCode()).isEqualTo(503);
    assertThat(provider.get("/v1/payment_intents/pi_1").statusCode()).isEqualTo(503);
    assertThat(provider.summary().getInteger("entries")).isZero();
    provider.put("/settings", "{\"outage\":\"none\"}");
    assertThat(provider.charge("ref-1", "pm_card_visa").statusCode()).isEqualTo(200);
  }

  @Test
  void outage_hang_noCallIsAnsweredAndNothingDone() throws Exception {
    provider.put("/settings", "{\"outage\":\"hang\"}");
    var hanging = provider.chargeLater("ref-1", "pm_card_visa");
    assertThatThrownBy(() -> hanging.get(300, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
    provider.put("/settings", "{\"outage\":\"none\"}");
    assertThat(provider.charge("ref-1", "pm_card_visa").statusCode()).isEqualTo(200);
    assertThat(provider.summary().getInteger("entries")).isEqualTo(1);
  }

  /** What an outage turned away has arrived all the same. */
  @Test
  void arrivals_countEveryCallByItsKind() throws Exception {
    long begun = System.currentTimeMillis();
    provider.charge("ref-1", "pm_card_visa");
    provider.put("/settings", "{\"outage\":\"unavailable\"}");
    provider.charge("ref-2", "pm_card_visa");
    provider.get("/v1/payment_intents/pi_1");
    provider.post("ref-3", "/v1/refunds", "payment_intent=pi_1");
    JsonObject arrivals = json(provider.get("/arrivals?since=" + begun));
    assertThat(arrivals.getLong("from_ms")).isBetween(begun - 10, begun);
    assertThat(sum(arrivals, "charge")).isEqualTo(2);
    assertThat(sum(arrivals, "inquiry")).isEqualTo(1);
    assertThat(sum(arrivals, "operation")).isEqualTo(1);
    assertThat(provider.get("/arrivals?since=now").statusCode()).isEqualTo(400);
  }

  private static int sum(JsonObject arrivals, String kind) {
    return arrivals.getJsonArray(kind).stream().mapToInt(count -> (Integer) count).sum();
  }

  @Test
  void latency_delaysTheCharge() throws Exception {
    provider.put("/settings", "{\"latency_ms_min\":200,\"latency_ms_max\":250}");
    long begun = System.nanoTime();
    assertThat(provider.charge("ref-1", "pm_card_visa").statusCode()).isEqualTo(200);
    assertThat(System.nanoTime() - begun).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(199));
  }
}
