package dev.millrace.ops;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.testing.GatewayFixture;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a browser near the ops port sends for a page of others: nothing of it is done or told. */
class BrowserGuardIT {
  @RegisterExtension
  static final GatewayFixture FIXTURE = GatewayFixture.of("api,ops",
      Map.of("MILLRACE_OPS_HOSTS", "millrace-ops.internal,Ops.Example"));

  private static String send(String call, String headers) throws IOException {
    var address = URI.create(FIXTURE.gateway().opsUrl());
    String body = "{\"name\":\"forged\",\"operator\":\"nobody\"}";
    try (var socket = new Socket(address.getHost(), address.getPort())) {
      socket.setSoTimeout(5_000);
      socket.getOutputStream().write((call + " HTTP/1.1\r\n" + headers.replace("%port",
          Integer.toString(address.getPort())) + "Connection: close\r\n"
          + (call.startsWith("POST") ? "Content-Length: " + body.length() + "\r\n\r\n" + body : "\r\n"))
          .getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static long merchants() {
    return FIXTURE.site().number("SELECT count(*) FROM merchant WHERE name = 'forged'");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Host: evil.example\r\n", "Host: evil.example:%port\r\n",
      "Host: 127.0.0.1.evil.example\r\n", "Host: localhost.evil.example\r\n", "Host: 127.0.0.1@evil\r\n",
      "Host: \r\n", "Host: 127.0.0.1:%port\r\nHost: evil.example\r\n", "",
      "Host: 127.0.0.1:%port\r\nOrigin: https://evil.example\r\n",
      "Host: 127.0.0.1:%port\r\nOrigin: null\r\n",
      "Host: 127.0.0.1:%port\r\nOrigin: http://127.0.0.1:1\r\n",
      "Host: 127.0.0.1:%port\r\nOrigin: http://127.0.0.1\r\n",
      "Host: 127.0.0.1:%port\r\nSec-Fetch-Site: cross-site\r\n",
      "Host: 127.0.0.1:%port\r\nSec-Fetch-Site: same-site\r\n",
      "Host: 127.0.0.1:%port\r\nSec-Fetch-Site: cross-site\r\nContent-Type: text/plain\r\n"})
  void page_ofOthers_isRefused(String headers) throws IOException {
    for (String call : new String[]{"POST /ops/merchants", "GET /ops/dead-letters", "GET /ops/nothing",
        "POST /ops/keys/revoke"}) {
      String answer = send(call, headers);
      assertThat(answer).as(call).matches("(?s)HTTP/1\\.1 (400|403) .*");
      assertThat(answer).doesNotContain("\"data\"", "sk_");
    }
    assertThat(merchants()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Host: 127.0.0.1:%port\r\n", "Host: localhost:%port\r\n", "Host: [::1]:%port\r\n",
      "Host: LOCALHOST\r\n", "Host: 10.1.2.3\r\n", "Host: millrace-ops.internal:%port\r\n",
      "Host: OPS.example\r\n", "Host: 127.0.0.1:%port\r\nOrigin: http://127.0.0.1:%port\r\n",
      "Host: 127.0.0.1:%port\r\nSec-Fetch-Site: same-origin\r\n",
      "Host: 127.0.0.1:%port\r\nSec-Fetch-Site: none\r\n"})
  void whoIsNoPageOfOthers_isServed(String headers) throws IOException {
    assertThat(send("GET /ops/dead-letters", headers)).startsWith("HTTP/1.1 200 ");
  }

  /** Probes and collectors ask by whatever name they have. */
  @Test
  void healthAndMetrics_areOpen() throws IOException {
    for (String path : new String[]{"/health/live", "/health/ready", "/metrics"})
      assertThat(send("GET " + path, "Host: any.name.example\r\n")).startsWith("HTTP/1.1 200 ");
  }
}
