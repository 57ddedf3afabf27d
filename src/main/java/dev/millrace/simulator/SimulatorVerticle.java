package dev.millrace.simulator;

import dev.millrace.simulator.adyen.AdyenAnswers;
import dev.millrace.simulator.adyen.AdyenApi;
import dev.millrace.simulator.adyen.AdyenIds;
import dev.millrace.simulator.adyen.AdyenNotifications;
import dev.millrace.simulator.bank.BankAnswers;
import dev.millrace.simulator.bank.BankApi;
import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookIds;
import dev.millrace.simulator.book.MovementQueue;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.control.Arrivals;
import dev.millrace.simulator.control.BookPages;
import dev.millrace.simulator.control.ControlPages;
import dev.millrace.simulator.control.ManualEvents;
import dev.millrace.simulator.control.PaymentReport;
import dev.millrace.simulator.control.ScheduledEffects;
import dev.millrace.simulator.settings.CurrentSettings;
import dev.millrace.simulator.stripe.StripeAnswers;
import dev.millrace.simulator.stripe.StripeApi;
import dev.millrace.simulator.webhook.WebhookDispatch;
import dev.millrace.simulator.webhook.WebhookEndpoint;
import dev.millrace.simulator.webhook.WebhookQueue;
import dev.millrace.simulator.webhook.WebhookTarget;
import dev.millrace.simulator.wire.CallExecutor;
import dev.millrace.simulator.wire.PayerPages;
import dev.millrace.simulator.wire.WireAnswers;
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
final class SimulatorVerticle extends VerticleBase {
  private static final Logger LOG = LoggerFactory.getLogger(SimulatorVerticle.class);
  private static final int HEADER_BYTES_MAX = 8 * 1024;
  private static final int REQUEST_LINE_BYTES_MAX = 4 * 1024;

  private final SimulatorOptions options;
  private final RandomGenerator dice;
  private final InstantSource clock;
  private @Nullable Book book;
  private @Nullable WebhookDispatch dispatch;
  private @Nullable ScheduledEffects effects;
  private @Nullable HttpServer server;
  private volatile int port;

  SimulatorVerticle(SimulatorOptions options, RandomGenerator dice, InstantSource clock) {
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
    if (effects != null) {
      effects.close();
    }
    return dispatch == null ? Future.succeededFuture() : dispatch.close();
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

  private SimulatorEndpoints endpoints(Book opened) {
    var ids = new BookIds(opened.id());
    var adyenIds = new AdyenIds(ids);
    WebhookTarget adyenTarget = options.webhooks().get(Wire.ADYEN);
    var stripe = new StripeAnswers(opened, ids);
    var adyen = new AdyenAnswers(opened, adyenIds,
        new AdyenNotifications(adyenIds, adyenTarget == null ? null : adyenTarget.secret()));
    var bank = new BankAnswers(opened, ids);
    Map<Wire, WireAnswers> wires = Map.of(Wire.STRIPE, stripe, Wire.ADYEN, adyen, Wire.BANK, bank);
    var settings = new CurrentSettings(options.settings());
    var movements = new MovementQueue(opened);
    var telling = follow(opened, wires, movements, settings);
    var calls = new CallExecutor(vertx, opened, movements, settings, dice, clock);
    var line = new PaymentReport(wires);
    var arrivals = new Arrivals(clock);
    var pages = new ControlPages(opened, new BookPages(opened, line, context), settings, telling,
        new ManualEvents(opened, line, wires, movements, clock), arrivals, calls.faults());
    return new SimulatorEndpoints(new StripeApi(calls, opened, ids, stripe),
        new AdyenApi(calls, opened, adyenIds, adyen), new BankApi(calls, opened, ids, bank), wires,
        new PayerPages(opened, movements, clock, List.of(stripe, adyen)), pages, options.apiKey(),
        settings, arrivals);
  }

  /** Has everything that becomes durable told, and what comes of it come. */
  private WebhookDispatch follow(Book opened, Map<Wire, WireAnswers> wires, MovementQueue movements,
      CurrentSettings settings) {
    var telling = new WebhookDispatch(opened, webhooks(wires));
    var coming = new ScheduledEffects(vertx, opened, movements, settings, clock);
    opened.listen(line -> telling.tell(line, settings.now().webhooks()));
    opened.listen(coming::follow);
    coming.resume();
    dispatch = telling;
    effects = coming;
    return telling;
  }

  private Map<Wire, WebhookQueue> webhooks(Map<Wire, WireAnswers> wires) {
    var webhooks = new EnumMap<Wire, WebhookQueue>(Wire.class);
    wires.forEach((wire, answers) -> {
      WebhookTarget target = options.webhooks().get(wire);
      WebhookEndpoint endpoint = target == null ? null : new WebhookEndpoint(vertx, wire, target, clock);
      webhooks.put(wire, new WebhookQueue(vertx, endpoint, answers, dice, clock, WebhookQueue::retryMs));
    });
    return webhooks;
  }
}
