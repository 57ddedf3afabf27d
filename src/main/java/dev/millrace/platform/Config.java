package dev.millrace.platform;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The settings of one process: the built-in {@code config/millrace.yaml}, overlaid by a file of the user's,
 * overlaid by the environment. The built-in file decides which keys there are and, by the form of its values,
 * their types: integer, decimal, boolean, duration ({@code 2s}), list, text. Immutable once loaded; every
 * value has been checked against its type, so the getters cannot fail for a key that stands in the file.
 */
public final class Config {
  private static final ObjectMapper YAML = new ObjectMapper(
      YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());
  private static final String ACCOUNTS = "provider.accounts";
  private static final String DEFAULTS = "provider.defaults.";
  private static final Pattern ACCOUNT = Pattern.compile("([a-z][a-z0-9-]{0,30})(?:=([a-z][a-z0-9]{0,30}))?");
  private static final Pattern DURATION = Pattern.compile("(\\d{1,9})(ms|s|m|h|d)");

  private enum Kind {
    INTEGER("an integer"),
    DECIMAL("a decimal number"),
    BOOLEAN("true or false"),
    DURATION(
        "a duration such as 500ms, 2s, 5m, 1h or 30d"),
    DURATIONS(
        "a list of durations such as [2s, 20s]"),
    LIST("a list"),
    TEXT("a text");

    final String words;

    Kind(String words) { this.words = words; }
  }

  private final Map<String, Kind> kinds = new LinkedHashMap<>();
  private final Map<String, String> values = new LinkedHashMap<>();
  /** Where a key without a value of its own takes it from. */
  private final Map<String, String> inherited = new LinkedHashMap<>();

  private Config() {}

  /**
   * Loads the defaults, then the file that {@code MILLRACE_CONFIG} names, if any, then every
   * {@code MILLRACE_…} variable of {@code environment}.
   *
   * @throws ConfigException for a key that does not exist or a value of the wrong type
   */
  public static Config load(Map<String, String> environment) {
    var config = new Config();
    try (InputStream in = Config.class.getResourceAsStream("/config/millrace.yaml")) {
      config.declare("",
          YAML.readTree(Objects.requireNonNull(in, "config/millrace.yaml is not on the class path")));
    } catch (IOException e) {
      throw new ConfigException("built-in config/millrace.yaml: " + e.getMessage());
    }
    String file = environment.get("MILLRACE_CONFIG");
    JsonNode own = file == null ? null : read(Path.of(file));
    config.declareAccounts(own, environment);
    if (own != null) config.overlay("", own, String.valueOf(file));
    config.overlay(environment);
    return config;
  }

  /**
   * Which accounts at providers there are decides which keys there are: each has every key of
   * {@code provider.defaults}, and takes what it does not set itself from the account that is named like its
   * connector, or from those defaults.
   */
  private void declareAccounts(@Nullable JsonNode own, Map<String, String> environment) {
    String named = environment.get(variable(ACCOUNTS));
    if (named == null && own != null && own.at("/provider/accounts").isArray())
      named = text(own.at("/provider/accounts"));
    var defaults = kinds.keySet().stream().filter(k -> k.startsWith(DEFAULTS))
        .map(k -> k.substring(DEFAULTS.length())).toList();
    var all = new ArrayList<>(accounts(named == null ? get(ACCOUNTS) : named).entrySet());
    // Those that others take settings from come first.
    all.sort(Comparator.comparing(a -> !a.getKey().equals(a.getValue())));
    all.forEach(entry -> {
      String account = entry.getKey();
      for (String setting : defaults) {
        String key = "provider." + account + "." + setting;
        String parent = "provider." + entry.getValue() + "." + setting;
        if (kinds.containsKey(key)) continue;
        inherited.put(key, kinds.containsKey(parent) ? parent : DEFAULTS + setting);
        kinds.put(key, Objects.requireNonNull(kinds.get(DEFAULTS + setting)));
      }
    });
    var variables = new HashMap<String, String>();
    for (String key : kinds.keySet()) {
      String other = variables.put(variable(key), key);
      if (other != null)
        throw new ConfigException("`" + ACCOUNTS + "` names accounts of which `" + other + "` and `" + key
            + "` would be one environment variable, " + variable(key) + ": name one of them otherwise");
    }
  }

  private static Map<String, String> accounts(String list) {
    var accounts = new LinkedHashMap<String, String>();
    for (String entry : list.split(",")) {
      if (entry.isBlank()) continue;
      Matcher m = ACCOUNT.matcher(entry.trim());
      if (!m.matches() || m.group(1).equals("defaults") || m.group(1).equals("accounts"))
        throw new ConfigException("`" + ACCOUNTS + "` names `" + entry.trim()
            + "`; an account is `<connector>` or `<name>=<connector>`, in lower-case letters, digits and `-`");
      String connector = m.group(2) == null ? m.group(1) : m.group(2);
      if (accounts.put(m.group(1), connector) != null)
        throw new ConfigException("`" + ACCOUNTS + "` names `" + m.group(1) + "` twice");
    }
    return accounts;
  }

  /** The accounts at providers, each with the name of its connector, in their order. */
  public Map<String, String> accounts() {
    return accounts(get(ACCOUNTS));
  }

  private void declare(String prefix, JsonNode node) {
    for (var field : node.properties()) {
      String key = prefix + field.getKey();
      if (field.getValue().isObject()) {
        declare(key + ".", field.getValue());
      } else {
        kinds.put(key, kindOf(field.getValue()));
        values.put(key, text(field.getValue()));
      }
    }
  }

  private static Kind kindOf(JsonNode value) {
    if (value.isArray()) {
      return !value.isEmpty() && DURATION.matcher(value.get(0).asText()).matches()
          ? Kind.DURATIONS
          : Kind.LIST;
    }
    if (value.isIntegralNumber()) return Kind.INTEGER;
    if (value.isNumber()) return Kind.DECIMAL;
    if (value.isBoolean()) return Kind.BOOLEAN;
    return DURATION.matcher(value.asText()).matches() ? Kind.DURATION : Kind.TEXT;
  }

  private static String text(JsonNode value) {
    if (!value.isArray()) return value.asText();
    var items = new ArrayList<String>();
    value.forEach(item -> items.add(item.asText()));
    return String.join(",", items);
  }

  private static JsonNode read(Path file) {
    try {
      return YAML.readTree(Files.readString(file, StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new ConfigException(file + ": not valid YAML: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new ConfigException(file + " (from MILLRACE_CONFIG): cannot be read: " + e.getMessage());
    }
  }

  private void overlay(String prefix, JsonNode node, String source) {
    if (node.isMissingNode() || node.isNull()) return; // a file of comments alone
    if (!node.isObject())
      throw new ConfigException(source + ": must hold keys and values, as config/millrace.yaml does");
    for (var field : node.properties()) {
      String key = prefix + field.getKey();
      if (kinds.containsKey(key)) {
        set(key, field.getValue(), source);
      } else
        if (field.getValue().isObject() && kinds.keySet().stream().anyMatch(k -> k.startsWith(key + "."))) {
          overlay(key + ".", field.getValue(), source);
        } else {
          throw new ConfigException(
              source + ": unknown key `" + key + "`" + nearest(key) + "; see config/millrace.yaml");
        }
    }
  }

  private void overlay(Map<String, String> environment) {
    var keys = new LinkedHashMap<String, String>();
    kinds.keySet().forEach(key -> keys.put(variable(key), key));
    environment.forEach((name, value) -> {
      if (!name.startsWith("MILLRACE_") || name.equals("MILLRACE_CONFIG")) return;
      String key = keys.get(name);
      if (key == null) {
        throw new ConfigException(
            "environment: unknown variable " + name + ": no such key; see config/millrace.yaml");
      }
      set(key, value, "environment variable " + name, true);
    });
  }

  private static String variable(String key) {
    return "MILLRACE_" + key.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_');
  }

  private String nearest(String key) {
    String name = key.substring(key.lastIndexOf('.') + 1);
    return kinds.keySet().stream().filter(k -> k.endsWith("." + name) || k.equals(name)).findFirst()
        .map(k -> " (did you mean `" + k + "`?)").orElse("");
  }

  private void set(String key, JsonNode value, String source) {
    Kind kind = Objects.requireNonNull(kinds.get(key));
    boolean list = kind == Kind.LIST || kind == Kind.DURATIONS;
    if (value.isNull() || value.isObject() || value.isArray() != list) {
      throw new ConfigException(source + ": `" + key + "` must be " + kind.words + ", not `"
          + (value.isContainerNode() ? value.toString() : value.asText()) + "`");
    }
    set(key, text(value), source, list);
  }

  private void set(String key, String value, String source, boolean listAllowed) {
    Kind kind = Objects.requireNonNull(kinds.get(key));
    String trimmed = value.trim();
    if (!fits(kind, trimmed, listAllowed)) {
      throw new ConfigException(source + ": `" + key + "` must be " + kind.words + ", not `" + value + "`");
    }
    values.put(key, trimmed);
  }

  private static boolean fits(Kind kind, String value, boolean listAllowed) {
    return switch (kind) {
      case INTEGER -> value.matches("\\d{1,18}");
      case DECIMAL -> value.matches("\\d{1,9}(\\.\\d{1,9})?");
      case BOOLEAN -> value.equals("true") || value.equals("false");
      case DURATION -> DURATION.matcher(value).matches();
      case DURATIONS ->
        listAllowed && Arrays.stream(value.split(",")).allMatch(v -> DURATION.matcher(v.trim()).matches());
      case LIST -> listAllowed;
      case TEXT -> true;
    };
  }

  private String get(String key) {
    String value = values.get(key);
    String parent = inherited.get(key);
    if (value == null && parent != null) return get(parent);
    if (value == null) throw new IllegalArgumentException("no key `" + key + "` in config/millrace.yaml");
    return value;
  }

  /** A text; may be empty. */
  public String text(String key) { return get(key); }

  /** A non-negative integer that fits an {@code int}. */
  public int integer(String key) {
    long value = Long.parseLong(get(key));
    if (value > Integer.MAX_VALUE) throw new ConfigException("`" + key + "` is too large: " + value);
    return (int) value;
  }

  /** An integer of at least one. */
  public int positive(String key) {
    int value = integer(key);
    if (value < 1) throw new ConfigException("`" + key + "` must be at least 1, not " + value);
    return value;
  }

  /** A TCP port, 0 (any free one) to 65535. */
  public int port(String key) {
    int value = integer(key);
    if (value > 65_535) throw new ConfigException("`" + key + "` must be a port (0 to 65535), not " + value);
    return value;
  }

  public double decimal(String key) { return Double.parseDouble(get(key)); }

  public boolean flag(String key) { return Boolean.parseBoolean(get(key)); }

  public Duration duration(String key) { return parse(get(key)); }

  public long millis(String key) { return duration(key).toMillis(); }

  public List<Duration> durations(String key) {
    return Arrays.stream(get(key).split(",")).map(v -> parse(v.trim())).toList();
  }

  public List<String> list(String key) {
    return Arrays.stream(get(key).split(",")).map(String::trim).filter(v -> !v.isEmpty()).toList();
  }

  /**
   * A list that is more than texts: what {@code read} makes of it. What that refuses is refused under the
   * key's name.
   */
  public <T> T rules(String key, Function<List<String>, T> read) {
    try {
      return read.apply(list(key));
    } catch (IllegalArgumentException e) {
      throw new ConfigException("`" + key + "`: " + e.getMessage());
    }
  }

  private static Duration parse(String value) {
    var m = DURATION.matcher(value);
    if (!m.matches()) throw new IllegalStateException("not a duration: " + value);
    long n = Long.parseLong(m.group(1));
    return switch (m.group(2)) {
      case "ms" -> Duration.ofMillis(n);
      case "s" -> Duration.ofSeconds(n);
      case "m" -> Duration.ofMinutes(n);
      case "h" -> Duration.ofHours(n);
      default -> Duration.ofDays(n);
    };
  }
}
