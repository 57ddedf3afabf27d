package dev.millrace.simulator.control;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.MovementQueue;
import dev.millrace.simulator.book.PaymentMethod.LaterEffect;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.settings.CurrentSettings;
import dev.millrace.simulator.wire.CoarseTimers;
import dev.millrace.simulator.wire.Instruction;
import io.vertx.core.Vertx;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What comes of a payment by itself, as its payment method has it: disputes, returned debits, refunds that
 * take a while. Each comes once, also where the simulator was stopped in between. Owned by one event loop.
 */
public final class ScheduledEffects {
  private static final Logger LOG = LoggerFactory.getLogger(ScheduledEffects.class);
  static final String DISPUTE_REASON = "fraudulent";

  private final Book book;
  private final MovementQueue movements;
  private final CurrentSettings settings;
  private final InstantSource clock;
  private final CoarseTimers ticks;

  public ScheduledEffects(Vertx vertx, Book book, MovementQueue movements, CurrentSettings settings,
      InstantSource clock) {
    this.book = book;
    this.movements = movements;
    this.settings = settings;
    this.clock = clock;
    this.ticks = new CoarseTimers(vertx);
  }

  /** Waits anew for everything that has not come yet. */
  public void resume() {
    for (int ordinal = 0; ordinal < book.size(); ordinal++) {
      if (book.get(ordinal).method().effect() != LaterEffect.NONE) {
        follow(book.get(ordinal));
        book.state(ordinal).movements().forEach(this::follow);
      }
    }
  }

  /** Has what follows from a line come in time. */
  public void follow(BookLine line) {
    Entry entry = book.get(line.payment());
    LaterEffect effect = entry.method().effect();
    if (effect == LaterEffect.NONE) {
      return;
    }
    switch (line) {
      case Entry opened when opened.opening() == Entry.Opening.CHARGED -> charged(opened, effect);
      case Movement movement when movement.is(Kind.CAPTURE) -> charged(entry, effect);
      case Movement movement when movement.is(Kind.DISPUTE) -> disputed(movement, effect);
      case Movement movement when movement.is(Kind.REFUND) && effect.refundsTakeAWhile() ->
        refunded(movement, effect);
      default -> {
        // Nothing comes of it.
      }
    }
  }

  private void charged(Entry entry, LaterEffect effect) {
    Wire wire = entry.wire();
    if (effect.disputes() && wire != Wire.BANK) {
      after(settings.now().disputeMs(),
          Instruction.of(entry.ordinal(), Kind.DISPUTE, null).note(DISPUTE_REASON));
    } else if (effect.returnCode() != null && wire == Wire.BANK) {
      after(settings.now().returnMs(),
          Instruction.of(entry.ordinal(), Kind.RETURN, null).note(effect.returnCode()));
    }
  }

  private void disputed(Movement dispute, LaterEffect effect) {
    if (effect == LaterEffect.DISPUTE_WON || effect == LaterEffect.DISPUTE_LOST) {
      Kind end = effect == LaterEffect.DISPUTE_WON ? Kind.DISPUTE_WON : Kind.DISPUTE_LOST;
      after(settings.now().disputeMs(), ending(dispute, end, null));
    }
  }

  private void refunded(Movement refund, LaterEffect effect) {
    boolean fails = effect == LaterEffect.REFUND_FAILS;
    after(settings.now().refundMs(), ending(refund, fails ? Kind.REFUND_FAILURE : Kind.REFUND_SUCCESS,
        fails ? "expired_or_canceled_card" : null));
  }

  private static Instruction ending(Movement begun, Kind kind, @Nullable String note) {
    return Instruction.of(begun.payment(), kind, null).amount(begun.amount()).note(note)
        .about(begun.number());
  }

  private void after(int delayMs, Instruction instruction) {
    if (due(instruction, book.state(instruction.payment()))) {
      ticks.after(Math.max(1, delayMs),
          timer -> movements.add(instruction.payment(), new DueEffect(instruction)));
    }
  }

  /** Whether it has not come yet, and still can. */
  private static boolean due(Instruction instruction, PaymentState now) {
    return switch (instruction.kind()) {
      case DISPUTE -> now.first(Kind.DISPUTE) == null && now.left() > 0;
      case REFUND_SUCCESS, REFUND_FAILURE, DISPUTE_WON, DISPUTE_LOST ->
        now.movements().stream().noneMatch(m -> m.about() == instruction.about() && m.carriedOut());
      default -> instruction.movement(now, 0, null, 0, 0).carriedOut();
    };
  }

  /** Forgets what has not come: the next start takes it up. */
  public void close() {
    ticks.cancel();
  }

  /** Something whose time has come. */
  private final class DueEffect implements MovementQueue.Requester {
    private final Instruction instruction;

    DueEffect(Instruction instruction) {
      this.instruction = instruction;
    }

    @Override
    public boolean applicable(PaymentState now) {
      return due(instruction, now);
    }

    @Override
    public Movement draft(PaymentState now, int number) {
      return instruction.movement(now, number, null, 0, clock.millis() / 1000);
    }

    @Override
    public void durable(BookLine line) {
      // Its webhook is on its way.
    }

    @Override
    public void unwritable() {
      LOG.warn("event=sequel_not_written kind={} payment={} action=next_start", instruction.kind(),
          instruction.payment());
    }

    @Override
    public void lost() {
      unwritable();
    }
  }
}
