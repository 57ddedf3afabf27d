package dev.millrace.endtoend;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import io.vertx.core.json.JsonObject;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.ToLongFunction;

/** The simulator's book as anybody may read it: the judge of what was charged. */
public record SimulatorBook(List<Entry> entries) {
  /**
   * What was done with a payment, or asked for and refused. {@code reference}: of the call, null if there was
   * none.
   */
  public record Movement(String kind, String reference, long amount, String status) {
    /** Whether it is a capture, a cancellation or a refund that was carried out. */
    public boolean carriedOut() {
      return (kind.equals("capture") || kind.equals("cancel") || kind.equals("refund"))
          && !status.equals("refused") && !status.equals("failed");
    }
  }

  /** One payment. {@code disputed}: held or lost. */
  public record Entry(String reference, String method, List<Movement> movements, long authorized,
      long captured, long refunded, long disputed, long returned, String currency, String status) {
    public boolean charged() { return captured > 0; }

    /** Whether the payer is charged, or may be: neither declined nor given back. */
    public boolean live() {
      return !status.equals("declined") && !status.equals("canceled");
    }

    /** Whether an amount is held that was not captured. */
    public boolean held() {
      return status.equals("authorized");
    }

    /** How many captures, cancellations and refunds there are. */
    public long operations() {
      return movements.stream().map(Movement::kind)
          .filter(kind -> kind.equals("capture") || kind.equals("cancel") || kind.equals("refund")).count();
    }

    /** What the merchant has of it; below zero where a dispute took more than there was. */
    long left() {
      return captured - refunded - disputed - returned;
    }
  }

  public static SimulatorBook of(Site site) {
    var answer = Http.get(site.simulatorUrl() + "/book");
    if (answer.status() != 200) throw new AssertionError(answer.status() + " " + answer.body());
    return new SimulatorBook(answer.body().lines().map(JsonObject::new)
        .map(e -> new Entry(e.getString("reference"),
            e.getString("payment_method"), movements(e), e.getLong("amount_authorized"),
            e.getLong("amount_captured"),
            e.getLong("amount_refunded"), e.getLong("amount_disputed", 0L),
            e.getLong("amount_returned", 0L), e.getString("currency"), e.getString("status")))
        .toList());
  }

  private static List<Movement> movements(JsonObject entry) {
    return entry.getJsonArray("movements").stream().map(JsonObject.class::cast)
        .map(m -> new Movement(m.getString("kind"), m.getString("reference"), m.getLong("amount"),
            m.getString("status")))
        .toList();
  }

  public static JsonObject summary(Site site) {
    return Http.get(site.simulatorUrl() + "/book/summary").json();
  }

  public static JsonObject settings(Site site) { return Http.get(site.simulatorUrl() + "/settings").json(); }

  public static void settings(Site site, JsonObject change) {
    var answer = Http.send("PUT", site.simulatorUrl() + "/settings", Map.of(), change.encode());
    if (answer.status() != 200) throw new AssertionError(answer.body());
  }

  /** How the simulator's webhooks fared. */
  public static JsonObject webhooks(Site site) {
    return Http.get(site.simulatorUrl() + "/webhooks").json();
  }

  /** Waits until every webhook that is to be sent has been taken. */
  public static void awaitWebhooksSent(Site site) {
    Await.until(Duration.ofSeconds(20), "no webhook is under way", () -> {
      var counts = webhooks(site);
      return counts.getLong("waiting") == 0 && counts.getLong("in_flight") == 0;
    });
  }

  /** Has the simulator tell again what became of the call under this reference. */
  static void resend(Site site, String reference) {
    var answer = Http.send("POST", site.simulatorUrl() + "/webhooks/resend", Map.of(),
        new JsonObject().put("reference", reference).encode());
    if (answer.status() != 200) throw new AssertionError(answer.body());
  }

  /** Those of calls of ours; others may use the same accounts. */
  SimulatorBook ours() {
    return new SimulatorBook(entries.stream()
        .filter(entry -> TypeId.parse(TypeId.ATTEMPT, entry.reference()) != null).toList());
  }

  public List<Entry> charged() { return entries.stream().filter(Entry::charged).toList(); }

  /** How many calls were carried out whose answers never came. */
  public long silent() {
    return entries.stream().filter(e -> e.method().equals("pm_sim_ops_hang")).mapToLong(Entry::operations)
        .sum()
        + entries.stream().filter(e -> e.method().equals("pm_sim_charge_then_hang")).count();
  }

  /** Minor units by currency, of those that have any. */
  Map<String, Long> sum(ToLongFunction<Entry> amount) {
    var sums = new TreeMap<String, Long>();
    for (Entry entry : entries) {
      sums.merge(entry.currency(), amount.applyAsLong(entry), Long::sum);
    }
    sums.values().removeIf(sum -> sum == 0);
    return sums;
  }

  /** Minor units by currency. */
  Map<String, Long> captured() { return sum(Entry::captured); }
}
