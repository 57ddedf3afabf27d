package dev.millrace.provider;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A provider whose calls end when the test says so, and how. Every call stands in {@link #calls} in its
 * order.
 */
final class ScriptedProvider implements Provider {
  /** One call: a charge's or an inquiry's reference, and its end. */
  record Call(String reference, Promise<Outcome> end) {}

  final List<Call> calls = new CopyOnWriteArrayList<>();
  /** When set, every charge throws it instead of answering, {@link #throwsLeft} times. */
  volatile RuntimeException thrown;
  volatile int throwsLeft;

  @Override
  public String name() { return "scripted"; }

  @Override
  public String rail() { return "card"; }

  @Override
  public Future<Outcome> execute(Order order) { return call(order.reference()); }

  @Override
  public Future<Outcome> inquire(Order order) { return call(order.reference()); }

  @Override
  public Future<Void> close() { return Future.succeededFuture(); }

  private Future<Outcome> call(String reference) {
    Promise<Outcome> end = Promise.promise();
    calls.add(new Call(reference, end));
    if (thrown != null && throwsLeft-- > 0) throw thrown;
    return end.future();
  }

  List<String> references() { return calls.stream().map(Call::reference).toList(); }
}
