package dev.millrace.simulator;

import dev.millrace.simulator.PaymentMethod.Script;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Takes payments: at most one entry of the book an idempotency key, whatever clients repeat, and nothing
 * answered that is not on disk. A charge goes on when its client has gone, as at a real provider.
 *
 * @see <a href="https://docs.stripe.com/api/idempotent_requests">Stripe: idempotent requests</a>
 */
final class Charges implements Charge.Desk {
  private static final int KEY_CHARS_MAX = 255;
  private static final int RUNNING_MAX = 50_000;

  private final Ticks ticks;
  private final Book book;
  private final Answers answers;
  private final Webhooks webhooks;
  private final RandomGenerator dice;
  private final InstantSource clock;
  private final SavedFailures failures = new SavedFailures();
  private final Parked parked = new Parked();
  private final Map<String, Charge> inFlight = new HashMap<>();
  private int running;
  private Settings settings;

  Charges(Vertx vertx, Book book, Answers answers, Webhooks webhooks, Settings settings,
      RandomGenerator dice, InstantSource clock) {
    this.ticks = new Ticks(vertx);
    this.book = book;
    this.answers = answers;
    this.webhooks = webhooks;
    this.settings = settings;
    this.dice = dice;
    this.clock = clock;
  }

  Settings settings() {
    return settings;
  }

  /** Holds for payments that begin from now on, and for the webhooks of what becomes durable from now on. */
  void settings(Settings changed) {
    settings = changed;
  }

  /** Answers a {@code POST /v1/payment_intents}, now or later or, where the payment method says so, never. */
  void create(HttpServerRequest request, @Nullable String key, Form form) {
    HttpServerResponse response = request.response();
    long fingerprint = form.fingerprint();
    if (key != null && answeredByKey(response, key, fingerprint)) {
      return;
    }
    switch (ChargeParams.check(form)) {
      case Refusal refusal -> refusal.answer().sendTo(response);
      case ChargeParams params -> begin(new Charge(request, key, fingerprint, params, this));
    }
  }

  private boolean answeredByKey(HttpServerResponse response, String key, long fingerprint) {
    if (key.isEmpty() || key.length() > KEY_CHARS_MAX) {
      Refusal.invalid(null, "Idempotency-Key must have from 1 to " + KEY_CHARS_MAX + " characters.", null)
          .answer().sendTo(response);
      return true;
    }
    Entry entry = book.byKey(key);
    if (entry != null) {
      return answered(response, fingerprint == entry.fingerprint(), true, () -> answers.created(entry));
    }
    Charge underWay = inFlight.get(key);
    if (underWay != null) {
      return answered(response, fingerprint == underWay.fingerprint, false,
          Refusal.keyInUse()::answer);
    }
    Long failed = failures.fingerprint(key);
    return failed != null && answered(response, fingerprint == failed, true,
        Refusal.internalError()::answer);
  }

  private static boolean answered(HttpServerResponse response, boolean sameParameters, boolean replay,
      Supplier<Answer> answer) {
    if (!sameParameters) {
      Refusal.differentParameters().answer().sendTo(response);
    } else if (replay) {
      answer.get().replayTo(response);
    } else {
      answer.get().sendTo(response);
    }
    return true;
  }

  private void begin(Charge charge) {
    if (running >= RUNNING_MAX) {
      Refusal.overloaded("More than " + RUNNING_MAX + " payments are under way.").answer()
          .sendTo(charge.request.response());
      return;
    }
    running++;
    if (charge.key != null) {
      inFlight.put(charge.key, charge);
    }
    int spread = settings.latencyMsMax() - settings.latencyMsMin();
    int delayMs = settings.latencyMsMin() + (spread == 0 ? 0 : dice.nextInt(spread + 1));
    if (charge.params.method().script() == Script.SLOW) {
      delayMs += settings.slowMs();
    }
    if (delayMs > 0) {
      ticks.after(delayMs, charge);
    } else {
      carryOut(charge);
    }
  }

  @Override
  public void carryOut(Charge charge) {
    Script script = charge.params.method().script();
    if (!book.writable()) {
      refuse(charge, Refusal.overloaded("The provider's book cannot be written to."));
    } else if (script == Script.HANG || hit(settings.hangRate())) {
      hang(charge);
    } else if (script == Script.FAIL || hit(settings.failureRate())) {
      if (charge.key != null) {
        failures.save(charge.key, charge.fingerprint);
      }
      refuse(charge, Refusal.internalError());
    } else if (script == Script.CHARGE_THEN_HANG && parked.full()) {
      refuseToPark(charge);
    } else {
      book.append(entry(charge), charge);
    }
  }

  @Override
  public void charged(Charge charge, Entry entry) {
    release(charge);
    // Whatever becomes of the answer.
    webhooks.tell(entry, settings.webhooks());
    if (charge.params.method().script() == Script.CHARGE_THEN_HANG) {
      parked.park(charge.request, () -> {});
    } else {
      answers.created(entry).sendTo(charge.request.response());
    }
  }

  /** Nobody can say whether it was charged, so nothing is said: the key stays taken until the next start. */
  @Override
  public void lost(Charge charge) {
    charge.request.connection().close();
  }

  private void hang(Charge charge) {
    if (parked.full()) {
      refuseToPark(charge);
    } else {
      running--;
      parked.park(charge.request, () -> freeKey(charge));
    }
  }

  private void refuseToPark(Charge charge) {
    refuse(charge,
        Refusal.overloaded("More than " + Parked.REQUESTS_MAX + " requests are waiting for no answer."));
  }

  private void refuse(Charge charge, Refusal refusal) {
    release(charge);
    refusal.answer().sendTo(charge.request.response());
  }

  private void release(Charge charge) {
    running--;
    freeKey(charge);
  }

  private void freeKey(Charge charge) {
    if (charge.key != null) {
      inFlight.remove(charge.key);
    }
  }

  private Entry entry(Charge charge) {
    ChargeParams params = charge.params;
    String reference = params.reference();
    String key = charge.key != null && charge.key.equals(reference) ? reference : charge.key;
    long amount = params.amount() + (params.method().script() == Script.WRONG_AMOUNT ? 1 : 0);
    return new Entry(book.nextOrdinal(), reference, key, params.method(), params.currency(), amount,
        clock.millis() / 1000, charge.fingerprint, params.extras());
  }

  private boolean hit(double rate) {
    return rate > 0 && dice.nextDouble() < rate;
  }
}
