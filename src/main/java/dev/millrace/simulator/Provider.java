package dev.millrace.simulator;

import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.http.HttpServer;
import io.vertx.core.http.HttpServerOptions;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the provider together on one event loop: the book, the calls, the webhooks, the HTTP server. */
final class Provider extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(Provider.class);
  private static final int HEADER_BYTES_MAX = 8 * 1024;
  private static final int REQUEST_LINE_BYTES_MAX = 4 * 1024;

  private final SimulatorOptions options;
  private final RandomGenerator dice;
  private final InstantSource clock;
  private @Nullable Book book;
  private @Nullable Notices notices;
  private @Nullable Sequels sequels;
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
    if (sequels != null) {
      sequels.close();
    }
    return notices == null ? Future.succeededFuture() : notices.close();
  }

  private Future<HttpServer> listen(Book opened) {
    var http = new HttpServerOptions().setMaxHeaderSize(HEADER_BYTES_MAX)
        .setMaxInitialLineLength(REQUEST_LINE_BYTES_MAX).setHttp2ClearTextEnabled(false)
        .setHandle100ContinueAutomatically(true).setTcpKeepAlive(true);
    return vertx.createHttpServer(http).requestHandler(endpoints(opened))
        .listen(options.port(), options.host())
        .recover(e -> closeWebhooks().eventually(opened::close)
            .transform(closed -> Future.failedFuture(e)));
  }

  private Endpoints endpoints(Book opened) {
    var ids = new Ids(opened.id());
    var adyenIds = new AdyenIds(ids);
    WebhookTarget adyenTarget = options.webhooks().get(Wire.ADYEN);
    var stripe = new StripeAnswers(opened, ids);
    var adyen = new AdyenAnswers(opened, adyenIds,
        new AdyenNotifications(adyenIds, adyenTarget == null ? null : adyenTarget.secret()));
    var bank = new BankAnswers(opened, ids);
    Map<Wire, Answers> wires = Map.of(Wire.STRIPE, stripe, Wire.ADYEN, adyen, Wire.BANK, bank);
    var settings = new CurrentSettings(options.settings());
    var movements = new Movements(opened);
    var telling = follow(opened, wires, movements, settings);
    var calls = new Calls(vertx, opened, movements, settings, dice, clock);
    var line = new BookLine(wires);
    var arrivals = new Arrivals(clock);
    var pages = new ControlPages(opened, new BookPages(opened, line, context), settings, telling,
        new ByHand(opened, line, movements, clock), arrivals, calls.faults());
    return new Endpoints(new StripeApi(calls, opened, ids, stripe),
        new AdyenApi(calls, opened, adyenIds, adyen), new BankApi(calls, opened, ids, bank), wires,
        new PayerPages(opened, movements, clock, List.of(stripe, adyen)), pages, options.apiKey(),
        settings, arrivals);
  }

  /** Has everything that becomes durable told, and what comes of it come. */
  private Notices follow(Book opened, Map<Wire, Answers> wires, Movements movements,
      CurrentSettings settings) {
    var telling = new Notices(opened, webhooks(wires));
    var coming = new Sequels(vertx, opened, movements, settings, clock);
    opened.listen(line -> telling.tell(line, settings.now().webhooks()));
    opened.listen(coming::follow);
    coming.resume();
    notices = telling;
    sequels = coming;
    return telling;
  }

  private Map<Wire, Webhooks> webhooks(Map<Wire, Answers> wires) {
    var webhooks = new EnumMap<Wire, Webhooks>(Wire.class);
    wires.forEach((wire, answers) -> {
      WebhookTarget target = options.webhooks().get(wire);
      WebhookEndpoint endpoint = target == null ? null : new WebhookEndpoint(vertx, wire, target, clock);
      webhooks.put(wire, new Webhooks(vertx, endpoint, answers, dice, clock, Webhooks::retryMs));
    });
    return webhooks;
  }
}
