package dev.millrace.fraud;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.error.MarkedYAMLException;

/**
 * Reads a rules file. Whatever is wrong in it is an {@link IllegalArgumentException} whose message is one
 * line: the file, the rule (or list, or velocity) and the problem. Only the first problem is told.
 */
final class RulesFile {
  static final int SCORE_MAX = 1_000;
  static final int RULES_MAX = 1_000;
  static final int WINDOW_S_MAX = 86_400;

  private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_]{0,63}");
  private static final ObjectMapper YAML = new ObjectMapper(
      YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build());

  private final String source;

  private RulesFile(String source) {
    this.source = source;
  }

  static Rules parse(String yaml, String source) {
    return new RulesFile(source).read(yaml);
  }

  private Rules read(String yaml) {
    JsonNode root = tree(yaml);
    onlyKeys(root, "file", "lists", "velocity", "review_at_score", "block_at_score", "rules");
    Map<String, Map<String, Boolean>> lists = lists(root.path("lists"));
    JsonNode velocity = root.path("velocity");
    List<Velocity> velocities = velocities(velocity, new Language(lists.keySet(), Set.of()));
    Set<String> names = velocities.stream().map(Velocity::name).collect(Collectors.toSet());
    int reviewAt = wholeNumber(root, "file", "review_at_score", SCORE_MAX);
    int blockAt = wholeNumber(root, "file", "block_at_score", SCORE_MAX);
    if (reviewAt > blockAt) {
      throw problem("file", "review_at_score " + reviewAt + " is above block_at_score " + blockAt);
    }
    List<Rule> rules = rules(root.path("rules"), new Language(lists.keySet(), names));
    return new Rules(lists, velocities, rules, reviewAt, blockAt);
  }

  private JsonNode tree(String yaml) {
    try {
      return YAML.readTree(yaml);
    } catch (JsonProcessingException malformed) {
      String what = malformed.getCause() instanceof MarkedYAMLException marked
          ? marked.getProblem()
          : malformed.getOriginalMessage();
      var at = malformed.getLocation();
      throw new IllegalArgumentException(source + ": not YAML"
          + (at == null ? "" : " at line " + at.getLineNr() + ", column " + at.getColumnNr()) + ": "
          + what.strip().replaceAll("\\s+", " "), malformed);
    }
  }

  private Map<String, Map<String, Boolean>> lists(JsonNode node) {
    Map<String, Map<String, Boolean>> lists = new HashMap<>();
    for (var list : entries(node, "lists")) {
      String where = "list '" + list.getKey() + "'";
      mustBeName(where, list.getKey());
      if (!list.getValue().isArray()) {
        throw problem(where, "must be a list of texts, not " + list.getValue());
      }
      Map<String, Boolean> values = new HashMap<>();
      for (JsonNode value : list.getValue()) {
        if (!value.isTextual()) {
          throw problem(where, "its entries must be texts, not " + value);
        }
        values.put(value.textValue(), true);
      }
      lists.put(list.getKey(), Map.copyOf(values));
    }
    return Map.copyOf(lists);
  }

  private List<Velocity> velocities(JsonNode node, Language language) {
    List<Velocity> velocities = new ArrayList<>();
    Map<String, Expression> exceptions = new HashMap<>();
    for (var entry : entries(node, "velocity")) {
      String where = "velocity '" + entry.getKey() + "'";
      JsonNode body = entry.getValue();
      mustBeName(where, entry.getKey());
      onlyKeys(body, where, "by", "window_s", "except");
      Velocity.By by = oneOf(body, where, "by", Map.of("merchant", Velocity.By.MERCHANT, "payment_method",
          Velocity.By.PAYMENT_METHOD), "merchant or payment_method");
      int windowSeconds = wholeNumber(body, where, "window_s", WINDOW_S_MAX);
      Expression except = body.has("except")
          ? exceptions.computeIfAbsent(text(body, where, "except"),
              text -> expression(body, where, "except", language))
          : null;
      velocities.add(new Velocity(entry.getKey(), by, windowSeconds, except));
    }
    return List.copyOf(velocities);
  }

  private List<Rule> rules(JsonNode node, Language language) {
    if (!node.isArray() || node.isEmpty()) {
      throw problem("file", "rules must be a list with at least one rule");
    }
    if (node.size() > RULES_MAX) {
      throw problem("file", node.size() + " rules, at most " + RULES_MAX + " are allowed");
    }
    List<Rule> rules = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (JsonNode body : node) {
      Rule rule = rule(body, "rule " + (rules.size() + 1), language);
      if (!names.add(rule.name())) {
        throw problem("rule '" + rule.name() + "'", "the name is used twice");
      }
      rules.add(rule);
    }
    return List.copyOf(rules);
  }

  private Rule rule(JsonNode body, String position, Language language) {
    String name = body.path("name").asText();
    String where = name.isEmpty() ? position : "rule '" + name + "'";
    onlyKeys(body, where, "name", "when", "decision", "score");
    mustBeName(where, text(body, where, "name"));
    if (body.has("decision") == body.has("score")) {
      throw problem(where, "needs either a decision or a score");
    }
    @Nullable
    Decision decision = null;
    int score = 0;
    if (body.has("decision")) {
      decision = oneOf(body, where, "decision", Map.of("block", Decision.BLOCK, "review", Decision.REVIEW),
          "block or review");
    } else {
      score = wholeNumber(body, where, "score", SCORE_MAX);
    }
    return new Rule(name, expression(body, where, "when", language), decision, score);
  }

  private Expression expression(JsonNode body, String where, String key, Language language) {
    String expression = text(body, where, key);
    try {
      return language.compile(source + ": " + where, expression);
    } catch (IllegalArgumentException bad) {
      throw new IllegalArgumentException(source + ": " + where + ": " + key + ": " + bad.getMessage(), bad);
    }
  }

  private Set<Map.Entry<String, JsonNode>> entries(JsonNode node, String where) {
    if (node.isMissingNode() || node.isNull()) {
      return Set.of();
    }
    if (!node.isObject()) {
      throw problem(where, "must be a map, not " + node);
    }
    return node.properties();
  }

  private void onlyKeys(JsonNode node, String where, String... known) {
    if (!node.isObject()) {
      throw problem(where, "must be a map with the keys " + String.join(", ", known));
    }
    for (var entry : node.properties()) {
      if (!Set.of(known).contains(entry.getKey())) {
        throw problem(where,
            "unknown key '" + entry.getKey() + "' (known: " + String.join(", ", known) + ")");
      }
    }
  }

  private void mustBeName(String where, String name) {
    if (!NAME.matcher(name).matches()) {
      throw problem(where, "a name is 1 to 64 of a-z, 0-9 and _, and starts with a letter");
    }
  }

  private String text(JsonNode body, String where, String key) {
    return valueOf(body, where, key,
        value -> value.isTextual() && !value.textValue().isBlank() ? value.textValue() : null,
        "a text");
  }

  private int wholeNumber(JsonNode body, String where, String key, int max) {
    return valueOf(body, where, key,
        value -> value.isInt() && value.intValue() >= 1 && value.intValue() <= max ? value.intValue() : null,
        "a whole number from 1 to " + max);
  }

  private <T> T oneOf(JsonNode body, String where, String key, Map<String, T> values, String expected) {
    return valueOf(body, where, key, value -> values.get(value.asText()), expected);
  }

  private <T> T valueOf(JsonNode body, String where, String key, Function<JsonNode, @Nullable T> read,
      String expected) {
    JsonNode value = body.path(key);
    if (value.isMissingNode()) {
      throw problem(where, key + " is missing");
    }
    T result = read.apply(value);
    if (result == null) {
      throw problem(where, key + " must be " + expected + ", not " + value);
    }
    return result;
  }

  private IllegalArgumentException problem(String where, String problem) {
    return new IllegalArgumentException(source + ": " + (where.equals("file") ? "" : where + ": ") + problem);
  }
}
