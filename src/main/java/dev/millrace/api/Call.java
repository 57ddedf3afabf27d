package dev.millrace.api;

import dev.millrace.api.Credentials.Credential;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.ext.web.RoutingContext;
import java.util.Map;

/** One authenticated request on its way: who asks, under which trace. */
record Call(RoutingContext context, Credential credential, String requestId, String traceparent) {

  HttpServerRequest request() { return context.request(); }

  /** What is answered. {@code headers} beside those every answer has. */
  record Answer(int status, Buffer body, Map<String, String> headers) {

    /** The operation has the response and answers by itself. */
    static final Answer TAKEN = new Answer(0, Buffer.buffer(), Map.of());

    static Answer of(int status, Buffer body) { return new Answer(status, body, Map.of()); }
  }
}
