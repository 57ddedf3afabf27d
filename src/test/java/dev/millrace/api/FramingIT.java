package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.api.RawHttp.Reaction;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Requests that another server may cut in other places, each with a second one behind it: the first is
 * refused, the second is never answered, and nothing is stored. And heads that never end.
 */
class FramingIT {
  private static final TestMerchant MERCHANT = TestMerchant.create();
  private static final String SECOND = "GET /openapi.yaml HTTP/1.1\r\nHost: a\r\n\r\n";
  private static final String BODY = TestMerchant.VISA;
  private static final int LENGTH = BODY.length();
  private static final String CHUNKED = Integer.toHexString(LENGTH) + "\r\n" + BODY + "\r\n0\r\n\r\n";
  private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d+)");

  private static String head(String host, String headers) {
    return "POST /v1/payments HTTP/1.1\r\n" + host + "Authorization: Bearer " + MERCHANT.key()
        + "\r\nContent-Type: application/json\r\nIdempotency-Key: k\r\n" + headers + "\r\n";
  }

  private static String chunked(String headers) { return head("Host: a\r\n", headers) + CHUNKED; }

  private static String counted(String headers) { return head("Host: a\r\n", headers) + BODY; }

  private static String inChunks(String chunks) {
    return head("Host: a\r\n", "Transfer-Encoding: chunked\r\n") + chunks;
  }

  static Stream<Map.Entry<String, String>> ambiguous() {
    String plain = "Content-Length: " + LENGTH + "\r\n";
    var all = new LinkedHashMap<String, String>();
    all.put("chunked and a length", chunked("Transfer-Encoding: chunked\r\n" + plain));
    all.put("a length and chunked", chunked("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n"));
    for (String coding : new String[]{"chunked, xchunked", "xchunked", "gzip, chunked", "chunked, gzip",
        "identity", "identity, chunked", "chunked, chunked", "\u000bchunked", "\"chunked\"", "chunked;a=b",
        "x chunked", ""})
      all.put("coding " + coding, chunked("Transfer-Encoding: " + coding + "\r\n"));
    all.put("twice chunked", chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"));
    all.put("chunked and another", chunked("Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"));
    all.put("folded", chunked("Transfer-Encoding:\r\n chunked\r\n"));
    all.put("folded by a tab", chunked("Transfer-Encoding:\r\n\tchunked\r\n"));
    all.put("folded behind", chunked("Transfer-Encoding: chunked\r\n , identity\r\n"));
    all.put("folded, empty", chunked("Transfer-Encoding: chunked\r\n \r\n"));
    all.put("blank before the colon", chunked("Transfer-Encoding : chunked\r\n"));
    all.put("coding in HTTP/1.0", chunked("Transfer-Encoding: chunked\r\n").replace("HTTP/1.1", "HTTP/1.0"));
    for (String length : new String[]{"+" + LENGTH, LENGTH + ", " + LENGTH, "-1", "0x40", "", LENGTH + " 1",
        LENGTH + ".0"})
      all.put("length " + length, counted("Content-Length: " + length + "\r\n"));
    all.put("length twice", counted(plain + plain));
    all.put("length, blank before the colon", counted("Content-Length : " + LENGTH + "\r\n"));
    all.put("two hosts", head("Host: a\r\nHost: b\r\n", plain) + BODY);
    all.put("the same host twice", head("Host: a\r\nHost: a\r\n", plain) + BODY);
    all.put("no host", head("", plain) + BODY);
    all.put("a host with a blank", head("Host: a b\r\n", plain) + BODY);
    all.put("a host with a path", head("Host: a/b\r\n", plain) + BODY);
    for (String first : new String[]{"\u0000", "\u0001\u0002", "\t", "\u007f", "\u000b"})
      all.put("begins with " + (int) first.charAt(0), first + counted(plain));
    all.put("line feeds alone", counted(plain).replace("\r\n", "\n"));
    all.put("a carriage return in a header", counted("X: a\rContent-Length: 0\r\n" + plain));
    all.put("NUL in a header", counted("X: a\u0000b\r\n" + plain));
    all.put("a blank in a name", counted("X y: a\r\n" + plain));
    return all.entrySet().stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("ambiguous")
  void head_thatCanBeReadInTwoWays_isRefused(Map.Entry<String, String> request) {
    try (var http = new RawHttp()) {
      var statuses = STATUS.matcher(http.send(request.getValue() + SECOND).rest()).results()
          .map(found -> found.group(1)).toList();
      assertThat(statuses).containsExactly("400");
    }
    assertThat(MERCHANT.stored()).isZero();
  }

  /** The head was taken for good when it shows: nothing is answered any more. */
  @ParameterizedTest
  @ValueSource(strings = {"+%1$x\r\n%2$s\r\n", "0x%1$x\r\n%2$s\r\n", " %1$x\r\n%2$s\r\n",
      "-%1$x\r\n%2$s\r\n", "%1$x\r\n%2$sXX", "%1$x\n%2$s\n", "ffffffffffffffff1\r\n%2$s\r\n", "\r\n%2$s\r\n",
      "%1$x;a\nb\r\n%2$s\r\n", "%1$x,\r\n%2$s\r\n"})
  void chunk_thatCanBeReadInTwoWays_closesTheConnection(String form) {
    long before = errors();
    for (String path : new String[]{"/v1/payments", "/webhooks/stripe/default"}) {
      try (var http = new RawHttp()) {
        String request = inChunks(form.formatted(LENGTH, BODY) + "0\r\n\r\n").replace("/v1/payments", path);
        assertThat(STATUS.matcher(http.send(request + SECOND).rest()).results()
            .map(found -> found.group(1)).filter(status -> !status.equals("400"))).isEmpty();
      }
    }
    assertThat(MERCHANT.stored()).isZero();
    assertThat(errors()).as("lines of errors and stack traces").isEqualTo(before);
  }

  private static long errors() {
    return ApiSite.gateway().logText().lines()
        .filter(line -> line.contains("level=ERROR") || line.startsWith("\tat ")).count();
  }

  @ParameterizedTest
  @ValueSource(strings = {"Transfer-Encoding: chunked\r\n", "transfer-encoding: CHUNKED\r\n"})
  void body_inChunks_isTaken(String coding) {
    var merchant = TestMerchant.create();
    try (var http = new RawHttp()) {
      assertThat(http.send(chunked(coding).replace(MERCHANT.key(), merchant.key())).answer().status())
          .isEqualTo(202);
      assertThat(http.send(SECOND).answer().status()).isEqualTo(200);
    }
  }

  /** It is never idle, and never done. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 3})
  void head_thatDropsIn_closesTheConnection(int before) throws InterruptedException {
    try (var http = new RawHttp()) {
      for (int i = 0; i < before; i++) assertThat(http.send(SECOND).answer().status()).isEqualTo(200);
      long begun = System.nanoTime();
      String head = "GET /openapi.yaml HTTP/1.1\r\nX: " + "x".repeat(100);
      int sent = 0;
      try {
        while (sent < head.length()) {
          http.send(head.substring(sent, ++sent));
          if (http.next(100) == Reaction.CLOSED) break;
        }
      } catch (java.io.UncheckedIOException closed) {
        assertThat(sent).isPositive();
      }
      long tookMs = (System.nanoTime() - begun) / 1_000_000;
      assertThat(tookMs).isBetween(ApiSite.REQUEST_TIMEOUT_MS / 2, ApiSite.REQUEST_TIMEOUT_MS + 3_000);
    }
  }

  /** Longer than the head may take, and less than a connection may be idle. */
  @Test
  void connection_thatRests_servesTheNextRequest() throws InterruptedException {
    try (var http = new RawHttp()) {
      for (int i = 0; i < 2; i++) {
        assertThat(http.send(SECOND).answer().status()).isEqualTo(200);
        Thread.sleep(ApiSite.REQUEST_TIMEOUT_MS + 300);
      }
      assertThat(http.send(SECOND.substring(0, 10)).next(200)).isEqualTo(Reaction.NOTHING);
      assertThat(http.send(SECOND.substring(10)).answer().status()).isEqualTo(200);
    }
  }
}
