package dev.millrace.simulator;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** A call that moves money, under way: its request, what it asks for, and where its end is reported. */
final class Call implements Handler<Long>, Book.Waiting, Movements.Asking {
  /**
   * The request as its wire has read it.
   *
   * @param expanded
   *          whether the answer is to have the charge itself in place of its id
   */
  record Post(HttpServerRequest request, Answers answers, @Nullable String key, long fingerprint,
      boolean expanded) {}

  /** Whoever carries calls out. */
  interface Desk {
    /** The provider has thought long enough. */
    void carryOut(Call call);

    /** The movement an act comes to. */
    Movement movement(Call call, Act act, Standing now, int number);

    /** The disk has the entry or movement. */
    void durable(Call call, Line line);

    /** The book cannot be written to any more; nothing was carried out. */
    void unwritable(Call call);

    /** The disk failed under the call. */
    void lost(Call call);
  }

  final Post post;
  final Asked asked;
  private final Desk desk;

  Call(Post post, Asked asked, Desk desk) {
    this.post = post;
    this.asked = asked;
    this.desk = desk;
  }

  /** The timer of its latency. */
  @Override
  public void handle(Long timer) {
    desk.carryOut(this);
  }

  @Override
  public Movement draft(Standing now, int number) {
    if (asked instanceof Act act) {
      return desk.movement(this, act, now, number);
    }
    throw new IllegalStateException("a new payment is no movement");
  }

  @Override
  public void durable(Line line) {
    desk.durable(this, line);
  }

  @Override
  public void unwritable() {
    desk.unwritable(this);
  }

  @Override
  public void lost() {
    desk.lost(this);
  }
}
