package dev.millrace.webhook;

import dev.millrace.journal.Cursor;
import io.vertx.core.buffer.Buffer;
import java.util.UUID;

/**
 * One event on its way to one endpoint.
 *
 * @param tries attempts since it was due first, or was replayed
 * @param attempts all attempts there were
 * @param body the stored bytes, which are signed and sent
 */
record Delivery(UUID id, UUID endpoint, Cursor place, UUID subject, String type, String traceparent,
    int tries,
    int attempts, Buffer body) {}
