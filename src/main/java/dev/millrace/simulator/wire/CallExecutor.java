package dev.millrace.simulator.wire;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.MovementQueue;
import dev.millrace.simulator.book.PaymentMethod.LaterEffect;
import dev.millrace.simulator.book.PaymentMethod.Script;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Terms;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.settings.AnswerSettings;
import dev.millrace.simulator.settings.CurrentSettings;
import dev.millrace.simulator.settings.SimulatorSettings;
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
 * whatever clients repeat (unless told to forget keys), and nothing answered that is not on disk. A call goes
 * on when its client has gone, as at a real provider.
 *
 * @see <a href="https://docs.stripe.com/api/idempotent_requests">Stripe: idempotent requests</a>
 * @see <a href="https://docs.adyen.com/development-resources/api-idempotency">Adyen: API idempotency</a>
 */
public final class CallExecutor implements PendingCall.Executor {
  private static final int KEY_CHARS_MAX = 255;
  private static final int RUNNING_MAX = 50_000;
  private static final int SHARED_MAX = 1_000;

  private final CoarseTimers ticks;
  private final Book book;
  private final MovementQueue movements;
  private final RandomGenerator dice;
  private final InstantSource clock;
  private final CurrentSettings settings;
  private final Map<Wire, Keys> keys = new EnumMap<>(Wire.class);
  private final Map<Terms, Terms> shared = new HashMap<>();
  private final UnansweredRequests unanswered = new UnansweredRequests();
  private final SavedFailures failedOnce = new SavedFailures();
  private final FaultCounts faults = new FaultCounts();
  private int running;

  /** What a wire remembers by idempotency key beside the book. */
  private static final class Keys {
    private final Map<String, PendingCall> inFlight = new HashMap<>();
    private final SavedFailures failures = new SavedFailures();
  }

  public CallExecutor(Vertx vertx, Book book, MovementQueue movements, CurrentSettings settings,
      RandomGenerator dice,
      InstantSource clock) {
    this.ticks = new CoarseTimers(vertx);
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
  public void receive(HttpCall http, Supplier<CheckResult> check) {
    HttpServerResponse response = http.request().response();
    if (hit(settings.now().answers().throttleRate())) {
      faults.throttled++;
      http.answers().throttled().sendTo(response);
      return;
    }
    if (http.key() != null && answeredByKey(http, http.key())) {
      return;
    }
    switch (check.get()) {
      case DirectAnswer refused -> refused.answer().sendTo(response);
      case ChargeParams params -> begin(new PendingCall(http, params, this));
      case Instruction instruction -> begin(new PendingCall(http, instruction, this));
    }
  }

  private boolean answeredByKey(HttpCall http, String key) {
    WireAnswers answers = http.answers();
    if (key.isEmpty() || key.length() > KEY_CHARS_MAX) {
      answers.badKey(KEY_CHARS_MAX).sendTo(http.request().response());
      return true;
    }
    Keys known = keys(http);
    if (settings.now().answers().forgetKeys()) {
      if (known.inFlight.containsKey(key) || book.byKey(answers.wire(), key) != null) {
        faults.keysForgotten++;
      }
      return false;
    }
    PendingCall underWay = known.inFlight.get(key);
    if (underWay != null) {
      return answered(http, underWay.http.fingerprint(), false, answers::keyInUse);
    }
    BookLine line = book.byKey(answers.wire(), key);
    if (line != null) {
      return answered(http, line.fingerprint(), true, () -> answer(http, line));
    }
    Long failed = known.failures.fingerprint(key);
    return failed != null && answered(http, failed, true, answers::internalError);
  }

  private static boolean answered(HttpCall http, long fingerprint, boolean replay, Supplier<Answer> answer) {
    HttpServerResponse response = http.request().response();
    if (http.fingerprint() != fingerprint) {
      http.answers().differentParameters().sendTo(response);
    } else if (replay) {
      answer.get().replayTo(response);
    } else {
      answer.get().sendTo(response);
    }
    return true;
  }

  private Answer answer(HttpCall http, BookLine line) {
    Entry entry = book.get(line.payment());
    return switch (line) {
      case Entry opened when opened.method().script() == Script.MALFORMED -> Answer.MALFORMED;
      case Entry opened -> http.answers().created(opened, http.expanded());
      case Movement movement when movement.carriedOut()
          && entry.method().effect() == LaterEffect.OPERATIONS_MALFORMED && movement.kind().isOperation() ->
        Answer.MALFORMED;
      case Movement movement -> http.answers().done(movement, http.expanded());
    };
  }

  private void begin(PendingCall call) {
    if (running >= RUNNING_MAX) {
      call.http.answers().overloaded("More than " + RUNNING_MAX + " calls are under way.")
          .sendTo(call.http.request().response());
      return;
    }
    running++;
    if (call.http.key() != null) {
      keys(call.http).inFlight.put(call.http.key(), call);
    }
    SimulatorSettings now = settings.now();
    int delayMs = between(now.latencyMsMin(), now.latencyMsMax());
    if (call.parameters instanceof ChargeParams params && params.method().script() == Script.SLOW) {
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
  public void carryOut(PendingCall call) {
    if (!book.writable()) {
      unwritable(call);
      return;
    }
    switch (call.parameters) {
      case ChargeParams params -> charge(call, params);
      case Instruction instruction -> instruct(call, instruction);
    }
  }

  private void charge(PendingCall call, ChargeParams params) {
    Script script = params.method().script();
    if (script == Script.HANG || hangs()) {
      hang(call);
    } else if (script == Script.FAIL || fails()) {
      fail(call);
    } else if (script == Script.CHARGE_THEN_HANG && unanswered.full()) {
      refuseToPark(call);
    } else {
      HttpCall http = call.http;
      book.append(params.entry(book.nextOrdinal(), http.key(), http.fingerprint(), clock.millis() / 1000,
          shared(params.terms()), http.answers().units()), call);
    }
  }

  /** One instance for the payments of a merchant's account, up to a bound: a run has a million of them. */
  private Terms shared(Terms terms) {
    if (terms == Terms.STRIPE || terms.page() != null || shared.size() >= SHARED_MAX) {
      return terms;
    }
    return shared.computeIfAbsent(terms, same -> same);
  }

  private void instruct(PendingCall call, Instruction instruction) {
    LaterEffect effect = instruction.isOperation()
        ? book.get(instruction.payment()).method().effect()
        : LaterEffect.NONE;
    if (hangs()) {
      hang(call);
    } else if (fails()) {
      fail(call);
    } else if (effect == LaterEffect.OPERATIONS_FAIL && firstTry(instruction)) {
      refuse(call, call.http.answers().internalError());
    } else if (effect == LaterEffect.OPERATIONS_HANG && unanswered.full()) {
      refuseToPark(call);
    } else {
      movements.add(instruction.payment(), call);
    }
  }

  /** Whether nothing of this kind was asked of the payment before. */
  private boolean firstTry(Instruction instruction) {
    String name = instruction.payment() + " " + instruction.kind();
    if (failedOnce.fingerprint(name) != null) {
      return false;
    }
    failedOnce.save(name, 0);
    return true;
  }

  @Override
  public Movement movement(PendingCall call, Instruction instruction, PaymentState now, int number) {
    return instruction.movement(now, number, call.http.key(), call.http.fingerprint(), clock.millis() / 1000);
  }

  @Override
  public void durable(PendingCall call, BookLine line) {
    if (hangs(line)) {
      release(call);
      unanswered.park(call.http.request(), () -> {});
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
  private void answer(PendingCall call, BookLine line) {
    release(call);
    answer(call.http, line).sendTo(call.http.request().response());
  }

  /** What was carried out and is not answered the first time. */
  private boolean hangs(BookLine line) {
    return switch (line) {
      case Entry entry -> entry.method().script() == Script.CHARGE_THEN_HANG;
      case Movement movement -> movement.carriedOut() && movement.kind().isOperation()
          && book.get(movement.payment()).method().effect() == LaterEffect.OPERATIONS_HANG;
    };
  }

  @Override
  public void unwritable(PendingCall call) {
    refuse(call, call.http.answers().overloaded("The provider's book cannot be written to."));
  }

  /**
   * Nobody can say whether it was carried out, so nothing is said: the key stays taken until the next start.
   */
  @Override
  public void lost(PendingCall call) {
    call.http.request().connection().close();
  }

  private void hang(PendingCall call) {
    if (unanswered.full()) {
      refuseToPark(call);
    } else {
      running--;
      unanswered.park(call.http.request(), () -> freeKey(call));
    }
  }

  private void fail(PendingCall call) {
    HttpCall http = call.http;
    if (http.key() != null && http.answers().savesFailures()) {
      keys(http).failures.save(http.key(), http.fingerprint());
    }
    refuse(call, http.answers().internalError());
  }

  private void refuseToPark(PendingCall call) {
    refuse(call, call.http.answers()
        .overloaded("More than " + UnansweredRequests.REQUESTS_MAX + " requests are waiting for no answer."));
  }

  private void refuse(PendingCall call, Answer answer) {
    release(call);
    answer.sendTo(call.http.request().response());
  }

  private void release(PendingCall call) {
    running--;
    freeKey(call);
  }

  private void freeKey(PendingCall call) {
    if (call.http.key() != null) {
      // Where keys are forgotten, another call may have taken it.
      keys(call.http).inFlight.remove(call.http.key(), call);
    }
  }

  private Keys keys(HttpCall http) {
    Keys known = keys.get(http.answers().wire());
    if (known == null) {
      throw new IllegalStateException("no keys of " + http.answers().wire());
    }
    return known;
  }

  private int between(int min, int max) {
    return min == max ? min : min + dice.nextInt(max - min + 1);
  }

  /** How often the settings made a call go wrong. */
  public FaultCounts faults() {
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
