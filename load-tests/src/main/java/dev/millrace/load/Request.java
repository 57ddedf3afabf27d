package dev.millrace.load;

import io.netty.buffer.ByteBuf;

/**
 * A kind of request that the generator can send: bytes built once for a run, in which only digits change from
 * one to the next, and the status by which the server says that it took it. Used on the generator's event
 * loop alone.
 */
sealed interface Request permits PaymentRequest, WebhookRequest {
  /** The one status that counts as accepted. */
  int acceptedStatus();

  /** A direct buffer for one connection's use; whoever asks releases it. */
  ByteBuf newBuffer();

  /** Makes `buffer` request `number` of this run, unlike every other, and readable from its start. */
  void number(ByteBuf buffer, long number);
}
