package dev.millrace.simulator;

import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The webhooks of every wire: one that nobody takes does not hold up the others. Owned by one event loop. */
final class Notices {
  private final Book book;
  private final Map<Wire, Webhooks> byWire;

  Notices(Book book, Map<Wire, Webhooks> byWire) {
    this.book = book;
    this.byWire = Map.copyOf(byWire);
  }

  /** Tells a durable line once it is time, unless the settings have it lost. */
  void tell(Line line, WebhookSettings settings) {
    Webhooks webhooks = of(line);
    if (webhooks != null) {
      webhooks.tell(line, settings);
    }
  }

  /** Tells these lines again, at once and whatever the settings are; gives how many had room. */
  int resend(List<Line> lines) {
    int accepted = 0;
    for (Line line : lines) {
      Webhooks webhooks = of(line);
      accepted += webhooks == null ? 0 : webhooks.resend(List.of(line));
    }
    return accepted;
  }

  private @Nullable Webhooks of(Line line) {
    return byWire.get(book.get(line.payment()).wire());
  }

  /** Whether there is anyone to tell. */
  boolean on() {
    return byWire.values().stream().anyMatch(Webhooks::on);
  }

  /** The counts of all wires together. */
  JsonObject toJson() {
    var sums = new JsonObject();
    for (Webhooks webhooks : byWire.values()) {
      webhooks.toJson().forEach(
          count -> sums.put(count.getKey(), sums.getLong(count.getKey(), 0L) + number(count.getValue())));
    }
    return sums;
  }

  private static long number(Object count) {
    return count instanceof Number number ? number.longValue() : 0;
  }

  Future<Void> close() {
    return Future.join(byWire.values().stream().map(Webhooks::close).toList()).mapEmpty();
  }
}
