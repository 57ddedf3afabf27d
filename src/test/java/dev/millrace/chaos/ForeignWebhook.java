package dev.millrace.chaos;

import dev.millrace.testing.Http;
import dev.millrace.testing.Site;
import dev.millrace.testing.StripeSender;
import io.vertx.core.json.JsonObject;
import java.io.UncheckedIOException;
import java.util.Map;

/**
 * A provider's webhook that is signed but concerns no payment of ours, sent until it is taken, as providers
 * do: it must be kept, once, and change nothing else.
 */
final class ForeignWebhook {
  final String id;
  private final String body;
  private volatile boolean taken;

  ForeignWebhook(String id) {
    this.id = id;
    this.body = StripeSender.event(id, "customer.updated", new JsonObject().put("id", "cus_" + id));
  }

  boolean taken() { return taken; }

  /** Sends it to this node; true when it was taken, now or before. */
  boolean sendTo(String url) {
    try {
      var answer = Http.send("POST", url + Site.WEBHOOK_PATH,
          Map.of("Content-Type", "application/json", "Stripe-Signature",
              StripeSender.signature(Deployment.WEBHOOK_SECRET, StripeSender.now(), body)),
          body);
      if (answer.status() == 200) taken = true;
    } catch (UncheckedIOException e) {
      // Not taken: it is sent again.
    }
    return taken;
  }
}
