package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.form;
import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vertx.core.json.JsonObject;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BookTest {
  @TempDir
  Path directory;

  @Test
  void restart_keepsBookAndReplays() throws Exception {
    String rich = form(700, "pm_card_amex", "ref-3").replace("usd", "eur")
        + "&description=%22a%22%C3%A9%F0%9F%98%80&metadata[order]=7&metadata[b]=%0A";
    HttpResponse<String> charged;
    HttpResponse<String> declined;
    HttpResponse<String> described;
    String book;
    try (var provider = new RunningSimulator(directory)) {
      charged = provider.charge("ref-1", "pm_card_visa");
      declined = provider.charge("ref-2", "pm_card_chargeDeclinedLostCard");
      described = provider.post("key-3", rich);
      book = provider.get("/book").body();
    }
    try (var provider = new RunningSimulator(directory)) {
      assertThat(provider.get("/book").body()).isEqualTo(book);
      assertReplayed(provider.charge("ref-1", "pm_card_visa"), charged);
      assertReplayed(provider.charge("ref-2", "pm_card_chargeDeclinedLostCard"), declined);
      assertReplayed(provider.post("key-3", rich), described);
      assertThat(provider.post("key-3", rich + "1").statusCode()).isEqualTo(400);
      assertThat(provider.charge("ref-4", "pm_card_visa").statusCode()).isEqualTo(200);
      assertThat(provider.summary().getInteger("entries")).isEqualTo(4);
    }
  }

  private static void assertReplayed(HttpResponse<String> replay, HttpResponse<String> first) {
    assertThat(replay.statusCode()).isEqualTo(first.statusCode());
    assertThat(replay.body()).isEqualTo(first.body());
    assertThat(replay.headers().firstValue("idempotent-replayed")).hasValue("true");
  }

  @Test
  void restart_tornLastLineIsCut() throws Exception {
    try (var provider = new RunningSimulator(directory)) {
      provider.charge("ref-1", "pm_card_visa");
    }
    Path file = directory.resolve("book.ndjson");
    byte[] whole = Files.readAllBytes(file);
    Files.writeString(file, "{\"n\":1,\"reference\":\"ref-", StandardOpenOption.APPEND);
    try (var provider = new RunningSimulator(directory)) {
      assertThat(Files.readAllBytes(file)).isEqualTo(whole);
      provider.charge("ref-2", "pm_card_visa");
    }
    try (var provider = new RunningSimulator(directory)) {
      assertThat(references(provider)).containsExactly("ref-1", "ref-2");
    }
  }

  @Test
  void restart_tornFirstLineBeginsABook() throws Exception {
    Files.writeString(directory.resolve("book.ndjson"), "{\"book\":\"abc");
    try (var provider = new RunningSimulator(directory)) {
      assertThat(provider.charge("ref-1", "pm_card_visa").statusCode()).isEqualTo(200);
    }
    assertThat(Files.readAllLines(directory.resolve("book.ndjson"))).hasSize(2);
  }

  @Test
  void restart_brokenLineStops() throws Exception {
    try (var provider = new RunningSimulator(directory)) {
      provider.charge("ref-1", "pm_card_visa");
      provider.charge("ref-2", "pm_card_visa");
    }
    Path file = directory.resolve("book.ndjson");
    List<String> lines = Files.readAllLines(file);
    Files.write(file, List.of(lines.get(0), lines.get(1).substring(20), lines.get(2)));
    assertThatThrownBy(() -> new RunningSimulator(directory)).hasMessageContaining("is broken in line 2")
        .hasMessageContaining(file.toString());
    Files.write(file, List.of(lines.get(0), lines.get(2)));
    assertThatThrownBy(() -> new RunningSimulator(directory))
        .hasMessageContaining("is broken in line 2: n is 1 where 0 follows");
  }

  @ParameterizedTest
  @CsvSource(delimiter = '|', value = {"\"payment\":0,\"kind\":\"theft\",\"amount\":5|theft is unknown",
      "\"payment\":1,\"kind\":\"refund\",\"amount\":5|it refers to a line that does not precede it",
      "\"payment\":0,\"kind\":\"refund_success\",\"amount\":5,\"about\":0|it refers to a line that does not",
      "\"payment\":0,\"kind\":\"refund\"|kind, payment or amount is missing",
      "\"payment\":0,\"kind\":\"refund\",\"amount\":5,\"x\":1|unknown field x"})
  void restart_brokenMovementStops(String members, String message) throws Exception {
    try (var provider = new RunningSimulator(directory)) {
      provider.charge("ref-1", "pm_card_visa");
    }
    Path file = directory.resolve("book.ndjson");
    Files.writeString(file, "{\"m\":0," + members + "}\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> new RunningSimulator(directory)).hasMessageContaining("is broken in line 3: ")
        .hasMessageContaining(message);
  }

  @Test
  void start_bookInUse() throws Exception {
    try (var provider = new RunningSimulator(directory)) {
      assertThat(provider.port()).isPositive();
      assertThatThrownBy(() -> new RunningSimulator(directory)).hasMessageContaining("is in use");
    }
  }

  @Test
  void search_byReference() throws Exception {
    try (var provider = new RunningSimulator(directory)) {
      String id = json(provider.post("key-1", form(5, "pm_card_visa", "ref-1"))).getString("id");
      provider.post("key-2", form(5, "pm_card_chargeDeclined", "ref-1"));
      provider.post("key-3", form(5, "pm_card_visa", "ref-2"));
      JsonObject result = json(provider.search("ref-1"));
      assertThat(result.getString("object")).isEqualTo("search_result");
      assertThat(result.getBoolean("has_more")).isFalse();
      assertThat(result.getString("url")).isEqualTo("/v1/payment_intents/search");
      assertThat(result.getJsonArray("data")).hasSize(2);
      assertThat(result.getJsonArray("data").getJsonObject(1).getString("id")).isEqualTo(id);
      assertThat(json(provider.search("ref-3")).getJsonArray("data")).isEmpty();
      assertThat(provider.get("/v1/payment_intents/search?query=status:1").statusCode()).isEqualTo(400);
      assertThat(provider.get("/v1/payment_intents/search?query=%25zz").statusCode()).isEqualTo(400);
      assertThat(provider.get("/v1/payment_intents/" + id.replace('0', '9')).statusCode()).isEqualTo(404);
    }
  }

  @Test
  void summary_countsDuplicates() throws Exception {
    try (var provider = new RunningSimulator(directory)) {
      for (int i = 0; i < 3; i++) {
        provider.post("key-" + i, form(5, "pm_card_visa", "twice"));
        provider.post("declined-" + i, form(5, "pm_card_chargeDeclined", "never"));
      }
      provider.post("once", "amount=7&currency=EUR&payment_method=pm_card_visa&confirm=true");
      JsonObject byCurrency = new JsonObject()
          .put("eur", new JsonObject().put("captured", 7).put("refunded", 0)
              .put("disputed", 0).put("returned", 0))
          .put("usd", new JsonObject().put("captured", 15).put("refunded", 0)
              .put("disputed", 0).put("returned", 0));
      assertThat(provider.summary()).isEqualTo(new JsonObject().put("entries", 7).put("succeeded", 4)
          .put("declined", 3).put("by_currency", byCurrency).put("duplicate_references", 1)
          .put("requests", 7));
      assertThat(references(provider)).endsWith("once").hasSize(7);
    }
  }

  @Test
  void book_streamsInOrder() throws Exception {
    int entries = 3_000;
    try (var provider = new RunningSimulator(directory)) {
      for (int from = 0; from < entries; from += 100) {
        CompletableFuture.allOf(IntStream.range(from, from + 100)
            .mapToObj(i -> provider.chargeLater("ref-" + i, "pm_card_visa"))
            .toArray(CompletableFuture[]::new))
            .get(20, TimeUnit.SECONDS);
      }
      String[] lines = provider.get("/book").body().split("\n");
      assertThat(lines).hasSize(entries);
      assertThat(lines).isSortedAccordingTo((a, b) -> id(a).compareTo(id(b)));
      assertThat(new JsonObject(lines[0]).fieldNames()).containsExactlyInAnyOrder("reference", "provider_id",
          "wire", "amount", "currency", "amount_authorized", "amount_captured", "amount_refunded",
          "amount_disputed", "amount_returned", "status", "payment_method", "created", "movements");
      assertThat(provider.get("/v1/payment_intents/" + id(lines[entries - 1])).statusCode()).isEqualTo(200);
    }
  }

  private static String id(String line) {
    return new JsonObject(line).getString("provider_id");
  }

  private static List<String> references(RunningSimulator provider) throws Exception {
    return provider.get("/book").body().lines().map(line -> new JsonObject(line).getString("reference"))
        .toList();
  }
}
