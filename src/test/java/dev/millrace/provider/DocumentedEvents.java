package dev.millrace.provider;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** What the documents say of providers' events. */
public final class DocumentedEvents {
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final Pattern ROW = Pattern.compile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|$");

  private DocumentedEvents() {}

  private static String between(String page, String from, String to) {
    try {
      String text = Files.readString(Path.of("src/site/markdown/" + page + ".md"));
      int begin = text.indexOf(from) + from.length();
      return text.substring(begin, text.indexOf(to, begin));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> codes(String text) {
    return CODE.matcher(text).results().map(m -> m.group(1)).toList();
  }

  /** The table of a provider's events: what happened, by the event. */
  public static Map<String, String> happened(String heading, String next) {
    var rows = new LinkedHashMap<String, String>();
    ROW.matcher(between("providers", heading + "\n", "\n" + next)).results()
        .forEach(row -> rows.put(row.group(1), row.group(2)));
    return rows;
  }

  /** Those that are said to be ignored: the codes in parentheses or after a colon of one sentence. */
  public static List<String> ignored(String sentence) {
    return new ArrayList<>(codes(between("providers", sentence, "\n\n")));
  }

  /** The events that an endpoint at Stripe has to be told. */
  public static List<String> subscribed() {
    return codes(between("operate", "At\nStripe it needs these events:", "\n\n"));
  }
}
