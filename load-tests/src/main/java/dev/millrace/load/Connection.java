package dev.millrace.load;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

/**
 * One keep-alive connection with at most one request in flight, made again when it broke: in one pipeline at
 * a time, but in many. Its buffer is reused for every request.
 */
@Sharable
final class Connection extends ChannelInboundHandlerAdapter {
  private final Generator generator;
  private final Request request;
  private final ByteBuf buffer;
  private final ResponseParser parser = new ResponseParser();
  private Channel channel;
  private boolean inFlight;
  private long due;

  Connection(Generator generator, Request request) {
    this.generator = generator;
    this.request = request;
    buffer = request.newBuffer();
  }

  /** Sends the next request; its latency counts from `dueNanos`. */
  void send(long dueNanos) {
    assert channel.eventLoop().inEventLoop() && !inFlight;
    inFlight = true;
    due = dueNanos;
    request.number(buffer, generator.sent());
    channel.writeAndFlush(buffer.retain(), channel.voidPromise());
  }

  /** To be called last, when nothing is sent any more. */
  void release() {
    buffer.release();
  }

  boolean ready() {
    return channel.isActive() && !inFlight;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    channel = context.channel();
    parser.reset();
    generator.connected(this);
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    var chunk = (ByteBuf) message;
    int status;
    try {
      status = parser.feed(chunk);
    } finally {
      chunk.release();
    }
    if (status != ResponseParser.INCOMPLETE) {
      inFlight = false;
      generator.answered(this, status, System.nanoTime() - due, parser.retryAfterSeconds());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    boolean wasInFlight = inFlight;
    inFlight = false;
    generator.lost(this, wasInFlight);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    generator.failed(cause);
    context.close();
  }
}
