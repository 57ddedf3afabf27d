package dev.millrace.provider;

import io.vertx.core.MultiMap;
import io.vertx.core.Vertx;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How the gateway speaks to one kind of provider. The connector {@code newpay} is the public class {@code
 * NewpayConnector} with a public constructor without parameters in the package
 * {@code dev.millrace.provider.newpay}; an account of it comes into being by being named in
 * {@code provider.accounts}. Nothing else knows of it.
 */
public interface Connector {
  /** The rail its accounts settle over: {@code card} or {@code ach}. */
  String rail();

  /** The path under which the simulator speaks its wire protocol; empty for the root. */
  String simulatorPath();

  /** The webhook secret of an account at the simulator. Everybody knows it. */
  String simulatorSecret();

  /** An open account, for one event loop. */
  Provider open(Vertx vertx, Account account);

  /**
   * What a payer's browser brought back for the provider in the query with which it comes from the provider's
   * page; null when it brings nothing that the provider has to be told.
   */
  default @Nullable String payerResult(MultiMap query) { return null; }

  /**
   * How the account tells us what happened; null when no secret for its webhooks is configured. For one event
   * loop. {@code tolerance}: how far a signature's time may be off, both ways.
   */
  @Nullable
  WebhookScheme webhooks(Account account, Duration tolerance);
}
