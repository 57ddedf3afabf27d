package dev.millrace.load;

import io.netty.bootstrap.Bootstrap;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import java.net.InetSocketAddress;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One event loop of client connections, on the native transport where there is one. Everything a connection
 * touches lives on it; the harness's main thread asks through {@link #onLoop}.
 */
final class ClientLoop implements AutoCloseable {
  private static final int WAIT_SECONDS_MAX = 15;

  private final MultiThreadIoEventLoopGroup group = new MultiThreadIoEventLoopGroup(1,
      Epoll.isAvailable() ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
  private final EventLoop loop = group.next();
  private final Bootstrap bootstrap = new Bootstrap().group(loop)
      .channel(Epoll.isAvailable() ? EpollSocketChannel.class : NioSocketChannel.class)
      .option(ChannelOption.TCP_NODELAY, true).option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 5000);

  EventLoop loop() {
    return loop;
  }

  ChannelFuture connect(ChannelHandler handler, InetSocketAddress address) {
    return bootstrap.clone().handler(handler).connect(address);
  }

  /** Runs `action` on the event loop and waits for what it gives. */
  <T> T onLoop(Callable<T> action) {
    try {
      return loop.submit(action).get(WAIT_SECONDS_MAX, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      throw new IllegalStateException("the generator's event loop failed", e);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted", e);
    }
  }

  /** Asks on the event loop until `condition` holds; fails after 15 s. */
  void await(String what, Callable<Boolean> condition) {
    if (!Clock.await(WAIT_SECONDS_MAX, 10, () -> onLoop(condition))) {
      throw new IllegalStateException("waited " + WAIT_SECONDS_MAX + " s in vain for " + what);
    }
  }

  @Override
  public void close() {
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).syncUninterruptibly();
  }
}
