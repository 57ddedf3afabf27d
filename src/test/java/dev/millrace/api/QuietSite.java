package dev.millrace.api;

import dev.millrace.journal.Append;
import dev.millrace.journal.AppendStatement;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.Config;
import dev.millrace.journal.PaymentReads;
import dev.millrace.platform.Database;
import dev.millrace.platform.Servers;
import dev.millrace.platform.Sql;
import dev.millrace.platform.TypeId;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Loop;
import dev.millrace.testing.Site;
import dev.millrace.testing.TestServers;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.sqlclient.Pool;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * A gateway of API and ops alone: nothing happens to a payment but what is asked for and what a test appends.
 */
final class QuietSite {
  static final Site SITE = Site.on(TestServers.shared());
  static final GatewayProcess GATEWAY = SITE.start("api,ops",
      Map.of("MILLRACE_PROVIDER_ACCOUNTS", "stripe,adyen", "MILLRACE_API_REQUEST_TIMEOUT", "1s"));
  private static final Loop LOOP = new Loop();
  private static final Database DATABASE = pooled();
  private static final PaymentReads PAYMENTS = new PaymentReads(DATABASE);
  private static final AtomicInteger NUMBER = new AtomicInteger();
  static final long EXPIRES = 4_000_000_000L;

  static {
    Runtime.getRuntime().addShutdownHook(new Thread(SITE::close));
  }

  private QuietSite() {}

  private static Database pooled() {
    try (var database = SITE.database()) {
      String uri = database.getMetaData().getURL().substring("jdbc:".length());
      var servers = new Servers(Config.load(Map.of("MILLRACE_POSTGRES_URI", uri)));
      Pool pool = servers.batchPool(LOOP.vertx());
      return new Database(pool, 5_000, servers.poolCapacity("test", new SimpleMeterRegistry()));
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  static UUID uuid(String payment) { return TypeId.parse(TypeId.PAYMENT, payment); }

  /** The payment as the fold of its journal. */
  static Payment payment(String id) {
    return Payment.of(LOOP.result(() -> PAYMENTS.history(uuid(id))).events());
  }

  static List<PaymentEvent> events(String id) {
    return LOOP.result(() -> PAYMENTS.history(uuid(id))).events();
  }

  /** Appends as a processor would: from what it has read, unless somebody was faster. */
  static Future<Boolean> tryAppend(String id, PaymentEvent... events) {
    return tryAppend(id, List.of(), events);
  }

  private static Future<Boolean> tryAppend(String id, List<Append.Attempt> calls, PaymentEvent... events) {
    return PAYMENTS.history(uuid(id)).compose(history -> {
      Payment payment = Payment.of(history.events());
      var next = new ArrayList<>(history.events());
      next.addAll(List.of(events));
      Payment.of(next);
      var append = new Append(history.id(), history.merchant(), payment.version(), payment.status(),
          List.of(events), "gateway", history.traceparent(), calls, null);
      return DATABASE.query(AppendStatement.SQL, AppendStatement.parameters(List.of(append), "test"))
          .map(rows -> rows.size() == 1);
    });
  }

  static <T> T transaction(Function<Sql, Future<T>> work) {
    return LOOP.result(() -> DATABASE.transaction(work));
  }

  static void append(String id, PaymentEvent... events) {
    append(id, List.of(), events);
  }

  private static void append(String id, List<Append.Attempt> calls, PaymentEvent... events) {
    if (!LOOP.result(() -> tryAppend(id, calls, events)))
      throw new AssertionError("somebody else moved " + id);
  }

  /** A payment that was sent to its provider. */
  static String submitted(TestMerchant merchant, String more) {
    String id = merchant.pay(TestMerchant.VISA.replace("}", more + "}")).json().getString("id");
    append(id, new PaymentEvent.Screened("clear", null, 0, true, null),
        new PaymentEvent.ProviderSubmitted("stripe", attempt()));
    return id;
  }

  static String attempt() { return TypeId.format(TypeId.ATTEMPT, TypeId.next()); }

  private static String name() { return "pi_" + NUMBER.incrementAndGet(); }

  /** 1999 usd, held. */
  static String authorized(TestMerchant merchant) {
    String id = submitted(merchant, ",\"capture\":\"manual\"");
    append(id, new PaymentEvent.Authorized("stripe", attempt(), name(), 1999, 1999, "usd", EXPIRES));
    return id;
  }

  /** 1999 usd, charged. */
  static String confirmed(TestMerchant merchant) {
    String id = submitted(merchant, "");
    append(id, new PaymentEvent.Confirmed("stripe", attempt(), name(), 1999, 1999, "usd"));
    return id;
  }

  static String requiresAction(TestMerchant merchant, String more) {
    String id = submitted(merchant, more);
    append(id, new PaymentEvent.RequiresAction("stripe", attempt(), name(),
        "https://hooks.provider.example/3ds/secret-token?client_secret=s3cr3t", EXPIRES));
    return id;
  }

  /** The provider carried the capture out. */
  static void captured(String id, String operation) {
    Payment p = payment(id);
    long amount = p.operation(operation).amount();
    append(id, new PaymentEvent.OperationSubmitted(operation, "stripe", attempt(), p.status()));
    append(id, new PaymentEvent.Confirmed("stripe", attempt(), p.providerReference(), amount, amount, "usd",
        operation, p.amountAuthorized() - amount, null, null, null, null));
  }

  /** The provider has taken the refund, and says later what becomes of it. */
  static void pending(String id, String refund) {
    Payment p = payment(id);
    UUID reference = TypeId.next();
    append(id,
        List.of(new Append.Attempt(reference, 1, "stripe", "refund", TypeId.parse(TypeId.REFUND, refund),
            null, "pending", "re_" + NUMBER.incrementAndGet(), null)),
        new PaymentEvent.OperationSubmitted(refund, "stripe", TypeId.format(TypeId.ATTEMPT, reference),
            p.status()));
  }

  /** The provider carried the refund out. */
  static void refunded(String id, String operation) {
    Payment p = payment(id);
    long amount = p.operation(operation).amount();
    long total = p.amountRefunded() + amount;
    append(id, new PaymentEvent.OperationSubmitted(operation, "stripe", attempt(), p.status()));
    append(id,
        new PaymentEvent.Refunded(operation, "stripe", attempt(), "re_" + NUMBER.incrementAndGet(), amount,
            total, "usd", null, null, null, null,
            total == p.amountCaptured() ? Status.REFUNDED : Status.PARTIALLY_REFUNDED));
  }
}
