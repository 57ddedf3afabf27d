package dev.millrace.api;

import dev.millrace.identity.Credentials.Credential;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/** One authenticated request on its way: who asks, under which trace. */
record ApiCall(RoutingContext context, Credential credential, String requestId, String traceparent) {

  private static final Pattern SECONDS = Pattern.compile("0*([0-9]+)");
  private static final int SECONDS_DIGITS_MAX = 9;
  private static final int WAIT_SECONDS_MAX = 30;

  HttpServerRequest request() { return context.request(); }

  /**
   * How long the caller would rather wait than be answered 202 ({@code Prefer: wait}, RFC 7240); 0 is not at
   * all.
   */
  long waitMs() {
    if (request().getHeader("Prefer") == null) return 0;
    return waitMs(request().headers().getAll("Prefer"));
  }

  /** The same by the header's lines. */
  static long waitMs(List<String> prefer) {
    String wait = Preferences.value(prefer, "wait");
    var m = SECONDS.matcher(wait == null ? "" : wait);
    if (!m.matches()) return 0;
    return m.group(1).length() > SECONDS_DIGITS_MAX
        ? WAIT_SECONDS_MAX * 1000L
        : Math.min(WAIT_SECONDS_MAX, Integer.parseInt(m.group(1))) * 1000L;
  }

  /** What is answered. {@code headers} beside those every answer has. */
  record Answer(int status, Buffer body, Map<String, String> headers) {

    /** The operation has the response and answers by itself. */
    static final Answer TAKEN = new Answer(0, Buffer.buffer(), Map.of());

    /** Whether it is the stored answer of an earlier request. */
    boolean replayed() {
      return headers == IdempotentTransaction.REPLAYED;
    }

    /** The same with the header that says for how long was waited: less than was asked for, perhaps. */
    Answer waited(long waitMs) {
      var all = new HashMap<>(headers);
      all.put("Preference-Applied", "wait=" + waitMs / 1000);
      return new Answer(status, body, all);
    }

    static Answer of(int status, Buffer body) { return new Answer(status, body, Map.of()); }
  }
}
