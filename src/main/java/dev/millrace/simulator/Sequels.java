package dev.millrace.simulator;

import dev.millrace.simulator.Movement.Kind;
import dev.millrace.simulator.PaymentMethod.Sequel;
import io.vertx.core.Vertx;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What comes of a payment by itself, as its payment method has it: disputes, returned debits, refunds that take a
 * while. Each comes once, also where the simulator was stopped in between. Owned by one event loop.
 */
final class Sequels {
  private static final Logger LOG = LoggerFactory.getLogger(Sequels.class);
  static final String DISPUTE_REASON = "fraudulent";

  private final Book book;
  private final Movements movements;
  private final CurrentSettings settings;
  private final InstantSource clock;
  private final Ticks ticks;

  Sequels(Vertx vertx, Book book, Movements movements, CurrentSettings settings, InstantSource clock) {
    this.book = book;
    this.movements = movements;
    this.settings = settings;
    this.clock = clock;
    this.ticks = new Ticks(vertx);
  }

  /** Waits anew for everything that has not come yet. */
  void resume() {
    for (int ordinal = 0; ordinal < book.size(); ordinal++) {
      if (book.get(ordinal).method().sequel() != Sequel.NONE) {
        follow(book.get(ordinal));
        book.standing(ordinal).movements().forEach(this::follow);
      }
    }
  }

  /** Has what follows from a line come in time. */
  void follow(Line line) {
    Entry entry = book.get(line.payment());
    Sequel sequel = entry.method().sequel();
    if (sequel == Sequel.NONE) {
      return;
    }
    switch (line) {
      case Entry opened when opened.opening() == Entry.Opening.CHARGED -> charged(opened, sequel);
      case Movement movement when movement.is(Kind.CAPTURE) -> charged(entry, sequel);
      case Movement movement when movement.is(Kind.DISPUTE) -> disputed(movement, sequel);
      case Movement movement when movement.is(Kind.REFUND) && sequel.refundsTakeAWhile() ->
        refunded(movement, sequel);
      default -> {
        // Nothing comes of it.
      }
    }
  }

  private void charged(Entry entry, Sequel sequel) {
    Wire wire = entry.wire();
    if (sequel.disputes() && wire != Wire.BANK) {
      after(settings.now().disputeMs(),
          Act.of(entry.ordinal(), Kind.DISPUTE, null).note(DISPUTE_REASON));
    } else if (sequel.returnCode() != null && wire == Wire.BANK) {
      after(settings.now().returnMs(),
          Act.of(entry.ordinal(), Kind.RETURN, null).note(sequel.returnCode()));
    }
  }

  private void disputed(Movement dispute, Sequel sequel) {
    if (sequel == Sequel.DISPUTE_WON || sequel == Sequel.DISPUTE_LOST) {
      Kind end = sequel == Sequel.DISPUTE_WON ? Kind.DISPUTE_WON : Kind.DISPUTE_LOST;
      after(settings.now().disputeMs(), ending(dispute, end, null));
    }
  }

  private void refunded(Movement refund, Sequel sequel) {
    boolean fails = sequel == Sequel.REFUND_FAILS;
    after(settings.now().refundMs(), ending(refund, fails ? Kind.REFUND_FAILURE : Kind.REFUND_SUCCESS,
        fails ? "expired_or_canceled_card" : null));
  }

  private static Act ending(Movement begun, Kind kind, @Nullable String note) {
    return Act.of(begun.payment(), kind, null).amount(begun.amount()).note(note).about(begun.number());
  }

  private void after(int delayMs, Act act) {
    if (due(act, book.standing(act.payment()))) {
      ticks.after(Math.max(1, delayMs), timer -> movements.add(act.payment(), new Coming(act)));
    }
  }

  /** Whether it has not come yet, and still can. */
  private static boolean due(Act act, Standing now) {
    return switch (act.kind()) {
      case DISPUTE -> now.first(Kind.DISPUTE) == null && now.left() > 0;
      case REFUND_SUCCESS, REFUND_FAILURE, DISPUTE_WON, DISPUTE_LOST ->
        now.movements().stream().noneMatch(m -> m.about() == act.about() && m.carriedOut());
      default -> act.movement(now, 0, null, 0, 0).carriedOut();
    };
  }

  /** Forgets what has not come: the next start takes it up. */
  void close() {
    ticks.cancel();
  }

  /** Something whose time has come. */
  private final class Coming implements Movements.Asking {
    private final Act act;

    Coming(Act act) {
      this.act = act;
    }

    @Override
    public boolean stands(Standing now) {
      return due(act, now);
    }

    @Override
    public Movement draft(Standing now, int number) {
      return act.movement(now, number, null, 0, clock.millis() / 1000);
    }

    @Override
    public void durable(Line line) {
      // Its webhook is on its way.
    }

    @Override
    public void unwritable() {
      LOG.warn("event=sequel_not_written kind={} payment={} action=next_start", act.kind(), act.payment());
    }

    @Override
    public void lost() {
      unwritable();
    }
  }
}
