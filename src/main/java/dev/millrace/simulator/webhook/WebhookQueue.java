package dev.millrace.simulator.webhook;

import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.settings.WebhookSettings;
import dev.millrace.simulator.wire.CoarseTimers;
import dev.millrace.simulator.wire.WireAnswers;
import io.vertx.core.Future;
import io.vertx.core.Handler;
import io.vertx.core.Vertx;
import io.vertx.core.json.JsonObject;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import java.util.function.IntToLongFunction;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells what happens on a wire by webhooks: late, in any order, some twice and some never, as the settings
 * say. A webhook not answered 2xx is tried again for a quarter of an hour, with the same body; what waits is
 * bounded. Kept in memory only: webhooks of a simulator that is stopped or killed are not sent by the next
 * one, except on request. Owned by one event loop.
 */
public final class WebhookQueue {
  private static final Logger LOG = LoggerFactory.getLogger(WebhookQueue.class);
  static final int PENDING_MAX = 200_000;
  private static final int IN_FLIGHT_MAX = WebhookEndpoint.CONNECTIONS;
  static final int TRIES_MAX = 20;
  private static final long RETRY_MS_MAX = 60_000;
  private static final long WARN_INTERVAL_MS = 10_000;

  private final @Nullable WebhookEndpoint endpoint;
  private final WireAnswers answers;
  private final RandomGenerator dice;
  private final InstantSource clock;
  private final CoarseTimers ticks;
  private final IntToLongFunction retryMs;
  private final Queue<Delivery> due = new ArrayDeque<>();
  private int waiting;
  private int inFlight;
  private boolean sending;
  private boolean closed;
  private long sent;
  private long failedTries;
  private long lost;
  private long duplicated;
  private long dropped;
  private long gaveUp;
  private long warnedMs;

  /**
   * {@code endpoint}: null where nobody is to be told; {@code retryMs}: {@link #retryMs}, but in a test that
   * cannot wait for so long.
   */
  public WebhookQueue(Vertx vertx, @Nullable WebhookEndpoint endpoint, WireAnswers answers,
      RandomGenerator dice,
      InstantSource clock, IntToLongFunction retryMs) {
    this.endpoint = endpoint;
    this.answers = answers;
    this.dice = dice;
    this.clock = clock;
    this.ticks = new CoarseTimers(vertx);
    this.retryMs = retryMs;
  }

  /** Tells a durable line once it is time, unless the settings have it lost, or there is nothing to tell. */
  void tell(BookLine line, WebhookSettings settings) {
    if (endpoint == null || closed || !settings.on()) {
      return;
    }
    for (int number = 0; number < answers.events(line); number++) {
      tell(line, number, settings);
    }
  }

  private void tell(BookLine line, int number, WebhookSettings settings) {
    if (hit(settings.lossRate())) {
      lost++;
      return;
    }
    accept(line, number, delayMs(settings));
    if (hit(settings.duplicateRate()) && accept(line, number, delayMs(settings))) {
      duplicated++;
    }
  }

  /** Tells these lines again, at once and whatever the settings are; gives how many webhooks had room. */
  int resend(List<? extends BookLine> lines) {
    int accepted = 0;
    for (BookLine line : lines) {
      for (int number = 0; on() && number < answers.events(line); number++) {
        accepted += accept(line, number, 0) ? 1 : 0;
      }
    }
    return accepted;
  }

  /** Whether there is anyone to tell. */
  boolean on() {
    return endpoint != null && !closed;
  }

  JsonObject toJson() {
    return new JsonObject().put("sent", sent).put("failed_tries", failedTries).put("lost", lost)
        .put("duplicated", duplicated).put("dropped", dropped).put("gave_up", gaveUp).put("waiting", waiting)
        .put("in_flight", inFlight);
  }

  /** Sends nothing more and cuts what is in flight. */
  Future<Void> close() {
    closed = true;
    ticks.cancel();
    due.clear();
    return endpoint == null ? Future.succeededFuture() : endpoint.close();
  }

  /** Milliseconds between the given try, from 1, and the next: 1 s, twice as long each time, at most 60 s. */
  public static long retryMs(int tries) {
    return Math.min(RETRY_MS_MAX, 1_000L << Math.min(tries - 1, 6));
  }

  private boolean accept(BookLine line, int number, long delayMs) {
    if (waiting + inFlight >= PENDING_MAX) {
      dropped++;
      warn("more than " + PENDING_MAX + " are waiting");
      return false;
    }
    waiting++;
    var delivery = new Delivery(line, number);
    if (delayMs > 0) {
      ticks.after(delayMs, delivery);
    } else {
      delivery.handle(0L);
    }
    return true;
  }

  private void send() {
    // A try may fail at once and call this method again: the loop below takes the next one, not a recursion.
    if (sending || endpoint == null) {
      return;
    }
    sending = true;
    while (inFlight < IN_FLIGHT_MAX && !due.isEmpty()) {
      Delivery delivery = due.remove();
      waiting--;
      inFlight++;
      endpoint.post(answers.event(delivery.line, delivery.number)).onComplete(tried -> {
        inFlight--;
        delivery.tried(tried.succeeded() ? tried.result() : 0, tried.cause());
        send();
      });
    }
    sending = false;
  }

  /** One webhook of a line on its way, or its duplicate; due when its timer goes off. */
  private final class Delivery implements Handler<Long> {
    private final BookLine line;
    private final int number;
    private int tries;

    Delivery(BookLine line, int number) {
      this.line = line;
      this.number = number;
    }

    @Override
    public void handle(Long timer) {
      due.add(this);
      send();
    }

    void tried(int status, @Nullable Throwable failure) {
      if (closed) {
        return;
      }
      if (status >= 200 && status < 300) {
        sent++;
        return;
      }
      failedTries++;
      tries++;
      if (tries == TRIES_MAX) {
        gaveUp++;
      } else {
        waiting++;
        ticks.after(retryMs.applyAsLong(tries), this);
      }
      warn(failure == null ? "answered " + status : String.valueOf(failure.getMessage()));
    }
  }

  private long delayMs(WebhookSettings settings) {
    return upTo(settings.delayMsMax() - settings.delayMsMin()) + settings.delayMsMin()
        + upTo(settings.shuffleMs());
  }

  private long upTo(int ms) {
    return ms == 0 ? 0 : dice.nextInt(ms + 1);
  }

  private boolean hit(double rate) {
    return rate > 0 && dice.nextDouble() < rate;
  }

  /** One line now and then: a receiver that is away fails thousands of them. */
  private void warn(String error) {
    if (clock.millis() - warnedMs >= WARN_INTERVAL_MS) {
      warnedMs = clock.millis();
      LOG.warn("event=webhooks_failing failed_tries={} gave_up={} dropped={} waiting={} error=\"{}\"",
          failedTries, gaveUp, dropped, waiting, error);
    }
  }
}
