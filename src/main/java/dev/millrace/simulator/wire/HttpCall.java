package dev.millrace.simulator.wire;

import io.vertx.core.http.HttpServerRequest;
import org.jspecify.annotations.Nullable;

/**
 * A call that moves money, as its wire has read it from the request.
 *
 * @param expanded
 *          whether the answer is to have the charge itself in place of its id
 */
public record HttpCall(HttpServerRequest request, WireAnswers answers, @Nullable String key,
    long fingerprint,
    boolean expanded) {}
