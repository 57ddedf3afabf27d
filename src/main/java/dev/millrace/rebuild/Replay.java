package dev.millrace.rebuild;

import dev.millrace.journal.JournalRow;
import dev.millrace.journal.PaymentProjection;
import dev.millrace.ledger.PostingRules;
import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.platform.TypeId;
import io.vertx.core.json.JsonObject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Replays the journal, in the order in which it is followed, into the rebuilt tables. Of payments only the
 * most recent ones are kept in memory; one that goes on after it was given up is made anew from its events.
 * An event that stands before one that it follows waits for it. What cannot be replayed, an event that its
 * payment refuses for example, is reported, and that payment is left where it was.
 */
final class Replay {
  private static final int CHUNK = 4_000;
  private static final int PROBLEMS_MAX = 1_000;
  private static final int EARLY_MAX = 10_000;
  private static final String COLUMNS = "j.xid::text, j.position, j.subject, j.version, j.type, j.merchant, j.livemode, j.recorded, j.data::text";
  private static final String ALL = "SELECT " + COLUMNS + " FROM public.journal j ORDER BY j.xid, j.position";
  private static final String EARLIER = "SELECT " + COLUMNS
      + """
         FROM unnest(?::uuid[], ?::int[]) AS n(subject, version)
         JOIN public.journal j ON j.subject = n.subject AND j.version < n.version AND (j.xid, j.position) < (?::xid8, ?)
        ORDER BY j.subject, j.version""";

  private final Connection snapshot;
  private final Rebuilt rebuilt;
  private final Progress progress;
  private final int paymentsMax;
  private final LinkedHashMap<UUID, PaymentProjection> recent = new LinkedHashMap<>(1024, 0.75f, true);
  private final Set<UUID> changed = new HashSet<>();
  private final Set<UUID> broken = new HashSet<>();
  /**
   * Events that stand before one that they follow: their transaction was the older one, and committed later.
   */
  private final Map<UUID, TreeMap<Integer, JournalRow>> early = new HashMap<>();
  private int earlyCount;
  private final List<String> problems = new ArrayList<>();

  /**
   * {@code snapshot}: a repeatable-read transaction; {@code paymentsMax}: so many payments are kept in
   * memory.
   */
  Replay(Connection snapshot, Rebuilt rebuilt, Progress progress, int paymentsMax) {
    this.snapshot = snapshot;
    this.rebuilt = rebuilt;
    this.progress = progress;
    this.paymentsMax = paymentsMax;
  }

  /** Replays all of it and answers what could not be, each in one line. */
  List<String> run() throws SQLException {
    try (Statement sql = snapshot.createStatement()) {
      sql.setFetchSize(CHUNK);
      try (ResultSet rows = sql.executeQuery(ALL)) {
        var chunk = new ArrayList<JournalRow>(CHUNK);
        while (rows.next()) {
          chunk.add(row(rows));
          if (chunk.size() == CHUNK) apply(chunk);
        }
        apply(chunk);
      }
    }
    for (TreeMap<Integer, JournalRow> rows : early.values())
      problem(rows.firstEntry().getValue(), "the version before it is missing");
    forget(0);
    return problems;
  }

  private static JournalRow row(ResultSet rows) throws SQLException {
    return new JournalRow(rows.getString(1), rows.getLong(2), rows.getObject(3, UUID.class), rows.getInt(4),
        rows.getString(5), rows.getObject(6, UUID.class), rows.getBoolean(7), "", "",
        rows.getObject(8, OffsetDateTime.class), rows.getString(9));
  }

  private void apply(List<JournalRow> chunk) throws SQLException {
    revive(chunk);
    for (JournalRow row : chunk) {
      EventType type = EventType.ofWire(row.type());
      if (type == null) {
        problem(row, "is not known to this release");
        continue;
      }
      switch (type.subject()) {
        case PAYMENT -> payment(row);
        case SETTLEMENT -> settlement(row);
        // A dispute's own events tell what its payment's do.
        case DISPUTE, WEBHOOK_ENDPOINT -> {
        }
      }
    }
    forget(paymentsMax);
    progress.passed(chunk.size());
    chunk.clear();
  }

  private void payment(JournalRow row) throws SQLException {
    UUID id = row.subject();
    if (broken.contains(id)) return;
    PaymentProjection payment = recent.get(id);
    if (row.version() > (payment == null ? 1 : payment.version() + 1)) {
      if (++earlyCount > EARLY_MAX)
        throw new SQLException("more than " + EARLY_MAX + " events stand before one that they follow");
      early.computeIfAbsent(id, k -> new TreeMap<>()).put(row.version(), row);
      return;
    }
    take(payment, row);
    TreeMap<Integer, JournalRow> later = early.get(id);
    while (later != null && !broken.contains(id)) {
      PaymentProjection now = recent.get(id);
      JournalRow next = now == null ? null : later.remove(now.version() + 1);
      if (next == null) break;
      take(now, next);
    }
    if (later != null && later.isEmpty()) early.remove(id);
  }

  private void take(@Nullable PaymentProjection payment, JournalRow row) throws SQLException {
    try {
      if (payment == null) {
        recent.put(row.subject(), new PaymentProjection(row));
      } else {
        PaymentEvent event = payment.add(row);
        rebuilt.postings(row,
            PostingRules.postings(event, TypeId.format(TypeId.MERCHANT, row.merchant())));
      }
      changed.add(row.subject());
    } catch (IllegalStateException | IllegalArgumentException e) {
      broken.add(row.subject());
      problem(row, String.valueOf(e.getMessage()));
    }
  }

  private void settlement(JournalRow row) throws SQLException {
    try {
      var data = new JsonObject(row.data());
      String provider = data.getString("provider");
      String rail = data.getString("rail");
      String currency = data.getString("currency");
      long share = data.getLong("amount");
      long owed = data.getLong("amount_charged");
      rebuilt.settlement(row, provider, rail, currency, data.getInteger("payments"), share, owed);
      rebuilt.postings(row, PostingRules.settlement(TypeId.format(TypeId.MERCHANT, row.merchant()), provider,
          rail, currency, share, owed));
    } catch (RuntimeException e) {
      problem(row, "cannot be read: " + e.getMessage());
    }
  }

  private void problem(JournalRow row, String what) throws SQLException {
    if (problems.size() == PROBLEMS_MAX)
      throw new SQLException("more than " + PROBLEMS_MAX + " events cannot be replayed; the first: "
          + problems.getFirst());
    EventType type = EventType.ofWire(row.type());
    String subject = type == null
        ? row.subject().toString()
        : TypeId.format(type.subject() == EventType.Subject.SETTLEMENT ? TypeId.SETTLEMENT : TypeId.PAYMENT,
            row.subject());
    problems.add(subject + " version " + row.version() + " (" + row.type() + " at " + row.xid() + "."
        + row.position() + "): " + what);
  }

  /** Makes those payments of the chunk anew that are not in memory and have begun before it. */
  private void revive(List<JournalRow> chunk) throws SQLException {
    var missing = new HashMap<UUID, Integer>();
    for (JournalRow row : chunk)
      if (row.version() > 1 && row.type().startsWith("payment.") && !recent.containsKey(row.subject())
          && !broken.contains(row.subject()))
        missing.merge(row.subject(), row.version(), Math::min);
    // Those that begin in this chunk are no strangers.
    for (JournalRow row : chunk) if (row.version() == 1) missing.remove(row.subject());
    if (missing.isEmpty()) return;
    var ids = List.copyOf(missing.keySet());
    try (PreparedStatement sql = snapshot.prepareStatement(EARLIER)) {
      sql.setArray(1, snapshot.createArrayOf("uuid", ids.toArray()));
      sql.setArray(2, snapshot.createArrayOf("int4", ids.stream().map(missing::get).toArray()));
      sql.setString(3, chunk.getFirst().xid());
      sql.setLong(4, chunk.getFirst().position());
      try (ResultSet rows = sql.executeQuery()) {
        while (rows.next()) revive(row(rows));
      }
    }
  }

  /** Its rows and postings are written already. */
  private void revive(JournalRow row) throws SQLException {
    if (broken.contains(row.subject())) return;
    try {
      PaymentProjection payment = recent.get(row.subject());
      if (row.version() > (payment == null ? 1 : payment.version() + 1)) return;
      if (payment == null) recent.put(row.subject(), new PaymentProjection(row));
      else payment.add(row);
    } catch (IllegalStateException | IllegalArgumentException e) {
      broken.add(row.subject());
      problem(row, String.valueOf(e.getMessage()));
    }
  }

  /** Hands the eldest over until so many are left. */
  private void forget(int left) throws SQLException {
    Iterator<Map.Entry<UUID, PaymentProjection>> eldest = recent.entrySet().iterator();
    while (recent.size() > left) {
      PaymentProjection payment = eldest.next().getValue();
      eldest.remove();
      if (changed.remove(payment.id())) rebuilt.payment(payment);
    }
  }
}
