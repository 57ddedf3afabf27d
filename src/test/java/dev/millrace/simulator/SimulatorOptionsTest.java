package dev.millrace.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.webhook.WebhookTarget;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatorOptionsTest {
  private static SimulatorOptions options(String webhookUrl, String webhookSecret) {
    return new SimulatorOptions("127.0.0.1", 0, Path.of("book"), "sk_test_hidden", 0, 0, 0, webhookUrl,
        webhookSecret);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "http://127.0.0.1:8080/webhooks/stripe/default", "https://example.com",
      "http://millrace_1:8080/w",
      "HTTP://[::1]:1/x?y=z"})
  void webhookUrl_good(String url) {
    assertThat(options(url, "whsec").webhooks()).isEqualTo(
        url.isEmpty() ? Map.of() : Map.of(Wire.STRIPE, new WebhookTarget(url, "whsec")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"gateway", "ftp://example.com/", "http:///path", "http://", "//example.com/",
      "http://example.com:0/", "http://example.com:65536/", "http://user:secret@example.com/", "http://a b/",
      " http://example.com/"})
  void webhookUrl_refused(String url) {
    assertThatThrownBy(() -> options(url, "whsec")).isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("webhookUrl ");
  }

  @Test
  void webhookSecret_demandedWhereThereIsAUrl() {
    assertThat(options("", "").webhooks()).isEmpty();
    assertThatThrownBy(() -> options("http://example.com/", ""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("webhookSecret must not be empty where webhookUrl is not");
  }

  @Test
  void webhookSecret_ofAdyenIsHexadecimal() {
    var target = new WebhookTarget("http://example.com/", "whsec");
    assertThatThrownBy(() -> new SimulatorOptions("127.0.0.1", 0, Path.of("book"), "sk", 0, 0, 0,
        Map.of(Wire.ADYEN, target)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("webhookSecret must be hexadecimal for adyen");
  }

  @Test
  void toString_hidesSecrets() {
    assertThat(options("http://example.com/", "whsec_hidden").toString()).contains("http://example.com/")
        .doesNotContain("hidden");
  }
}
