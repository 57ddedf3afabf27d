package dev.millrace.simulator;

import static dev.millrace.simulator.WebhooksTest.counts;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.simulator.WebhookReceiver.Webhook;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.function.IntToLongFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** How long a webhook is tried, and how many may wait. */
class WebhookLimitsTest {
  private static final Entry ENTRY = new Entry(0, "ref-1", "key-1", PaymentMethod.of("pm_card_visa"), "usd",
      5,
      1_795_177_850, 0, null);

  private WebhookReceiver receiver;
  private Loop loop;

  @BeforeEach
  void start() throws Exception {
    receiver = new WebhookReceiver();
    loop = new Loop();
  }

  @AfterEach
  void stop() throws Exception {
    loop.close();
    receiver.close();
  }

  @Test
  void retries_waitLongerAndLonger() {
    assertThat(IntStream.rangeClosed(1, 19).mapToLong(Webhooks::retryMs).toArray()).startsWith(1_000, 2_000,
        4_000, 8_000, 16_000, 32_000, 60_000, 60_000).endsWith(60_000, 60_000);
  }

  @Test
  void tries_end() throws Exception {
    receiver.answering((request, n) -> request.response().setStatusCode(503).end());
    Webhooks webhooks = webhooks(tries -> 1);
    assertThat(loop.on(() -> webhooks.resend(List.of(ENTRY)))).isEqualTo(1);
    Await.until(Duration.ofSeconds(15), "given up",
        () -> loop.on(webhooks::toJson).getInteger("gave_up") == 1);
    assertThat(loop.on(webhooks::toJson)).isEqualTo(counts(0, 20, 0, 0).put("gave_up", 1));
    assertThat(receiver.await(20)).extracting(Webhook::body)
        .containsOnly(receiver.received().getFirst().body());
  }

  @Test
  void overTheLimit_isDropped() throws Exception {
    receiver.answering((request, n) -> {});
    Webhooks webhooks = webhooks(Webhooks::retryMs);
    int most = Webhooks.PENDING_MAX;
    assertThat(loop.on(() -> webhooks.resend(Collections.nCopies(most + 3, ENTRY)))).isEqualTo(most);
    assertThat(loop.on(webhooks::toJson)).isEqualTo(counts(0, 0, 0, 0).put("dropped", 3)
        .put("waiting", most - 64).put("in_flight", 64));
    loop.result(webhooks::close);
  }

  private Webhooks webhooks(IntToLongFunction retryMs) {
    var clock = InstantSource.system();
    return loop.on(() -> new Webhooks(loop.vertx(),
        new WebhookEndpoint(loop.vertx(), receiver.url(), WebhookReceiver.SECRET, clock),
        new Answers("00000000000000"), new Random(1), clock, retryMs));
  }
}
