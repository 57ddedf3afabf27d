package dev.millrace.simulator.webhook;

import static dev.millrace.simulator.WebhookReceiver.countsOf;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.simulator.WebhookReceiver.Webhook;
import dev.millrace.simulator.WebhookReceiver;
import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.PaymentMethod;
import dev.millrace.simulator.book.Terms;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.stripe.StripeAnswers;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import java.nio.file.Path;
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
import org.junit.jupiter.api.io.TempDir;

/** How long a webhook is tried, and how many may wait. */
class WebhookLimitsTest {
  private static final Entry ENTRY = new Entry(0, "ref-1", "key-1", PaymentMethod.of("pm_card_visa"), "usd",
      5,
      1_795_177_850, 0, null, Terms.STRIPE);

  @TempDir
  private Path directory;
  private WebhookReceiver receiver;
  private Loop loop;
  private Book book;

  @BeforeEach
  void start() throws Exception {
    receiver = new WebhookReceiver();
    loop = new Loop();
    book = loop.result(() -> Book.open(loop.vertx(), directory));
  }

  @AfterEach
  void stop() throws Exception {
    loop.result(book::close);
    loop.close();
    receiver.close();
  }

  @Test
  void retries_waitLongerAndLonger() {
    assertThat(IntStream.rangeClosed(1, 19).mapToLong(WebhookQueue::retryMs).toArray())
        .startsWith(1_000, 2_000,
            4_000, 8_000, 16_000, 32_000, 60_000, 60_000)
        .endsWith(60_000, 60_000);
  }

  @Test
  void tries_end() throws Exception {
    receiver.answering((request, n) -> request.response().setStatusCode(503).end());
    WebhookQueue webhooks = webhooks(tries -> 1);
    assertThat(loop.on(() -> webhooks.resend(List.of(ENTRY)))).isEqualTo(1);
    Await.until(Duration.ofSeconds(15), "given up",
        () -> loop.on(webhooks::toJson).getInteger("gave_up") == 1);
    assertThat(loop.on(webhooks::toJson)).isEqualTo(countsOf(0, 20, 0, 0).put("gave_up", 1));
    assertThat(receiver.await(20)).extracting(Webhook::body)
        .containsOnly(receiver.received().getFirst().body());
  }

  @Test
  void overTheLimit_isDropped() throws Exception {
    receiver.answering((request, n) -> {});
    WebhookQueue webhooks = webhooks(WebhookQueue::retryMs);
    int most = WebhookQueue.PENDING_MAX;
    assertThat(loop.on(() -> webhooks.resend(Collections.nCopies(most + 3, ENTRY)))).isEqualTo(most);
    assertThat(loop.on(webhooks::toJson)).isEqualTo(countsOf(0, 0, 0, 0).put("dropped", 3)
        .put("waiting", most - 64).put("in_flight", 64));
    loop.result(webhooks::close);
  }

  private WebhookQueue webhooks(IntToLongFunction retryMs) {
    var clock = InstantSource.system();
    return loop.on(() -> new WebhookQueue(loop.vertx(),
        new WebhookEndpoint(loop.vertx(), Wire.STRIPE,
            new WebhookTarget(receiver.url(), WebhookReceiver.SECRET), clock),
        new StripeAnswers(book, new BookIds(book.id())), new Random(1), clock, retryMs));
  }
}
