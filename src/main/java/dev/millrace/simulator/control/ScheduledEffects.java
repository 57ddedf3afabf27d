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
import dev.millrace.simulator.settings.EffectSettings;
import dev.millrace.simulator.wire.CoarseTimers;
import dev.millrace.simulator.wire.Instruction;
import io.vertx.core.Vertx;
import java.time.InstantSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What comes of a payment by itself, as its payment method has it: disputes and what becomes of them, debits
 * sent back, refunds and captures that end later, what was only taken, further tries of the payer. Each comes
 * once, also where the simulator was stopped in between. Owned by one event loop.
 */
public final class ScheduledEffects {
  private static final Logger LOG = LoggerFactory.getLogger(ScheduledEffects.class);
  static final String DISPUTE_REASON = "fraudulent";
  static final String REFUND_FAILURE_REASON = "expired_or_canceled_card";
  /** How long the payer of {@code pm_sim_second_try} takes to the first try. */
  private static final int FIRST_TRY_MS = 500;

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
      case Entry opened -> opened(opened, effect);
      case Movement movement when movement.carriedOut() -> moved(entry, movement, effect);
      case Movement movement -> {
        // It was refused: nothing comes of it.
      }
    }
  }

  private void opened(Entry entry, LaterEffect effect) {
    EffectSettings times = settings.now().effects();
    switch (entry.opening()) {
      case CHARGED -> {
        charged(entry, effect);
        if (effect == LaterEffect.CAPTURE_FAILS && entry.wire() == Wire.ADYEN) {
          after(times.captureMs(), Instruction.of(entry.ordinal(), Kind.CAPTURE_FAILURE, null));
        }
      }
      case PROCESSING -> after(times.processingMs(), Instruction.of(entry.ordinal(),
          effect == LaterEffect.PROCESSING_FAILS ? Kind.COMPLETION_FAILURE : Kind.COMPLETION, null));
      case ACTION -> {
        if (effect == LaterEffect.SECOND_TRY) {
          after(FIRST_TRY_MS, Instruction.of(entry.ordinal(), Kind.TRY_REFUSED, null));
        }
      }
      case DECLINED -> {
        if (effect == LaterEffect.LATE_CHARGE) {
          after(times.tryMs(), Instruction.of(entry.ordinal(), Kind.TRY_CHARGED, null));
        }
      }
      case AUTHORIZED -> {
        // Nothing has been charged yet.
      }
    }
  }

  private void moved(Entry entry, Movement movement, LaterEffect effect) {
    EffectSettings times = settings.now().effects();
    switch (movement.kind()) {
      case CAPTURE, PARTIAL_CAPTURE -> {
        charged(entry, effect);
        if (effect == LaterEffect.CAPTURE_FAILS && entry.wire() == Wire.ADYEN) {
          after(times.captureMs(), ending(movement, Kind.CAPTURE_FAILURE, null));
        }
      }
      case TRY_REFUSED -> {
        if (effect == LaterEffect.SECOND_TRY) {
          after(times.tryMs(), Instruction.of(entry.ordinal(), Kind.TRY_CHARGED, null));
        }
      }
      case REFUND -> refunded(movement, effect);
      case DISPUTE -> {
        if (effect.disputes() && effect != LaterEffect.DISPUTE) {
          boolean won = effect == LaterEffect.DISPUTE_WON;
          after(times.disputeMs(), ending(movement, won ? Kind.DISPUTE_WON : Kind.DISPUTE_LOST, null));
        }
      }
      case DISPUTE_LOST -> {
        if (effect == LaterEffect.DISPUTE_OVERTURNED) {
          after(times.disputeMs(), ending(book.movements().get(movement.about()), Kind.DISPUTE_WON, null));
        }
      }
      case RETURN -> {
        if (effect == LaterEffect.RETURN_REVERSED) {
          after(times.returnMs(), Instruction.of(entry.ordinal(), Kind.RETURN_REVERSED, null));
        }
      }
      default -> {
        // Nothing comes of it.
      }
    }
  }

  private void charged(Entry entry, LaterEffect effect) {
    Wire wire = entry.wire();
    EffectSettings times = settings.now().effects();
    if (effect.disputes() && wire != Wire.BANK) {
      after(times.disputeMs(), Instruction.of(entry.ordinal(), Kind.DISPUTE, null).note(DISPUTE_REASON));
    } else if (effect.returnCode() != null && wire == Wire.BANK) {
      after(times.returnMs(), Instruction.of(entry.ordinal(), Kind.RETURN, null).note(effect.returnCode()));
    }
  }

  private void refunded(Movement refund, LaterEffect effect) {
    boolean fails = effect.refundsFail();
    if (fails || effect.refundsPend()) {
      after(settings.now().effects().refundMs(), ending(refund,
          fails ? Kind.REFUND_FAILURE : Kind.REFUND_SUCCESS, fails ? REFUND_FAILURE_REASON : null));
    }
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
    return instruction.movement(now, 0, null, 0, 0).carriedOut() && now.movements().stream()
        .noneMatch(m -> m.carriedOut() && (instruction.about() == Movement.NOTHING
            ? m.kind() == instruction.kind()
            : m.about() == instruction.about() && !follows(instruction.kind(), m.kind())));
  }

  /** Whether the one may come after the other about the same: what was lost is won after all. */
  private static boolean follows(Kind kind, Kind before) {
    return kind == Kind.DISPUTE_WON && before == Kind.DISPUTE_LOST;
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
