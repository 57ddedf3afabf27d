package dev.millrace.simulator.wire;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.MovementQueue;
import dev.millrace.simulator.book.PaymentState;
import io.vertx.core.Handler;

/** A call that moves money, under way: its request, what it asks for, and where its end is reported. */
final class PendingCall implements Handler<Long>, Book.Waiting, MovementQueue.Requester {
  /** Whoever carries calls out. */
  interface Executor {
    /** The latency of the call is over. */
    void carryOut(PendingCall call);

    /** The movement that the instruction comes to as the payment stands. */
    Movement movement(PendingCall call, Instruction instruction, PaymentState now, int number);

    /** The disk has the entry or movement. */
    void durable(PendingCall call, BookLine line);

    /** The book cannot be written to any more; nothing was carried out. */
    void unwritable(PendingCall call);

    /** The disk failed under the call. */
    void lost(PendingCall call);
  }

  final HttpCall http;
  final CallParameters parameters;
  private final Executor executor;

  PendingCall(HttpCall http, CallParameters parameters, Executor executor) {
    this.http = http;
    this.parameters = parameters;
    this.executor = executor;
  }

  /** The timer of its latency. */
  @Override
  public void handle(Long timer) {
    executor.carryOut(this);
  }

  @Override
  public Movement draft(PaymentState now, int number) {
    if (parameters instanceof Instruction instruction) {
      return executor.movement(this, instruction, now, number);
    }
    throw new IllegalStateException("a new payment is no movement");
  }

  @Override
  public void durable(BookLine line) {
    executor.durable(this, line);
  }

  @Override
  public void unwritable() {
    executor.unwritable(this);
  }

  @Override
  public void lost() {
    executor.lost(this);
  }
}
