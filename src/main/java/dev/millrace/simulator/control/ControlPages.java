package dev.millrace.simulator.control;

import dev.millrace.simulator.book.Book;
import dev.millrace.simulator.book.BookLine;
import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.settings.CurrentSettings;
import dev.millrace.simulator.stripe.StripeRefusal;
import dev.millrace.simulator.webhook.WebhookDispatch;
import dev.millrace.simulator.wire.Answer;
import dev.millrace.simulator.wire.FaultCounts;
import dev.millrace.simulator.wire.RequestBody;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The pages of whoever runs the test: the book, the settings, the webhooks, and what happens by hand. */
public final class ControlPages {
  private static final int RESEND_LIMIT = 1_000;

  private final Book book;
  private final BookPages pages;
  private final CurrentSettings settings;
  private final WebhookDispatch dispatch;
  private final ManualEvents manualEvents;
  private final Arrivals arrivals;
  private final FaultCounts faults;

  public ControlPages(Book book, BookPages pages, CurrentSettings settings, WebhookDispatch dispatch,
      ManualEvents manualEvents,
      Arrivals arrivals, FaultCounts faults) {
    this.faults = faults;
    this.book = book;
    this.pages = pages;
    this.settings = settings;
    this.dispatch = dispatch;
    this.manualEvents = manualEvents;
    this.arrivals = arrivals;
  }

  public void handle(HttpServerRequest request, String path) {
    switch (request.method().name() + " " + path) {
      case "GET /book" -> pages.stream(request.response());
      case "GET /book/summary" -> json(request, book.totals().toJson()
          .put("duplicate_references", book.references().duplicates()).put("requests", arrivals.total()));
      case "GET /arrivals" -> arrivals(request);
      case "GET /faults" -> json(request, faults.toJson());
      case "GET /settings" -> json(request, settings.now().toJson());
      case "PUT /settings" -> RequestBody.read(request, body -> change(request, body));
      case "GET /webhooks" -> json(request, dispatch.toJson());
      case "POST /webhooks/resend" -> RequestBody.read(request, body -> resend(request, body));
      default -> {
        if (!request.method().equals(HttpMethod.POST) || !manualEvents.handle(request, path)) {
          refuse(request, StripeRefusal.notFound(request.method().name(), path));
        }
      }
    }
  }

  private void arrivals(HttpServerRequest request) {
    String since = request.getParam("since");
    try {
      json(request, arrivals.toJson(since == null ? 0 : Long.parseLong(since)));
    } catch (NumberFormatException e) {
      refuse(request, StripeRefusal.invalid(null, "since must be a time in Unix milliseconds.", "since"));
    }
  }

  /** Replaces the settings named in the body; the others stay. */
  private void change(HttpServerRequest request, Buffer body) {
    try {
      settings.change(settings.now().with(new JsonObject(body)));
      json(request, settings.now().toJson());
    } catch (DecodeException | ClassCastException e) {
      refuse(request, StripeRefusal.invalid(null, "The body must be a JSON object.", null));
    } catch (IllegalArgumentException e) {
      refuse(request, StripeRefusal.invalid(null, "Settings not changed: " + e.getMessage() + ".", null));
    }
  }

  /** Sends the webhooks of the newest payments of a reference again, oldest first. */
  private void resend(HttpServerRequest request, Buffer body) {
    String reference = referenceIn(body);
    if (reference == null) {
      refuse(request,
          StripeRefusal.invalid(null, "The body must be {\"reference\":\"<millrace_reference>\"}.",
              "reference"));
    } else if (!dispatch.on()) {
      refuse(request, StripeRefusal.invalid(null, "This simulator has nowhere to send webhooks to.", null));
    } else {
      List<Entry> found = byReference(reference);
      if (found.isEmpty()) {
        refuse(request, StripeRefusal.noSuchReference(reference));
      } else {
        json(request, new JsonObject().put("resent", dispatch.resend(lines(found.reversed()))));
      }
    }
  }

  private List<Entry> byReference(String reference) {
    return book.references().payments(reference, RESEND_LIMIT).stream()
        .filter(entry -> entry.metadataReference() != null).toList();
  }

  private List<BookLine> lines(List<Entry> entries) {
    var lines = new ArrayList<BookLine>();
    for (Entry entry : entries) {
      lines.add(entry);
      lines.addAll(book.state(entry.ordinal()).movements());
    }
    return lines;
  }

  private static @Nullable String referenceIn(Buffer body) {
    try {
      return new JsonObject(body).getValue("reference") instanceof String reference ? reference : null;
    } catch (DecodeException | ClassCastException e) { // Not a JSON object: no reference we could read.
      return null;
    }
  }

  private static void json(HttpServerRequest request, JsonObject body) {
    new Answer(200, body.encode()).sendTo(request.response());
  }

  private static void refuse(HttpServerRequest request, StripeRefusal refusal) {
    refusal.answer().sendTo(request.response());
  }
}
