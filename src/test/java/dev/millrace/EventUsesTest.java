package dev.millrace;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.payment.PaymentEvent;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/**
 * What one more event of a payment costs: in how many files of {@code src/main} it has to be named, beside
 * schema, API description and the connectors that tell of it. Whoever only needs to know its kind asks for
 * one of the groups in {@code PaymentEvent}.
 */
final class EventUsesTest {
  private static final Path SOURCES = Path.of("src", "main", "java", "dev", "millrace");
  private static final int MOST = 6;
  /** Where every event stands, without its qualified name. */
  private static final Set<String> HOME = Set.of("payment/PaymentEvent.java", "payment/EventType.java",
      "payment/Transitions.java");
  /** Events that others turn on, or that the API shows in a manner of their own. */
  private static final Map<String, Integer> MORE = Map.of("INITIATED", 13, "SCREENED", 8, "SETTLED", 8,
      "LATE_CHARGE", 9, "CONFIRMED", 7, "DECLINED", 8, "REQUIRES_ACTION", 8, "CHARGED_BACK", 7);
  private static final Pattern COMMENT = Pattern.compile("//[^\\n]*|/\\*[\\s\\S]*?\\*/");

  private static Map<String, String> sources() throws IOException {
    var sources = new TreeMap<String, String>();
    try (var files = Files.walk(SOURCES)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".java")).toList()) {
        String name = SOURCES.relativize(file).toString();
        if (!name.startsWith("provider/") && !name.startsWith("simulator/"))
          sources.put(name, COMMENT.matcher(Files.readString(file)).replaceAll(""));
      }
    }
    return sources;
  }

  /** The files that name each event, by its type. */
  private static Map<String, Set<String>> uses() throws IOException {
    var sources = sources();
    var uses = new TreeMap<String, Set<String>>();
    PaymentEvent.records(PaymentEvent.class).forEach((type, record) -> {
      var named = Pattern.compile("\\bPaymentEvent\\." + record.getSimpleName() + "\\b|\\bEventType\\."
          + type.name() + "\\b");
      uses.put(type.name(), sources.entrySet().stream().filter(s -> named.matcher(s.getValue()).find())
          .map(Map.Entry::getKey).collect(Collectors.toCollection(() -> new TreeSet<>(HOME))));
    });
    return uses;
  }

  @Test
  void event_isNamedInFewFiles() throws IOException {
    uses().forEach((type, files) -> assertThat(files).as(type)
        .hasSizeLessThanOrEqualTo(MORE.getOrDefault(type, MOST)));
  }

  @Test
  void exception_isNeeded() throws IOException {
    var uses = uses();
    MORE.forEach((type, files) -> assertThat(uses.get(type)).as(type).hasSize(files));
  }
}
