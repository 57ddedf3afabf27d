package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SmokeIT {
  @Test
  void payment_waited_for_isConfirmedThenSettled() {
    try (var site = Site.on(TestServers.shared())) {
      var gateway = site.startAll();
      String key = gateway.merchantKey();
      var answer = Http.send("POST", gateway.apiUrl() + "/v1/payments",
          Http.create(key, "k1", "Prefer", "wait=10"),
          "{\"amount\":1999,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}");
      assertThat(answer.status()).isEqualTo(201);
      String id = answer.json().getString("id");
      Await.until(Duration.ofSeconds(10), "settled",
          () -> Http.get(gateway.apiUrl() + "/v1/payments/" + id, key).json().getString("status")
              .equals("settled"));
      assertThat(gateway.terminate()).isEqualTo(143);
    }
  }
}
