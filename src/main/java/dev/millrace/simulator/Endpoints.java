package dev.millrace.simulator;

import io.vertx.core.Handler;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.json.DecodeException;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The provider's HTTP face. What is under {@code /v1/} speaks Stripe and wants the key; the book, the
 * settings and the webhooks are for whoever runs the test and want none.
 */
final class Endpoints implements Handler<HttpServerRequest> {
  private static final String INTENTS = "/v1/payment_intents";
  private static final int SEARCH_LIMIT = 100;
  private static final int RESEND_LIMIT = 1_000;
  private static final CharSequence IDEMPOTENCY_KEY = HttpHeaders.createOptimized("Idempotency-Key");
  private static final Pattern REFERENCE_QUERY = Pattern
      .compile("metadata\\[([\"'])millrace_reference\\1]\\s*:\\s*([\"'])((?:[^\\\\\"']|\\\\.)*)\\2");

  private final Thread owner = Thread.currentThread();
  private final Charges charges;
  private final Book book;
  private final Answers answers;
  private final BookPages pages;
  private final Webhooks webhooks;
  private final byte[] bearer;
  private final byte[] basic;
  private long requests;

  /** To be made on the event loop that will call it. */
  Endpoints(Charges charges, Book book, Answers answers, BookPages pages, Webhooks webhooks,
      String apiKey) {
    this.charges = charges;
    this.book = book;
    this.answers = answers;
    this.pages = pages;
    this.webhooks = webhooks;
    this.bearer = ("Bearer " + apiKey).getBytes(StandardCharsets.UTF_8);
    this.basic = ("Basic "
        + Base64.getEncoder().encodeToString((apiKey + ":").getBytes(StandardCharsets.UTF_8)))
        .getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void handle(HttpServerRequest request) {
    assert Thread.currentThread().equals(owner) : "called on " + Thread.currentThread();
    @Nullable
    String path = request.path();
    if (path == null || !path.startsWith("/v1/")) {
      own(request, path == null ? "" : path);
      return;
    }
    requests++;
    if (!authorized(request.getHeader(HttpHeaders.AUTHORIZATION))) {
      request.response().putHeader("WWW-Authenticate", "Bearer realm=\"Millrace simulator\"");
      refuse(request, Refusal.unauthorized());
    } else if (path.equals(INTENTS) && request.method().equals(HttpMethod.POST)) {
      Body.read(request, body -> create(request, body));
    } else if (path.startsWith(INTENTS + "/") && request.method().equals(HttpMethod.GET)) {
      read(request, path.substring(INTENTS.length() + 1));
    } else {
      notFound(request, path);
    }
  }

  private void own(HttpServerRequest request, String path) {
    switch (request.method().name() + " " + path) {
      case "GET /book" -> pages.stream(request.response());
      case "GET /book/summary" -> json(request, book.totals().toJson().put("requests", requests));
      case "GET /settings" -> json(request, charges.settings().toJson());
      case "PUT /settings" -> Body.read(request, body -> change(request, body));
      case "GET /webhooks" -> json(request, webhooks.toJson());
      case "POST /webhooks/resend" -> Body.read(request, body -> resend(request, body));
      default -> notFound(request, path);
    }
  }

  private void create(HttpServerRequest request, Buffer body) {
    Form form;
    try {
      form = Form.parse(body);
    } catch (IllegalArgumentException e) {
      refuse(request, Refusal.invalid(null, "The form body cannot be read: " + e.getMessage() + ".", null));
      return;
    }
    charges.create(request, request.getHeader(IDEMPOTENCY_KEY), form);
  }

  private void read(HttpServerRequest request, String id) {
    if (id.equals("search")) {
      search(request);
      return;
    }
    int ordinal = answers.ordinalOf(id);
    if (ordinal < 0 || ordinal >= book.size()) {
      refuse(request, Refusal.noSuchIntent(id));
    } else {
      answers.found(book.get(ordinal)).sendTo(request.response());
    }
  }

  /** Stripe finds a payment within a minute; this one finds it once it is charged. */
  private void search(HttpServerRequest request) {
    String query = query(request);
    if (query == null) {
      refuse(request, Refusal.missing("query"));
      return;
    }
    Matcher matcher = REFERENCE_QUERY.matcher(query.strip());
    if (!matcher.matches()) {
      refuse(request, Refusal.invalid(null,
          "This provider only searches metadata['millrace_reference']:'<reference>'.", "query"));
      return;
    }
    String reference = matcher.group(3).replaceAll("\\\\(.)", "$1");
    List<Entry> found = byMetadata(reference, SEARCH_LIMIT + 1);
    boolean more = found.size() > SEARCH_LIMIT;
    answers.searched(more ? found.subList(0, SEARCH_LIMIT) : found, more).sendTo(request.response());
  }

  /** The newest entries whose metadata carries the reference, newest first. */
  private List<Entry> byMetadata(String reference, int limit) {
    return book.byReference(reference, limit).stream().filter(entry -> entry.metadataReference() != null)
        .toList();
  }

  private static @Nullable String query(HttpServerRequest request) {
    try {
      return request.getParam("query");
    } catch (IllegalArgumentException e) { // A broken percent escape: no query we could read.
      return null;
    }
  }

  /** Replaces the settings named in the body; the others stay. */
  private void change(HttpServerRequest request, Buffer body) {
    try {
      charges.settings(charges.settings().with(new JsonObject(body)));
      json(request, charges.settings().toJson());
    } catch (DecodeException | ClassCastException e) {
      refuse(request, Refusal.invalid(null, "The body must be a JSON object.", null));
    } catch (IllegalArgumentException e) {
      refuse(request, Refusal.invalid(null, "Settings not changed: " + e.getMessage() + ".", null));
    }
  }

  /** Sends the webhooks of the newest entries of a reference again, oldest first. */
  private void resend(HttpServerRequest request, Buffer body) {
    String reference = referenceIn(body);
    if (reference == null) {
      refuse(request, Refusal.invalid(null, "The body must be {\"reference\":\"<millrace_reference>\"}.",
          "reference"));
    } else if (!webhooks.on()) {
      refuse(request, Refusal.invalid(null, "This simulator has nowhere to send webhooks to.", null));
    } else {
      List<Entry> found = byMetadata(reference, RESEND_LIMIT);
      if (found.isEmpty()) {
        refuse(request, Refusal.noSuchReference(reference));
      } else {
        json(request, new JsonObject().put("resent", webhooks.resend(found.reversed())));
      }
    }
  }

  private static @Nullable String referenceIn(Buffer body) {
    try {
      return new JsonObject(body).getValue("reference") instanceof String reference ? reference : null;
    } catch (DecodeException | ClassCastException e) { // Not a JSON object: no reference we could read.
      return null;
    }
  }

  private boolean authorized(@Nullable String header) {
    if (header == null) {
      return false;
    }
    byte[] presented = header.getBytes(StandardCharsets.UTF_8);
    return MessageDigest.isEqual(presented, bearer) || MessageDigest.isEqual(presented, basic);
  }

  private static void json(HttpServerRequest request, JsonObject body) {
    new Answer(200, body.encode()).sendTo(request.response());
  }

  private static void notFound(HttpServerRequest request, String path) {
    refuse(request, Refusal.notFound(request.method().name(), path));
  }

  private static void refuse(HttpServerRequest request, Refusal refusal) {
    refusal.answer().sendTo(request.response());
  }
}
