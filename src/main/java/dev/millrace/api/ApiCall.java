package dev.millrace.api;

import dev.millrace.identity.Credentials.Credential;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;
import java.util.regex.Pattern;

/** One authenticated request on its way: who asks, under which trace. */
record ApiCall(RoutingContext context, Credential credential, String requestId, String traceparent) {

  private static final Pattern WAIT = Pattern.compile("(?:^|[,;\\s])wait=(\\d{1,6})(?=$|[,;\\s])");
  private static final int WAIT_SECONDS_MAX = 30;

  HttpServerRequest request() { return context.request(); }

  /**
   * How long the caller would rather wait than be answered 202 ({@code Prefer: wait}, RFC 7240); 0 is not at
   * all.
   */
  long waitMs() {
    String prefer = request().getHeader("Prefer");
    if (prefer == null) return 0;
    var m = WAIT.matcher(prefer);
    return m.find() ? Math.min(WAIT_SECONDS_MAX, Integer.parseInt(m.group(1))) * 1000L : 0;
  }

  /** What is answered. {@code headers} beside those every answer has. */
  record Answer(int status, Buffer body, Map<String, String> headers) {

    /** The operation has the response and answers by itself. */
    static final Answer TAKEN = new Answer(0, Buffer.buffer(), Map.of());

    /** Whether it is the stored answer of an earlier request. */
    boolean replayed() {
      return headers == IdempotentTransaction.REPLAYED;
    }

    static Answer of(int status, Buffer body) { return new Answer(status, body, Map.of()); }
  }
}
