package dev.millrace.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A stretch of network between one node and one server: passes bytes on, and can be made slow, one-way,
 * silent or cut. What is held up is not lost: as with TCP after lost packets, it arrives once the fault is
 * over, unless the connection was cut in between.
 */
public final class FaultProxy implements AutoCloseable {
  public enum Way {
    TO_SERVER, TO_CLIENT
  }

  private static final int CHUNK = 16 << 10;

  private final ServerSocket listener;
  private final InetSocketAddress server;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private boolean heldToServer;
  private boolean heldToClient;
  private volatile boolean lost;
  private volatile long delayMs;
  private final AtomicLong disturbed = new AtomicLong();

  /** Listens on {@code port} and passes on to {@code serverPort} of this machine. */
  public FaultProxy(int port, int serverPort) {
    this.server = new InetSocketAddress(InetAddress.getLoopbackAddress(), serverPort);
    try {
      listener = new ServerSocket(port, 512, InetAddress.getLoopbackAddress());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Thread.ofVirtual().start(this::accept);
  }

  public static FaultProxy to(int serverPort) { return new FaultProxy(TestServers.freePort(), serverPort); }

  public int port() { return listener.getLocalPort(); }

  /** Every piece takes this much longer, each way. */
  public void delay(long ms) { delayMs = ms; }

  /** Nothing gets through this way until {@link #heal}. */
  public void hold(Way way) {
    lock.lock();
    try {
      if (way == Way.TO_SERVER) heldToServer = true;
      else heldToClient = true;
    } finally {
      lock.unlock();
    }
  }

  /** What the servers answer from now on never arrives: to be followed by {@link #cut}. */
  public void loseAnswers() {
    lost = true;
  }

  /** How many pieces were held up, delayed or lost so far. */
  public long disturbed() {
    return disturbed.get();
  }

  /** Resets every connection. */
  public void cut() { sockets.forEach(FaultProxy::reset); }

  /** Everything gets through again. */
  public void heal() {
    lock.lock();
    try {
      heldToServer = false;
      heldToClient = false;
      lost = false;
      delayMs = 0;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        connect(listener.accept());
      } catch (IOException e) {
        if (!listener.isClosed()) throw new UncheckedIOException(e);
      }
    }
  }

  private void connect(Socket client) {
    var upstream = new Socket();
    try {
      client.setTcpNoDelay(true);
      upstream.setTcpNoDelay(true);
      upstream.connect(server, 2_000);
    } catch (IOException e) {
      // As if it had been refused: nobody listens there.
      reset(client);
      reset(upstream);
      return;
    }
    sockets.add(client);
    sockets.add(upstream);
    Thread.ofVirtual().start(() -> pass(client, upstream, Way.TO_SERVER));
    Thread.ofVirtual().start(() -> pass(upstream, client, Way.TO_CLIENT));
  }

  private void pass(Socket from, Socket to, Way way) {
    byte[] chunk = new byte[CHUNK];
    try {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      for (int n = in.read(chunk); n >= 0; n = in.read(chunk)) {
        awaitOpen(way);
        long wait = delayMs;
        if (wait > 0) Thread.sleep(wait);
        boolean swallowed = lost && way == Way.TO_CLIENT;
        if (wait > 0 || swallowed) disturbed.incrementAndGet();
        if (!swallowed) out.write(chunk, 0, n);
      }
      awaitOpen(way);
      to.shutdownOutput();
      if (from.isOutputShutdown() || to.isInputShutdown()) forget(from, to);
    } catch (IOException e) {
      // One side is gone: so is the other.
      reset(from);
      reset(to);
      forget(from, to);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void forget(Socket one, Socket other) {
    sockets.remove(one);
    sockets.remove(other);
  }

  private void awaitOpen(Way way) throws InterruptedException {
    lock.lock();
    try {
      boolean held = way == Way.TO_SERVER ? heldToServer : heldToClient;
      // Counted as it is held up, not when it goes on: by then the connection may be cut.
      if (held) disturbed.incrementAndGet();
      while (way == Way.TO_SERVER ? heldToServer : heldToClient) changed.await();
    } finally {
      lock.unlock();
    }
  }

  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      // It is closed already.
    }
  }

  @Override
  public void close() {
    try {
      listener.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    cut();
    heal();
  }
}
