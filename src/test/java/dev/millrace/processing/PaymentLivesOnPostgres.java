package dev.millrace.processing;

import dev.millrace.idempotency.KeyId;
import dev.millrace.journal.AcceptWriter;
import dev.millrace.journal.AcceptWriter.NewPayment;
import dev.millrace.journal.Append;
import dev.millrace.journal.AppendWriter;
import dev.millrace.journal.EventJson;
import dev.millrace.journal.PaymentReads;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.Config;
import dev.millrace.platform.Database;
import dev.millrace.platform.PgLink;
import dev.millrace.platform.Servers;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Providers.Times;
import dev.millrace.settlement.SettlementVerticle;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.buffer.Buffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Random lives written by the real writers into a real Postgres, side by side, while the real settlement nets
 * them.
 */
public final class PaymentLivesOnPostgres implements AutoCloseable {
  private static final String TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  private static final List<UUID> MERCHANTS = List.of(
      UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8058"),
      UUID.fromString("01890a5d-ac96-774b-bcce-b302099a8059"));
  private static final int WRITERS = 6;
  private static final int STEPS = 45;
  private static final int ENDING_STEPS_MAX = 4_000;
  private static final long BOUND_S = 180;

  /** A payment with its life. */
  record Lived(UUID id, UUID merchant, boolean livemode, PaymentLife life) {}

  private final TestDatabase database;
  private final Loop loop = new Loop();
  private final Database reads;
  private final AcceptWriter accepting;
  private final List<AppendWriter> writers = new ArrayList<>();
  private final String settlement;
  private int keys;

  /** Starts the writers and the settlement. */
  public PaymentLivesOnPostgres(TestDatabase database) {
    this.database = database;
    this.reads = database.reads(loop);
    PgLink accept = database.link(loop, "accept");
    this.accepting = loop.on(
        () -> new AcceptWriter(loop.vertx(), accept, "accept", 5_000, 500, new SimpleMeterRegistry()));
    for (int i = 0; i < 2; i++) {
      String name = "append-" + i;
      PgLink link = database.link(loop, name);
      writers.add(loop
          .on(() -> new AppendWriter(loop.vertx(), link, name, 5_000, 500, new SimpleMeterRegistry())));
    }
    var config = Config.load(Map.of("MILLRACE_POSTGRES_URI", database.uri(), "MILLRACE_SETTLEMENT_INTERVAL",
        "10ms", "MILLRACE_SETTLEMENT_ROLLUP_INTERVAL", "40ms", "MILLRACE_IDLE_INTERVAL", "10ms"));
    settlement = Loop.result(loop.vertx().deployVerticle(new SettlementVerticle(config, new Servers(config),
        new SimpleMeterRegistry(), "test-" + TypeId.next(), provider -> provider.equals("bank")
            ? "ach"
            : "card")));
  }

  /** Lets so many payments live to their end and be settled; answers them as they stand. */
  List<Lived> live(int payments, long seed) {
    var random = new Random(seed);
    var policy = new OutcomePolicy(PaymentLifeModelTest.schedule(random),
        provider -> new Times(60_000, 86_400_000, 3_600_000), () -> Instant.ofEpochSecond(1_795_000_000));
    var lived = new ArrayList<Lived>();
    for (int i = 0; i < payments; i++) {
      UUID id = TypeId.next();
      lived.add(new Lived(id, MERCHANTS.get(i % 2), i % 3 == 0,
          new PaymentLife(new Random(seed + i), policy, "pi_" + id)));
    }
    lived.stream().map(this::accept).toList().forEach(Loop::result);
    try (var threads = Executors.newFixedThreadPool(WRITERS)) {
      var running = new ArrayList<Future<?>>();
      for (int t = 0; t < WRITERS; t++) {
        int first = t;
        running.add(threads.submit(() -> {
          for (int i = first; i < payments; i += WRITERS) live(lived.get(i), writers.get(i % 2));
        }));
      }
      for (Future<?> one : running) one.get(BOUND_S, TimeUnit.SECONDS);
    } catch (InterruptedException | ExecutionException | TimeoutException e) {
      throw new AssertionError("lives with seed " + seed + "L: " + e, e);
    }
    Await.until(Duration.ofSeconds(30), "all of it is settled", () -> database.number(
        """
          SELECT count(*) FROM (SELECT FROM posting JOIN journal USING (xid, position)
           WHERE account ~ '^(provider_receivable|merchant_pending|disputes):' AND type NOT LIKE 'payment.late%'
           GROUP BY account, posting.livemode, currency HAVING sum(amount) <> 0) open""") == 0);
    return lived;
  }

  /** The same, for those who only want the tables filled. */
  public void fill(int payments, long seed) {
    live(payments, seed);
  }

  private io.vertx.core.Future<AcceptWriter.Result> accept(Lived one) {
    PaymentEvent.Initiated asked = one.life.payment.asked();
    String key = "key-" + ++keys + "-" + one.id;
    var payment = new NewPayment(one.id, new KeyId().of(one.merchant, one.livemode, key), one.merchant,
        one.livemode, key, Buffer.buffer(new byte[32]), 0, asked.amount(), asked.currency(),
        asked.reference(), TRACE, EventJson.write(asked));
    return loop.on(() -> accepting.accept(payment).result());
  }

  private void live(Lived one, AppendWriter writer) {
    for (int step = 0; step < STEPS; step++) take(one, one.life.next(), writer);
    for (int step = 0; step < ENDING_STEPS_MAX; step++) {
      PaymentLife.Move move = one.life.end();
      if (move == null) return;
      take(one, move, writer);
    }
    throw new AssertionError("no end in sight: " + one.life.payment);
  }

  private void take(Lived one, PaymentLife.Move move, AppendWriter writer) {
    PaymentLife life = one.life;
    if (move.events().isEmpty()) {
      move.committed().run();
      return;
    }
    var append = new Append(one.id, one.merchant, life.payment.version(), life.payment.status(),
        move.events(), "gateway", TRACE, List.of(), null);
    if (loop.<Boolean>result(() -> writer.append(append))) {
      for (PaymentEvent event : move.events()) life.payment = life.payment.after(event);
      move.committed().run();
    } else {
      life.payment = read(one.id);
      move.stale().run();
    }
  }

  /** A payment as the journal has it. */
  Payment read(UUID id) {
    return Payment.of(loop.result(() -> new PaymentReads(reads).history(id)).events());
  }

  @Override
  public void close() {
    Loop.result(loop.vertx().undeploy(settlement));
    Loop.result(loop.vertx().close());
  }
}
