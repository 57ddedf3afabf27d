package dev.millrace.api;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Closes a connection on which the head of a request has begun and is not complete after a while: bytes that
 * drop in one by one would keep it open for ever, because it is never idle. It stands around the decoder, and
 * sets a timer only for a head that did not come at once.
 */
final class HeadTimeout {
  private static final String DECODER = "httpDecoder";

  private final long timeoutMs;
  /** Between a head and the end of its body. */
  private boolean inRequest;
  private int heads;
  private @Nullable Future<?> timer;

  private HeadTimeout(long timeoutMs) { this.timeoutMs = timeoutMs; }

  /** For HTTP/1; does nothing on a connection of HTTP/2. */
  static void on(ChannelPipeline pipeline, long timeoutMs) {
    if (pipeline.get(DECODER) == null) return;
    var head = new HeadTimeout(timeoutMs);
    pipeline.addBefore(DECODER, "head-bytes", head.new Bytes());
    pipeline.addAfter(DECODER, "head-done", head.new Messages());
  }

  private void stop() {
    if (timer != null) timer.cancel(false);
    timer = null;
  }

  private final class Bytes extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      boolean bytes = message instanceof ByteBuf buffer && buffer.isReadable();
      boolean ofHead = bytes && !inRequest;
      int before = heads;
      context.fireChannelRead(message);
      // Still none more: these were a part of one.
      if (ofHead && heads == before && timer == null && context.channel().isActive())
        timer = context.executor().schedule(() -> close(context), timeoutMs, TimeUnit.MILLISECONDS);
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      stop();
      context.fireChannelInactive();
    }
  }

  @SuppressWarnings("FutureReturnValueIgnored") // there is nobody to be told
  private static void close(ChannelHandlerContext context) {
    context.close();
  }

  private final class Messages extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      if (message instanceof HttpRequest) {
        inRequest = true;
        heads++;
        stop();
      }
      if (message instanceof LastHttpContent) inRequest = false;
      context.fireChannelRead(message);
    }
  }
}
