package dev.millrace.provider;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpClientResponse;

/** Reads a response's body up to a limit; a longer one fails, so that no provider can fill our memory. */
final class BoundedBody {
  private final Promise<Buffer> promise = Promise.promise();
  private final Buffer body = Buffer.buffer();

  BoundedBody(HttpClientResponse response, int bytesMax) {
    response.handler(chunk -> {
      if (body.length() + chunk.length() > bytesMax)
        promise.tryFail("the answer has more than " + bytesMax + " bytes");
      else
        body.appendBuffer(chunk);
    }).exceptionHandler(promise::tryFail).endHandler(v -> promise.tryComplete(body));
  }

  Future<Buffer> body() { return promise.future(); }
}
