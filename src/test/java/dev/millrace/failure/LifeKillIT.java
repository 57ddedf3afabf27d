package dev.millrace.failure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * A processor that dies at every step of every kind of provider call, once for each. The one that comes after it has to
 * find out what was done, without being told by webhooks, and finish it: once.
 */
class LifeKillIT {
  private static final List<String> POINTS = List.of("before_intent", "after_intent", "during_call",
      "answered",
      "recorded");
  private static final List<String> KINDS = List.of("charge", "capture", "cancel", "refund");
  private static final Duration DEATH = Duration.ofSeconds(20);
  private int processes;

  @Test
  void processor_killedAtEachStepOfEachKind_doesEverythingOnce() {
    try (var site = Site.on(TestServers.shared())) {
      var life = Life.on(site, Map.of("MILLRACE_ROLES", "api,relay,settlement,ops"));
      Book.settings(site, new JsonObject().put("webhooks", false));
      var processor = processor(site, "");
      var authorized = new ArrayList<String>();
      var charged = new ArrayList<String>();
      for (int i = 0; i < 2 * (POINTS.size() + 1); i++)
        authorized.add(life.authorize("pm_card_visa", "usd", 500));
      for (int i = 0; i < POINTS.size() + 1; i++) charged.add(life.charge("pm_card_visa", "usd", 500));
      processor.kill();
      var expected = new HashMap<String, String>();
      for (String point : POINTS) {
        // One kind after the other, so that what is left of one is not finished by a process that dies of the same.
        for (String kind : KINDS) {
          var doomed = processor(site, kind + "." + point);
          String id = ask(life, kind, authorized, charged, "pm_card_visa", expected);
          Await.until(DEATH, "dies at " + kind + "." + point + " of " + id, () -> !doomed.alive());
        }
      }
      killedAfterTheProviderDidIt(site, life, expected);
      killedBeforeTheAnswer(site, life, charged.removeLast());
      processor(site, "");
      expected.forEach(life::await);
      life.assertConsistent();
      assertThat(life.attempts(expected.keySet().iterator().next())).isNotEmpty();
      assertThat(site.number("SELECT count(*) FROM operation WHERE status <> 'succeeded'")).isZero();
    }
  }

  /** The provider has done it and says nothing; the processor dies while it waits. */
  private void killedAfterTheProviderDidIt(Site site, Life life, Map<String, String> expected) {
    var waiting = processor(site, "");
    var ids = List.of(life.authorize("pm_sim_ops_hang", "usd", 500),
        life.authorize("pm_sim_ops_hang", "usd", 500),
        life.charge("pm_sim_ops_hang", "usd", 500), life.pay("pm_sim_charge_then_hang", "usd", 500, ""));
    life.ask(ids.get(0), "capture", "{}");
    life.ask(ids.get(1), "cancel", "{}");
    life.ask(ids.get(2), "refunds", "{}");
    Await.until(DEATH, "the provider has done all of it", () -> Book.of(site).silent() >= 4);
    waiting.kill();
    expected.putAll(Map.of(ids.get(0), "settled", ids.get(1), "voided", ids.get(2), "refunded", ids.get(3),
        "settled"));
  }

  /** The refund is durable and its caller does not know: the same request is answered as if nothing had happened. */
  private static void killedBeforeTheAnswer(Site site, Life life, String id) {
    var settings = new HashMap<>(Life.SETTINGS);
    settings.put("JAVA_TOOL_OPTIONS", "-Dmillrace.fault-point=operation.before_answer");
    var doomed = site.start("api", settings);
    String path = "/v1/payments/" + id + "/refunds";
    assertThatThrownBy(
        () -> Http.send("POST", doomed.apiUrl() + path, life.headers("unanswered"), "{\"amount\":100}"))
        .isInstanceOf(UncheckedIOException.class);
    var again = life.post(path, "unanswered", "{\"amount\":100}");
    assertThat(again.status()).as(again.body()).isEqualTo(202);
    assertThat(again.header("Idempotent-Replayed")).isEqualTo("true");
    assertThat(life.get(path).json().getJsonArray("data")).hasSize(1);
  }

  private static String ask(Life life, String kind, List<String> authorized, List<String> charged,
      String method,
      Map<String, String> expected) {
    String id = switch (kind) {
      case "charge" -> life.pay(method, "usd", 500, "");
      case "refund" -> charged.removeLast();
      default -> authorized.removeLast();
    };
    switch (kind) {
      case "capture" -> life.ask(id, "capture", "{\"amount\":400}");
      case "cancel" -> life.ask(id, "cancel", "{}");
      case "refund" -> life.ask(id, "refunds", "{\"amount\":200}");
      default -> {
      }
    }
    expected.put(id, switch (kind) {
      case "cancel" -> "voided";
      case "refund" -> "partially_refunded";
      default -> "settled";
    });
    return id;
  }

  /** A processor that dies at this point. It reads the topic from its beginning: nobody waits for its predecessor. */
  private GatewayProcess processor(Site site, String point) {
    var settings = new HashMap<>(Life.SETTINGS);
    settings.put("MILLRACE_PROCESSOR_GROUP", site.topic() + "-" + processes++);
    if (!point.isEmpty()) settings.put("JAVA_TOOL_OPTIONS", "-Dmillrace.fault-point=" + point);
    return site.start("processor", settings);
  }
}
