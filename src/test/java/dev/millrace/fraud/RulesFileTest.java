package dev.millrace.fraud;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RulesFileTest {
  private static final String THRESHOLDS = "review_at_score: 60\nblock_at_score: 100\n";
  private static final String RULE = "{name: a, when: 'true', decision: block}";

  private static void refused(String yaml, String message) {
    assertThatThrownBy(() -> Screener.load(yaml, "rules.yaml", new MemoryVelocityCounters()))
        .isInstanceOf(IllegalArgumentException.class).hasMessage("rules.yaml: " + message);
  }

  private static void refusedRule(String rule, String message) {
    refused(THRESHOLDS
        + "lists: {cards: [pm_1], countries: []}\nvelocity: {v: {by: merchant, window_s: 60}}\nrules:\n- "
        + rule.replace("\n", "\n  ") + "\n", message);
  }

  private static void refusedWhen(String when, String message) {
    refusedRule("name: a\ndecision: block\nwhen: |-\n  " + when.replace("\n", "\n  "),
        "rule 'a': when: " + message);
  }

  private static void refusedVelocity(String velocity, String message) {
    refused(THRESHOLDS + "velocity: {v: " + velocity + "}\nrules: [" + RULE + "]", message);
  }

  @Test
  void file_missing() {
    assertThatThrownBy(() -> Screener.load(Path.of("no/such.yaml"), new MemoryVelocityCounters()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("no/such.yaml: cannot be read: java.nio.file.NoSuchFileException: no/such.yaml");
  }

  @Test
  void file_empty() {
    refused("", "must be a map with the keys lists, velocity, review_at_score, block_at_score, rules");
  }

  @Test
  void file_notYaml() {
    refused("rules: [", "not YAML at line 1, column 9: expected the node content, but found '<stream end>'");
    refused("rules: []\nrules: []", "not YAML at line 2, column 6: Duplicate field 'rules'");
  }

  @Test
  void file_unknownKey() {
    refused("rulez: []",
        "unknown key 'rulez' (known: lists, velocity, review_at_score, block_at_score, rules)");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
    rules: []                                      | review_at_score is missing
    {review_at_score: x}                           | review_at_score must be a whole number from 1 to 1000, not "x"
    {review_at_score: 5, block_at_score: 4}        | review_at_score 5 is above block_at_score 4
    {review_at_score: 5, block_at_score: 5}        | rules must be a list with at least one rule
    {lists: [a]}                                   | lists: must be a map, not ["a"]
    {lists: {a: b}}                                | list 'a': must be a list of texts, not "b"
    {lists: {a: [1]}}                              | list 'a': its entries must be texts, not 1
    {lists: {A-b: []}}  | list 'A-b': a name is 1 to 64 of a-z, 0-9 and _, and starts with a letter
    """)
  void file_badSection(String yaml, String message) {
    refused(yaml, message);
  }

  @Test
  void rule_unknownKey() {
    refusedRule("{name: a, whn: 'true', decision: block}",
        "rule 'a': unknown key 'whn' (known: name, when, decision, score)");
  }

  @Test
  void rule_keyMissing() {
    refusedRule("{when: 'true', decision: block}", "rule 1: name is missing");
    refusedRule("{name: a, decision: block}", "rule 'a': when is missing");
    refusedRule("{name: a, when: 'true'}", "rule 'a': needs either a decision or a score");
    refusedRule("{name: a, when: 'true', score: 1, decision: block}",
        "rule 'a': needs either a decision or a score");
  }

  @Test
  void rule_nameTwice() {
    refused(THRESHOLDS + "rules: [" + RULE + ", " + RULE + "]", "rule 'a': the name is used twice");
  }

  @Test
  void rule_badDecision() {
    refusedRule("{name: a, when: 'true', decision: allow}",
        "rule 'a': decision must be block or review, not \"allow\"");
  }

  @Test
  void rule_badScore() {
    refusedRule("{name: a, when: 'true', score: high}",
        "rule 'a': score must be a whole number from 1 to 1000, not \"high\"");
    refusedRule("{name: a, when: 'true', score: 1.5}",
        "rule 'a': score must be a whole number from 1 to 1000, not 1.5");
    refusedRule("{name: a, when: 'true', score: -1}",
        "rule 'a': score must be a whole number from 1 to 1000, not -1");
  }

  @Test
  void when_notText() {
    refusedRule("{name: a, when: true, decision: block}", "rule 'a': when must be a text, not true");
  }

  @Test
  void when_syntax() {
    refusedWhen("payment.amount > (1", "bad expression at column 20: missing ')' at '<EOF>'");
  }

  @Test
  void when_misspeltField() {
    refusedWhen("true &&\n  payment.amout > 1",
        "bad expression at line 2, column 3: payment has no field 'amout'"
            + " (fields: amount, currency, livemode, merchant, metadata, payment_method)");
  }

  @Test
  void when_noSuchList() {
    refusedWhen("payment.payment_method in lists.card",
        "bad expression at column 27: there is no list 'card' (lists: cards, countries)");
  }

  @Test
  void when_noSuchVelocity() {
    refusedWhen("velocity.w > 1",
        "bad expression at column 1: there is no velocity 'w' (velocities here: v)");
  }

  @Test
  void when_misspeltVariable() {
    refusedWhen("paiment.amount > 1",
        "bad expression at column 1: undeclared reference to 'paiment' (in container '')");
  }

  @Test
  void when_badTypes() {
    refusedWhen("payment.amount", "bad expression at column 8: expected type 'bool' but found 'int'");
    refusedWhen("payment.currency == 3", "bad expression at column 18: found no matching overload for '_==_'"
        + " applied to '(string, int)' (candidates: (%A0, %A0))");
  }

  @Test
  void when_badRegex() {
    refusedWhen("payment.merchant.matches('(')",
        "bad expression at column 26: Regex validation failed. Reason: Unclosed group near index 1 (");
  }

  @Test
  void velocity_badWindow() {
    refusedVelocity("{by: merchant, window_s: 60s}",
        "velocity 'v': window_s must be a whole number from 1 to 86400, not \"60s\"");
    refusedVelocity("{by: merchant, window_s: 0}",
        "velocity 'v': window_s must be a whole number from 1 to 86400, not 0");
    refusedVelocity("{by: merchant}", "velocity 'v': window_s is missing");
  }

  @Test
  void velocity_badSubject() {
    refusedVelocity("{by: currency, window_s: 60}",
        "velocity 'v': by must be merchant or payment_method, not \"currency\"");
  }

  @Test
  void velocity_unknownKey() {
    refusedVelocity("{by: merchant, window: 60}",
        "velocity 'v': unknown key 'window' (known: by, window_s, except)");
  }

  @Test
  void velocity_exceptReferringToVelocity() {
    refusedVelocity("{by: merchant, window_s: 60, except: velocity.v > 1}",
        "velocity 'v': except: bad expression at column 1: there is no velocity 'v' (velocities here: none)");
  }
}
