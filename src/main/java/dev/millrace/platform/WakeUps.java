package dev.millrace.platform;

import io.micrometer.core.instrument.MeterRegistry;
import io.vertx.core.Context;
import io.vertx.core.Deployable;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.Vertx;
import io.vertx.sqlclient.Tuple;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says that there is work, so that whoever looks for it may look seldom while nothing happens: at once to
 * this process, and by Postgres's NOTIFY to all others of the database. It is a hint: when one is lost the
 * work is found all the same, at the next look.
 *
 * <p>Said once the work is committed, on a connection of its own, and of each kind once in
 * {@value #GAP_MS} ms by all processes together: whoever hears it goes on looking often for longer than that
 * ({@link AdaptiveInterval}). So it costs nothing under load; a NOTIFY in the writers' own transactions would
 * have all of them commit one after the other.
 *
 * @see <a href="https://www.postgresql.org/docs/18/sql-notify.html">Postgres, NOTIFY</a>
 */
public final class WakeUps {
  /** What there is to be worked off. */
  public enum Work {
    /** Events in the journal, or endpoints and orders of merchants that changed with them. */
    JOURNAL,
    /** Providers' webhooks. */
    INBOX,
    /** Records in Kafka. */
    KAFKA,
    /** Dead letters that are to be replayed. */
    LETTERS;

    private String wire() { return name().toLowerCase(Locale.ROOT); }
  }

  static final long GAP_MS = 100;
  private static final Logger LOG = LoggerFactory.getLogger(WakeUps.class);
  private static final String CHANNEL = "millrace_work";

  private record Listener(Set<Work> works, Context context, Runnable wake) {}

  private final Map<Work, AtomicLong> saidNanos = new EnumMap<>(Work.class);
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable Consumer<Work> others;

  WakeUps() {
    long before = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(GAP_MS);
    for (Work work : Work.values()) saidNanos.put(work, new AtomicLong(before));
  }

  /**
   * The connection to the other processes, while it is deployed. Without one only this process hears what is
   * said.
   */
  public Deployable connection(Servers servers, MeterRegistry registry) {
    return new VerticleBase() {
      private @Nullable PgLink link;

      @Override
      public Future<?> start() {
        PgLink made = servers.link(vertx, "wake-ups", registry);
        made.listen(CHANNEL, WakeUps.this::heard);
        link = made;
        others = work -> context.runOnContext(v -> send(made, work));
        return Future.succeededFuture();
      }

      @Override
      public Future<?> stop() {
        others = null;
        return link == null ? Future.succeededFuture() : link.close();
      }
    };
  }

  /** Has {@code wake} run on the caller's event loop whenever there may be work of one of these kinds. */
  public void listen(Set<Work> works, Runnable wake) {
    listeners.add(new Listener(works, Objects.requireNonNull(Vertx.currentContext(), "no event loop"), wake));
  }

  /** There is work, committed and to be seen by all. From any thread. */
  public void say(Work work) {
    if (!first(work)) return;
    wake(work);
    Consumer<Work> sender = others;
    if (sender != null) sender.accept(work);
  }

  private static void send(PgLink link, Work work) {
    link.query("NOTIFY " + CHANNEL + ", '" + work.wire() + "'", Tuple.tuple())
        .onFailure(e -> LOG.debug("wake_up_not_sent work={} error=\"{}\"", work, e.getMessage()));
  }

  /** {@code said}: a kind of work, of a newer release perhaps; null when some may have been missed. */
  private void heard(@Nullable String said) {
    for (Work work : Work.values()) {
      if (said == null || (said.equals(work.wire()) && first(work))) wake(work);
    }
  }

  /** Whether it is news: everybody is still awake after the last one. Of two threads one is told so. */
  private boolean first(Work work) {
    AtomicLong said = Objects.requireNonNull(saidNanos.get(work));
    long last = said.get();
    long now = System.nanoTime();
    return now - last >= TimeUnit.MILLISECONDS.toNanos(GAP_MS) && said.compareAndSet(last, now);
  }

  private void wake(Work work) {
    for (Listener listener : listeners) {
      if (listener.works.contains(work)) listener.context.runOnContext(v -> listener.wake.run());
    }
  }
}
