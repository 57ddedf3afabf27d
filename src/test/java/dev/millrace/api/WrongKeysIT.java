package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Whoever guesses keys is slowed down, counted and named; whoever has one goes on. */
class WrongKeysIT {
  private static final int PER_MINUTE = 20;
  private static Site site;
  private static GatewayProcess gateway;
  private static String merchant;

  @BeforeAll
  static void start() {
    site = Site.on(TestServers.shared());
    gateway = site.start("api,ops", Map.of("MILLRACE_API_TRUSTED_PROXIES", "127.0.0.1",
        "MILLRACE_API_WRONG_KEYS_PER_MINUTE", Integer.toString(PER_MINUTE)));
    merchant = gateway.merchantKey();
  }

  @AfterAll
  static void stop() { site.close(); }

  private static Http.Answer get(String key, String from) {
    var headers = new HashMap<String, String>(Map.of("X-Forwarded-For", from));
    if (key != null) headers.put("Authorization", "Bearer " + key);
    return Http.send("GET", gateway.apiUrl() + "/v1/payments", headers, "");
  }

  private static long failed() {
    return (long) Http.get(gateway.opsUrl() + "/metrics").body().lines()
        .filter(line -> line.startsWith("millrace_api_authentication_failed_total"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }

  @Test
  void wrongKeys_ofOneAddress_areLimited_andOthersAreNot() {
    assertThat(get(merchant, "198.51.100.1").status()).isEqualTo(200);
    long before = failed();
    for (int i = 0; i < PER_MINUTE; i++)
      assertThat(get(i % 3 == 0 ? null : "sk_test_wrong" + i, "198.51.100.1").status()).isEqualTo(401);
    for (int i = 0; i < 300; i++) {
      var answer = get("sk_test_more" + i, "192.0.2." + i % 250 + ", 198.51.100.1");
      assertThat(answer.status()).isEqualTo(429);
      assertThat(answer.header("Retry-After")).isEqualTo("60");
    }
    assertThat(failed() - before).isEqualTo(PER_MINUTE + 300);
    assertThat(gateway.logText().lines().filter(l -> l.contains("authentication_failed")))
        .hasSize(PER_MINUTE).allMatch(l -> l.contains("source=198.51.100.1"))
        .noneMatch(l -> l.contains("wrong"));
    assertThat(get(merchant, "198.51.100.1").status()).as("a key that is known").isEqualTo(200);
    assertThat(get("sk_test_wrong", "198.51.100.2").status()).as("another address").isEqualTo(401);
  }
}
