package dev.millrace.documents;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a command printed, or a document says that it prints, without what differs from run to run:
 * identifiers, secrets, times and lengths become examples of their kind. Two answers are the same when
 * nothing else differs. JSON is compared by its members, whatever its line breaks.
 */
record DocumentedAnswer(List<String> lines, JsonNode json) {
  private static final ObjectMapper JSON = new ObjectMapper()
      .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
  private static final Map<String, String> DIFFERS = Map.of(
      "\\b(pay|att|cor|rev|re|cap|can|req|evt|mer|key|stl|whe|whd)_[0-9a-z]{26}\\b", "$1_x",
      "\\b(pi|re)_[A-Za-z0-9]{20,30}\\b", "$1_x",
      "\\bsk_test_[A-Za-z0-9_-]{32}", "sk_test_x",
      "(?<=\"prefix\":\")sk_test_[A-Za-z0-9_-]{4}(?=\")", "sk_test_p",
      "\\bwhsec_[A-Za-z0-9+/=]+", "whsec_x",
      "\\b[0-9a-f]{32}\\b", "trace",
      "\\b\\d{4}-\\d\\d-\\d\\dT[0-9:.]+Z", "2026-01-01T00:00:00Z",
      "\\b[12]\\d{9}\\b", "1700000000",
      "(?m)^content-length: \\d+$", "content-length: 1");

  /** An answer that is JSON as a whole. */
  static DocumentedAnswer json(String text) {
    return new DocumentedAnswer(List.of(), parse(alike(text)));
  }

  /** An answer in lines. If it is one of HTTP, what comes after the empty line is JSON. */
  static DocumentedAnswer text(String text) {
    String alike = alike(text);
    int body = alike.startsWith("HTTP/") ? alike.indexOf("\n\n") : -1;
    var lines = new ArrayList<>(
        (body < 0 ? alike : alike.substring(0, body)).lines().map(String::stripTrailing)
            .toList());
    while (!lines.isEmpty() && lines.getLast().isEmpty()) lines.removeLast();
    return new DocumentedAnswer(lines, body < 0 ? JSON.nullNode() : parse(alike.substring(body)));
  }

  private static String alike(String text) {
    String alike = text.replace("\r", "");
    for (var kind : DIFFERS.entrySet()) alike = alike.replaceAll(kind.getKey(), kind.getValue());
    return alike;
  }

  private static JsonNode parse(String text) {
    try {
      return JSON.readTree(text);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("not JSON: " + text, e);
    }
  }
}
