package dev.millrace.simulator.webhook;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.settings.WebhookSettings;
import io.vertx.core.Future;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The webhooks of every wire: one that nobody takes does not hold up the others. Owned by one event loop. */
public final class WebhookDispatch {
  private final Book book;
  private final Map<Wire, WebhookQueue> byWire;

  public WebhookDispatch(Book book, Map<Wire, WebhookQueue> byWire) {
    this.book = book;
    this.byWire = Map.copyOf(byWire);
  }

  /** Tells a durable line once it is time, unless the settings have it lost. */
  public void tell(BookLine line, WebhookSettings settings) {
    WebhookQueue webhooks = of(line);
    if (webhooks != null) {
      webhooks.tell(line, settings);
    }
  }

  /** Tells these lines again, at once and whatever the settings are; gives how many had room. */
  public int resend(List<BookLine> lines) {
    int accepted = 0;
    for (BookLine line : lines) {
      WebhookQueue webhooks = of(line);
      accepted += webhooks == null ? 0 : webhooks.resend(List.of(line));
    }
    return accepted;
  }

  private @Nullable WebhookQueue of(BookLine line) {
    return byWire.get(book.get(line.payment()).wire());
  }

  /** Whether there is anyone to tell. */
  public boolean on() {
    return byWire.values().stream().anyMatch(WebhookQueue::on);
  }

  /** The counts of all wires together. */
  public JsonObject toJson() {
    var sums = new JsonObject();
    for (WebhookQueue webhooks : byWire.values()) {
      webhooks.toJson().forEach(
          count -> sums.put(count.getKey(), sums.getLong(count.getKey(), 0L) + number(count.getValue())));
    }
    return sums;
  }

  private static long number(Object count) {
    return count instanceof Number number ? number.longValue() : 0;
  }

  public Future<Void> close() {
    return Future.join(byWire.values().stream().map(WebhookQueue::close).toList()).mapEmpty();
  }
}
