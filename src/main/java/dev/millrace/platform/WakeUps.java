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
 * <p>Said once the work is committed, on a connection of its own, and of each source once in
 * {@value #GAP_MS} ms by all processes together: whoever hears it goes on looking often for longer than that
 * ({@link AdaptiveInterval}). So it costs nothing under load; a NOTIFY in the writers' own transactions would
 * have all of them commit one after the other.
 *
 * @see <a href="https://www.postgresql.org/docs/18/sql-notify.html">Postgres, NOTIFY</a>
 */
public final class WakeUps {
  /** Where work comes from. */
  public enum Source {
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

  private record Listener(Set<Source> sources, Context context, Runnable wake) {}

  private final Map<Source, AtomicLong> saidNanos = new EnumMap<>(Source.class);
  private final List<Listener> listeners = new CopyOnWriteArrayList<>();
  private volatile @Nullable Consumer<Source> others;

  WakeUps() {
    long before = System.nanoTime() - TimeUnit.MILLISECONDS.toNanos(GAP_MS);
    for (Source source : Source.values()) saidNanos.put(source, new AtomicLong(before));
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
        others = source -> context.runOnContext(v -> send(made, source));
        return Future.succeededFuture();
      }

      @Override
      public Future<?> stop() {
        others = null;
        return link == null ? Future.succeededFuture() : link.close();
      }
    };
  }

  /** Has {@code wake} run on the caller's event loop whenever there may be work from one of these. */
  public void listen(Set<Source> sources, Runnable wake) {
    listeners
        .add(new Listener(sources, Objects.requireNonNull(Vertx.currentContext(), "no event loop"), wake));
  }

  /** There is work, committed and to be seen by all. From any thread. */
  public void say(Source source) {
    if (!first(source)) return;
    wake(source);
    Consumer<Source> sender = others;
    if (sender != null) sender.accept(source);
  }

  private static void send(PgLink link, Source source) {
    link.query("NOTIFY " + CHANNEL + ", '" + source.wire() + "'", Tuple.tuple())
        .onFailure(e -> LOG.debug("wake_up_not_sent source={} error=\"{}\"", source, e.getMessage()));
  }

  /** {@code said}: a source, of a newer release perhaps; null when some may have been missed. */
  private void heard(@Nullable String said) {
    for (Source source : Source.values()) {
      if (said == null || (said.equals(source.wire()) && first(source))) wake(source);
    }
  }

  /** Whether it is news: everybody is still awake after the last one. Of two threads one is told so. */
  private boolean first(Source source) {
    AtomicLong said = Objects.requireNonNull(saidNanos.get(source));
    long last = said.get();
    long now = System.nanoTime();
    return now - last >= TimeUnit.MILLISECONDS.toNanos(GAP_MS) && said.compareAndSet(last, now);
  }

  private void wake(Source source) {
    for (Listener listener : listeners) {
      if (listener.sources.contains(source)) listener.context.runOnContext(v -> listener.wake.run());
    }
  }
}
