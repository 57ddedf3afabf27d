package dev.millrace.provider.teapot;

import dev.millrace.provider.Account;
import dev.millrace.provider.Connector;
import dev.millrace.provider.Order;
import dev.millrace.provider.Provider;
import dev.millrace.provider.WebhookScheme;
import io.vertx.core.Future;
import io.vertx.core.Vertx;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Charges whoever asks, except for coffee; RFC 2324. */
public final class TeapotConnector implements Connector {
  @Override
  public String rail() { return "card"; }

  @Override
  public String simulatorPath() { return "/teapot"; }

  @Override
  public String simulatorSecret() { return "short and stout"; }

  @Override
  public Provider open(Vertx vertx, Account account) {
    return new Teapot(account.name());
  }

  @Override
  public @Nullable WebhookScheme webhooks(Account account, Duration tolerance) { return null; }

  private record Teapot(String name, Map<String, Outcome> pots) implements Provider {
    Teapot(String name) { this(name, new HashMap<>()); }

    @Override
    public String rail() { return "card"; }

    @Override
    public Future<Outcome> execute(Order order) {
      return Future.succeededFuture(pots.computeIfAbsent(order.reference(), reference -> brew(order)));
    }

    private Outcome brew(Order order) {
      return order instanceof Order.Charge c && !c.paymentMethod().equals("pm_coffee")
          ? new Outcome.Charged("pot_" + (pots.size() + 1), c.amount(), c.currency())
          : new Outcome.Declined(null, "im_a_teapot", null, "I'm a teapot.");
    }

    @Override
    public Future<Outcome> inquire(Order order) {
      return Future.succeededFuture(pots.getOrDefault(order.reference(), new Outcome.Absent()));
    }

    @Override
    public Future<Void> close() { return Future.succeededFuture(); }
  }
}
