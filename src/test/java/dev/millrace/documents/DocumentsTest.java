package dev.millrace.documents;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What documents name exists, and the check that says so finds what does not. */
class DocumentsTest {
  private static final Repository REPOSITORY = new Repository();
  private static final int README_BYTES_MAX = 12 * 1024;

  static List<Document> documents() { return Document.all(); }

  @ParameterizedTest
  @MethodSource("documents")
  void document_namesOnlyWhatExists(Document document) {
    assertThat(new NameCheck(REPOSITORY).faults(document)).isEmpty();
  }

  @Test
  void readme_isShort_andNamesTheTwoCommands() {
    var readme = Document.read(Path.of("README.md"));
    assertThat(readme.text().getBytes(java.nio.charset.StandardCharsets.UTF_8).length)
        .isLessThanOrEqualTo(README_BYTES_MAX);
    assertThat(readme.codeWords()).contains("mvn -q compile exec:exec", "mvn -B verify");
  }

  @Test
  void pages_areInTheMenuOfTheSite_orInTheListOfDecisions() {
    String menu = Document.read(Path.of("src/site/site.xml")).text();
    var decisions = Document.page("decisions").links();
    for (var page : Document.manual()) {
      if (!page.ofTheSite() || page.path().endsWith("index.md")) continue;
      String name = Path.of("src/site/markdown").relativize(page.path()).toString();
      if (name.startsWith("decisions/")) assertThat(decisions).contains(name);
      else assertThat(menu).contains("href=\"" + name.replace(".md", ".html") + "\"");
    }
  }

  /** One broken sample of each kind, on a page of the site, and what is said of it. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {
      "see `api/Operations`                     | path: api/Operations",
      "see `payment/Transition.java`            | path: payment/Transition.java",
      "see `config/milrace.yaml`                | path: config/milrace.yaml",
      "see `milrace.yaml`                       | path: milrace.yaml",
      "see `src/main/avro/<event>.avro/x`       | path: src/main/avro/<event>.avro/x",
      "see `OperationEndpoint`                  | class: OperationEndpoint",
      "see `Transition`                         | class: Transition",
      "see `dev.millrace.paymentz`              | package or class: dev.millrace.paymentz",
      "see `dev.millrace.provider.<name>.X`     | package or class: dev.millrace.provider.<name>.X",
      "set `limits.unsetled`                    | setting: limits.unsetled",
      "set `provider.<account>.time-out`        | setting: provider.<account>.time-out",
      "set MILLRACE_API_PROT                    | environment variable: MILLRACE_API_PROT",
      "hear `payment.conformed`                 | event or setting: payment.conformed",
      "hear `settlement.postd`                  | event or setting: settlement.postd",
      "call `GET /v1/payment/{id}`              | route: GET /v1/payment/{id}",
      "call `/ops/dead-letters/{id}/replays`    | route: /ops/dead-letters/{id}/replays",
      "watch millrace_queue_deep                | metric: millrace_queue_deep",
      "give -Dmillrace.chaos.sead=1             | system property: millrace.chaos.sead",
      "answers `queue_fulll`                    | name: queue_fulll",
      "pay by `pm_card_vise`                    | payment method: pm_card_vise",
      "see [that](operat.md)                    | file: operat.md",
      "see [that](../../../README.md)           | page of the site: ../../../README.md",
      "see [that](states.md#moves)              | anchor on the site, which makes its own: states.md#moves",
      "see [that](https://docs.millrace.dev/x)  | address: https://docs.millrace.dev/x"})
  void sample_broken_isFound(String text, String fault) {
    assertThat(faults("src/site/markdown/sample.md", text))
        .containsExactly("src/site/markdown/sample.md: no such " + fault);
  }

  @Test
  void sample_brokenAnchorOrBlock_isFound() {
    assertThat(faults("SAMPLE.md", "see [here](#there), [there](README.md#nowhere)\n\n# There it is\n"))
        .containsExactly("SAMPLE.md: no such anchor: #there", "SAMPLE.md: no such anchor: README.md#nowhere");
    assertThat(faults("SAMPLE.md", "so:\n\n```\nls\n```\n"))
        .containsExactly("SAMPLE.md: no such block without a tag that says what it is: line 3");
  }

  /**
   * What is right of each kind is left alone, so that the broken samples fail for the reason that is given.
   */
  @Test
  void sample_right_isLeftAlone() {
    assertThat(faults("SAMPLE.md",
        """
          `payment/Transitions.java` `payment/Transitions` `config/millrace.yaml` `src/main/avro/<event>.avsc`
          `pom.xml` `Transitions` `dev.millrace.payment` `dev.millrace.provider.<name>` `limits.unsettled`
          `provider.<account>.url` MILLRACE_API_PORT `payment.confirmed` `payment.*` `settlement.posted`
          `settlement.interval` `GET /v1/payments/{id}` `/ops/work` millrace_queue_depth millrace_queue_rejected_total
          -Dmillrace.chaos=all
          `queue_full` `pm_card_visa` [that](README.md#make-a-payment) [here](#so-it-is) `target/site`

          # So it is

          ```sh
          ls
          ```
          """))
        .isEmpty();
  }

  private static List<String> faults(String path, String text) {
    return new NameCheck(REPOSITORY).faults(new Document(Path.of(path), text));
  }

  /**
   * Who is woken by a line of the log looks its name up: each alert of the code stands in the page, and no
   * other.
   */
  @Test
  void alerts_areThoseOfTheCode() {
    var documented = Document.page("monitor").table("alert").stream()
        .flatMap(row -> Document.code(row.getFirst()).stream())
        .collect(Collectors.toCollection(TreeSet::new));
    assertThat(documented).isEqualTo(Alerts.ofTheCode());
  }
}
