package dev.millrace.simulator;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.time.InstantSource;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the provider together on one event loop: the book, the charges, the webhooks, the HTTP server. */
final class Provider extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(Provider.class);
  private static final int HEADER_BYTES_MAX = 8 * 1024;
  private static final int REQUEST_LINE_BYTES_MAX = 4 * 1024;

  private final SimulatorOptions options;
  private final RandomGenerator dice;
  private final InstantSource clock;
  private @Nullable Book book;
  private @Nullable Webhooks webhooks;
  private @Nullable HttpServer server;
  private volatile int port;

  Provider(SimulatorOptions options, RandomGenerator dice, InstantSource clock) {
    this.options = options;
    this.dice = dice;
    this.clock = clock;
  }

  int port() {
    return port;
  }

  @Override
  public Future<?> start() {
    return Book.open(vertx, options.bookDirectory()).compose(opened -> {
      book = opened;
      return listen(opened);
    }).map(listening -> {
      server = listening;
      port = listening.actualPort();
      LOG.info("event=simulator_started port={} book={} entries={}", port, options.bookDirectory(),
          book == null ? 0 : book.size());
      return listening;
    });
  }

  @Override
  public Future<?> stop() {
    Future<Void> cut = server == null ? Future.succeededFuture() : server.close();
    return cut.eventually(this::closeWebhooks)
        .eventually(() -> book == null ? Future.succeededFuture() : book.close());
  }

  private Future<Void> closeWebhooks() {
    return webhooks == null ? Future.succeededFuture() : webhooks.close();
  }

  private Future<HttpServer> listen(Book opened) {
    var answers = new Answers(opened.id());
    var telling = new Webhooks(vertx, webhookEndpoint(), answers, dice, clock, Webhooks::retryMs);
    webhooks = telling;
    var charges = new Charges(vertx, opened, answers, telling, options.settings(), dice, clock);
    var pages = new BookPages(opened, answers, context);
    var endpoints = new Endpoints(charges, opened, answers, pages, telling, options.apiKey());
    var http = new HttpServerOptions().setMaxHeaderSize(HEADER_BYTES_MAX)
        .setMaxInitialLineLength(REQUEST_LINE_BYTES_MAX).setHttp2ClearTextEnabled(false)
        .setHandle100ContinueAutomatically(true).setTcpKeepAlive(true);
    return vertx.createHttpServer(http).requestHandler(endpoints).listen(options.port(), options.host())
        .recover(e -> closeWebhooks().eventually(opened::close)
            .transform(closed -> Future.failedFuture(e)));
  }

  private @Nullable WebhookEndpoint webhookEndpoint() {
    return options.webhookUrl().isEmpty()
        ? null
        : new WebhookEndpoint(vertx, options.webhookUrl(), options.webhookSecret(), clock);
  }
}
