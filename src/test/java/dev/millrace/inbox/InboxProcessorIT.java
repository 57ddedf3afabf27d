package dev.millrace.inbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.deadletter.DeadLetterStore;
import dev.millrace.journal.AttemptStore.KnownCall;
import dev.millrace.platform.AdaptiveInterval;
import dev.millrace.platform.Lease;
import dev.millrace.platform.PgLink;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.WebhookScheme;
import dev.millrace.testing.Await;
import dev.millrace.testing.Loop;
import dev.millrace.testing.TestDatabase;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.vertx.core.Future;
import io.vertx.core.MultiMap;
import io.vertx.core.buffer.Buffer;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which notices are judged before which, of a provider whose webhooks are the name of a payment. */
class InboxProcessorIT {
  private static final String PAYMENT = "pi_1";

  private final TestDatabase database = TestDatabase.create();
  private final Loop loop = new Loop();
  private final List<String> judged = new CopyOnWriteArrayList<>();

  private Lease lease;
  private InboxProcessor processor;

  @AfterEach
  void stop() {
    loop.result(processor::close);
    loop.result(lease::close);
    loop.close();
  }

  private void execute(String sql) {
    try (var owner = database.owner(); var statement = owner.createStatement()) {
      statement.execute(sql);
    } catch (SQLException e) {
      throw new IllegalStateException(sql, e);
    }
  }

  private void keep(String event) {
    execute("INSERT INTO provider_event (provider, account, event_id, body)"
        + " VALUES ('stripe', 'default', '" + event + "', '" + PAYMENT + "')");
  }

  private static final class Named implements WebhookScheme {
    @Override
    public String provider() { return "stripe"; }

    @Override
    public String account() { return "default"; }

    @Override
    public Verdict verify(MultiMap headers, byte[] body, Instant now) {
      throw new UnsupportedOperationException("all are kept already");
    }

    @Override
    public @Nullable Buffer answer() { return null; }

    @Override
    public ProviderEvent read(Buffer body) {
      return new ProviderEvent.Notice("told", null, body.toString(), "", true);
    }
  }

  private final class Judge implements ProviderEventHandler {
    @Override
    public Future<Disposition> attemptOutcome(KnownCall call, Outcome outcome) {
      throw new UnsupportedOperationException("none is of a call");
    }

    @Override
    public Future<Disposition> unsolicited(UUID payment, String provider,
        WebhookScheme.UnsolicitedChange change) {
      throw new UnsupportedOperationException("none is a change");
    }

    @Override
    public Future<Disposition> notice(UUID payment, String provider, String event,
        WebhookScheme.ProviderEvent.Notice notice) {
      judged.add(event);
      return Future.succeededFuture(new Disposition.Applied());
    }
  }

  /** What is parked came before what is fresh, and may be what that follows from. */
  @Test
  void parkedAndDue_isJudgedBeforeWhatIsFresh() {
    execute("INSERT INTO provider_object VALUES ('stripe', '" + PAYMENT + "', '" + new UUID(1, 2) + "')");
    keep("evt_9");
    execute("INSERT INTO provider_event_parked (xid, position, tries, next_try, since)"
        + " SELECT xid, position, 1, received, received FROM provider_event");
    execute("UPDATE journal_cursor SET (xid, position) = (SELECT xid, position FROM provider_event)"
        + " WHERE name = 'inbox'");
    keep("evt_1");
    PgLink link = database.link(loop, "inbox");
    var reads = database.reads(loop);
    var registry = new SimpleMeterRegistry();
    loop.run(() -> {
      lease = new Lease(loop.vertx(), link, "inbox", "a", 3_000);
      processor = new InboxProcessor(loop.vertx(), lease, new InboxStore(link), reads,
          Map.of("stripe/default", new Named()), new Judge(),
          new DeadLetterStore(loop.vertx(), reads, registry), List.of(Duration.ofMinutes(1)),
          InstantSource.system(), new AdaptiveInterval(5, 5), registry);
      lease.start();
      processor.start();
    });
    Await.until(Duration.ofSeconds(15), "both are judged",
        () -> database.number("SELECT count(*) FROM provider_event_result") == 2);
    assertThat(judged).containsExactly("evt_9", "evt_1");
  }
}
