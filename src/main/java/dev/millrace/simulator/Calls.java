package dev.millrace.simulator;

import dev.millrace.simulator.Call.Post;
import dev.millrace.simulator.PaymentMethod.Script;
import dev.millrace.simulator.PaymentMethod.Sequel;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpServerResponse;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Carries out the calls that move money, of every wire: at most one line of the book an idempotency key,
 * whatever clients repeat (unless told to forget keys), and nothing answered that is not on disk. A call goes on when its client has gone, as
 * at a real provider.
 *
 * @see <a href="https://docs.stripe.com/api/idempotent_requests">Stripe: idempotent requests</a>
 * @see <a href="https://docs.adyen.com/development-resources/api-idempotency">Adyen: API idempotency</a>
 */
final class Calls implements Call.Desk {
  private static final int KEY_CHARS_MAX = 255;
  private static final int RUNNING_MAX = 50_000;
  private static final int SHARED_MAX = 1_000;

  private final Ticks ticks;
  private final Book book;
  private final Movements movements;
  private final RandomGenerator dice;
  private final InstantSource clock;
  private final CurrentSettings settings;
  private final Map<Wire, Keys> keys = new EnumMap<>(Wire.class);
  private final Map<Terms, Terms> shared = new HashMap<>();
  private final Parked parked = new Parked();
  private final SavedFailures failedOnce = new SavedFailures();
  private final FaultCounts faults = new FaultCounts();
  private int running;

  /** What a wire remembers by idempotency key beside the book. */
  private static final class Keys {
    private final Map<String, Call> inFlight = new HashMap<>();
    private final SavedFailures failures = new SavedFailures();
  }

  Calls(Vertx vertx, Book book, Movements movements, CurrentSettings settings, RandomGenerator dice,
      InstantSource clock) {
    this.ticks = new Ticks(vertx);
    this.book = book;
    this.movements = movements;
    this.settings = settings;
    this.dice = dice;
    this.clock = clock;
    for (Wire wire : Wire.values()) {
      keys.put(wire, new Keys());
    }
  }

  /** Answers a call, now or later or, where the payment method says so, never. */
  void receive(Post post, Supplier<Checked> check) {
    HttpServerResponse response = post.request().response();
    if (hit(settings.now().answers().throttleRate())) {
      faults.throttled++;
      post.answers().throttled().sendTo(response);
      return;
    }
    if (post.key() != null && answeredByKey(post, post.key())) {
      return;
    }
    switch (check.get()) {
      case Refused refused -> refused.answer().sendTo(response);
      case ChargeParams params -> begin(new Call(post, params, this));
      case Act act -> begin(new Call(post, act, this));
    }
  }

  private boolean answeredByKey(Post post, String key) {
    Answers answers = post.answers();
    if (key.isEmpty() || key.length() > KEY_CHARS_MAX) {
      answers.badKey(KEY_CHARS_MAX).sendTo(post.request().response());
      return true;
    }
    Keys known = keys(post);
    if (settings.now().answers().forgetKeys()) {
      if (known.inFlight.containsKey(key) || book.byKey(answers.wire(), key) != null) {
        faults.keysForgotten++;
      }
      return false;
    }
    Call underWay = known.inFlight.get(key);
    if (underWay != null) {
      return answered(post, underWay.post.fingerprint(), false, answers::keyInUse);
    }
    Line line = book.byKey(answers.wire(), key);
    if (line != null) {
      return answered(post, line.fingerprint(), true, () -> answer(post, line));
    }
    Long failed = known.failures.fingerprint(key);
    return failed != null && answered(post, failed, true, answers::internalError);
  }

  private static boolean answered(Post post, long fingerprint, boolean replay, Supplier<Answer> answer) {
    HttpServerResponse response = post.request().response();
    if (post.fingerprint() != fingerprint) {
      post.answers().differentParameters().sendTo(response);
    } else if (replay) {
      answer.get().replayTo(response);
    } else {
      answer.get().sendTo(response);
    }
    return true;
  }

  private Answer answer(Post post, Line line) {
    Entry entry = book.get(line.payment());
    return switch (line) {
      case Entry opened when opened.method().script() == Script.MALFORMED -> Answer.MALFORMED;
      case Entry opened -> post.answers().created(opened, post.expanded());
      case Movement movement when movement.carriedOut()
          && entry.method().sequel() == Sequel.ACTS_MALFORMED && Act.isOperation(movement.kind()) ->
        Answer.MALFORMED;
      case Movement movement -> post.answers().done(movement, post.expanded());
    };
  }

  private void begin(Call call) {
    if (running >= RUNNING_MAX) {
      call.post.answers().overloaded("More than " + RUNNING_MAX + " calls are under way.")
          .sendTo(call.post.request().response());
      return;
    }
    running++;
    if (call.post.key() != null) {
      keys(call.post).inFlight.put(call.post.key(), call);
    }
    Settings now = settings.now();
    int delayMs = between(now.latencyMsMin(), now.latencyMsMax());
    if (call.asked instanceof ChargeParams params && params.method().script() == Script.SLOW) {
      delayMs += now.slowMs();
    }
    if (delayMs > 0) {
      faults.slowed++;
      ticks.after(delayMs, call);
    } else {
      carryOut(call);
    }
  }

  @Override
  public void carryOut(Call call) {
    if (!book.writable()) {
      unwritable(call);
      return;
    }
    switch (call.asked) {
      case ChargeParams params -> charge(call, params);
      case Act act -> act(call, act);
    }
  }

  private void charge(Call call, ChargeParams params) {
    Script script = params.method().script();
    if (script == Script.HANG || hangs()) {
      hang(call);
    } else if (script == Script.FAIL || fails()) {
      fail(call);
    } else if (script == Script.CHARGE_THEN_HANG && parked.full()) {
      refuseToPark(call);
    } else {
      Post post = call.post;
      book.append(params.entry(book.nextOrdinal(), post.key(), post.fingerprint(), clock.millis() / 1000,
          shared(params.terms())), call);
    }
  }

  /** One instance for the payments of a merchant's account, up to a bound: a run has a million of them. */
  private Terms shared(Terms terms) {
    if (terms == Terms.STRIPE || terms.page() != null || shared.size() >= SHARED_MAX) {
      return terms;
    }
    return shared.computeIfAbsent(terms, same -> same);
  }

  private void act(Call call, Act act) {
    Sequel sequel = act.isOperation() ? book.get(act.payment()).method().sequel() : Sequel.NONE;
    if (hangs()) {
      hang(call);
    } else if (fails()) {
      fail(call);
    } else if (sequel == Sequel.ACTS_FAIL && firstTry(act)) {
      refuse(call, call.post.answers().internalError());
    } else if (sequel == Sequel.ACTS_HANG && parked.full()) {
      refuseToPark(call);
    } else {
      movements.add(act.payment(), call);
    }
  }

  /** Whether nothing of this kind was asked of the payment before. */
  private boolean firstTry(Act act) {
    String name = act.payment() + " " + act.kind();
    if (failedOnce.fingerprint(name) != null) {
      return false;
    }
    failedOnce.save(name, 0);
    return true;
  }

  @Override
  public Movement movement(Call call, Act act, Standing now, int number) {
    return act.movement(now, number, call.post.key(), call.post.fingerprint(), clock.millis() / 1000);
  }

  @Override
  public void durable(Call call, Line line) {
    if (hangs(line)) {
      release(call);
      parked.park(call.post.request(), () -> {});
      return;
    }
    AnswerSettings now = settings.now().answers();
    int delayMs = between(now.delayMsMin(), now.delayMsMax());
    if (delayMs > 0) {
      faults.lateAnswers++;
      ticks.after(delayMs, timer -> answer(call, line));
    } else {
      answer(call, line);
    }
  }

  /** The key is in use until then. */
  private void answer(Call call, Line line) {
    release(call);
    answer(call.post, line).sendTo(call.post.request().response());
  }

  /** What was carried out and is not answered the first time. */
  private boolean hangs(Line line) {
    return switch (line) {
      case Entry entry -> entry.method().script() == Script.CHARGE_THEN_HANG;
      case Movement movement -> movement.carriedOut() && Act.isOperation(movement.kind())
          && book.get(movement.payment()).method().sequel() == Sequel.ACTS_HANG;
    };
  }

  @Override
  public void unwritable(Call call) {
    refuse(call, call.post.answers().overloaded("The provider's book cannot be written to."));
  }

  /** Nobody can say whether it was carried out, so nothing is said: the key stays taken until the next start. */
  @Override
  public void lost(Call call) {
    call.post.request().connection().close();
  }

  private void hang(Call call) {
    if (parked.full()) {
      refuseToPark(call);
    } else {
      running--;
      parked.park(call.post.request(), () -> freeKey(call));
    }
  }

  private void fail(Call call) {
    Post post = call.post;
    if (post.key() != null && post.answers().savesFailures()) {
      keys(post).failures.save(post.key(), post.fingerprint());
    }
    refuse(call, post.answers().internalError());
  }

  private void refuseToPark(Call call) {
    refuse(call, call.post.answers()
        .overloaded("More than " + Parked.REQUESTS_MAX + " requests are waiting for no answer."));
  }

  private void refuse(Call call, Answer answer) {
    release(call);
    answer.sendTo(call.post.request().response());
  }

  private void release(Call call) {
    running--;
    freeKey(call);
  }

  private void freeKey(Call call) {
    if (call.post.key() != null) {
      // Where keys are forgotten, another call may have taken it.
      keys(call.post).inFlight.remove(call.post.key(), call);
    }
  }

  private Keys keys(Post post) {
    Keys known = keys.get(post.answers().wire());
    if (known == null) {
      throw new IllegalStateException("no keys of " + post.answers().wire());
    }
    return known;
  }

  private int between(int min, int max) {
    return min == max ? min : min + dice.nextInt(max - min + 1);
  }

  /** How often the settings made a call go wrong. */
  FaultCounts faults() {
    return faults;
  }

  private boolean hangs() {
    boolean hangs = hit(settings.now().hangRate());
    if (hangs) {
      faults.hung++;
    }
    return hangs;
  }

  private boolean fails() {
    boolean fails = hit(settings.now().failureRate());
    if (fails) {
      faults.failed++;
    }
    return fails;
  }

  private boolean hit(double rate) {
    return rate > 0 && dice.nextDouble() < rate;
  }
}
