package dev.millrace.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * One merchant's stream of server-sent events, open until the harness ends it. Every stream counts its frames
 * and adds up the hashes of their ids: two of the same sum have had the same ids. A sampled one also keeps
 * the ids, so that it knows whether each was new, and reads when each event happened.
 */
final class StreamConnection extends ChannelInboundHandlerAdapter implements EventLines.Frames {
  private static final int ID_LINE_BYTES_MAX = 128;
  private static final int DATA_LINE_BYTES_MAX = 16_384;

  private final Streams streams;
  private final byte[] request;
  private final EventLines lines;
  private final ChunkedBody body;
  /** Null unless sampled. */
  private final SeenIds seen;
  private boolean begun;
  private long frames;
  private long repeated;
  private long idSum;
  private long lastId;

  StreamConnection(Streams streams, byte[] request, boolean sampled) {
    this.streams = streams;
    this.request = request;
    lines = new EventLines(this, sampled ? DATA_LINE_BYTES_MAX : ID_LINE_BYTES_MAX);
    body = new ChunkedBody(lines);
    seen = sampled ? new SeenIds() : null;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    context.writeAndFlush(Unpooled.wrappedBuffer(request), context.voidPromise());
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    var bytes = (ByteBuf) message;
    try {
      body.feed(bytes);
    } finally {
      bytes.release();
    }
    if (body.ended()) {
      context.close();
    }
    if (!begun && lines.begun()) {
      begun = true;
      streams.begun();
    }
  }

  @Override
  public void frame(long idHash, byte[] data, int dataLength) {
    frames++;
    idSum += idHash;
    boolean again = idHash == lastId;
    lastId = idHash;
    if (seen == null) {
      streams.arrived();
    } else {
      again |= !seen.add(idHash);
      streams.arrived(EventTime.millis(data, 0, dataLength));
    }
    repeated += again ? 1 : 0;
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    streams.ended();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    streams.failed(cause);
    context.close();
  }

  long frames() {
    return frames;
  }

  /** Frames with an id that the stream had sent right before, or, if sampled, at any time before. */
  long repeated() {
    return repeated;
  }

  long idSum() {
    return idSum;
  }
}
