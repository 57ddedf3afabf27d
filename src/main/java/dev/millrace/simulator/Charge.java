package dev.millrace.simulator;

import io.vertx.core.Handler;
import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/** A payment under way: its request, what it asks for, and where its end is reported. */
final class Charge implements Handler<Long>, Book.Waiting {
  /** Whoever carries charges out. */
  interface Desk {
    /** The provider has thought long enough. */
    void carryOut(Charge charge);

    /** The disk has the charge. */
    void charged(Charge charge, Entry entry);

    /** The disk failed under the charge. */
    void lost(Charge charge);
  }

  final HttpServerRequest request;
  final @Nullable String key;
  final long fingerprint;
  final ChargeParams params;
  private final Desk desk;

  Charge(HttpServerRequest request, @Nullable String key, long fingerprint, ChargeParams params, Desk desk) {
    this.request = request;
    this.key = key;
    this.fingerprint = fingerprint;
    this.params = params;
    this.desk = desk;
  }

  /** The timer of its latency. */
  @Override
  public void handle(Long timer) {
    desk.carryOut(this);
  }

  @Override
  public void durable(Entry entry) {
    desk.charged(this, entry);
  }

  @Override
  public void lost(Entry entry) {
    desk.lost(this);
  }
}
