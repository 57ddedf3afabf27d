package dev.millrace.api;

import io.vertx.core.json.JsonObject;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A connection to the gateway on which a test says byte for byte what no HTTP client would say. */
final class RawHttp implements AutoCloseable {
  private static final int ANSWER_MS_MAX = 5_000;

  /** What came back. Names of headers are in lower case. */
  record Answer(int status, Map<String, String> headers, byte[] bytes) {
    String body() { return new String(bytes, StandardCharsets.UTF_8); }

    JsonObject json() { return new JsonObject(body()); }

    String code() { return json().getJsonObject("error").getString("code"); }
  }

  private final Socket socket;

  RawHttp() { this(ApiSite.gateway().apiUrl(), "127.0.0.1", 0); }

  /** From one of this machine's own addresses. */
  RawHttp(String source) {
    this(ApiSite.gateway().apiUrl(), source, 0);
  }

  /**
   * {@code receiveBytes}: how much the kernel takes for a test that does not read, 0 for as much as it likes.
   */
  RawHttp(String url, int receiveBytes) {
    this(url, "127.0.0.1", receiveBytes);
  }

  private RawHttp(String url, String source, int receiveBytes) {
    var address = URI.create(url);
    try {
      socket = new Socket();
      if (receiveBytes > 0) socket.setReceiveBufferSize(receiveBytes);
      socket.bind(new InetSocketAddress(source, 0));
      socket.connect(new InetSocketAddress(address.getHost(), address.getPort()));
      socket.setSoTimeout(ANSWER_MS_MAX);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The head of a create with these header lines, each ending in CRLF. */
  static String head(TestMerchant merchant, String headers) {
    return head("POST /v1/payments", merchant, headers);
  }

  /** The head of any call, {@code "POST /v1/payments"} for example. */
  static String head(String call, TestMerchant merchant, String headers) {
    return call + " HTTP/1.1\r\nHost: millrace\r\nAuthorization: Bearer " + merchant.key() + "\r\n" + headers
        + "\r\n";
  }

  /** One create on a connection of its own. */
  static Answer create(TestMerchant merchant, String headers, String body) {
    try (var http = new RawHttp()) {
      return http.send(head(merchant, "Content-Type: application/json\r\nContent-Length: " + body.length()
          + "\r\n" + headers) + body).answer();
    }
  }

  /** Sends each character as one byte. */
  RawHttp send(String text) {
    try {
      var out = socket.getOutputStream();
      out.write(text.getBytes(StandardCharsets.ISO_8859_1));
      out.flush();
      return this;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Answer answer() {
    try {
      var in = socket.getInputStream();
      String[] lines = head(in).split("\r\n");
      var headers = new TreeMap<String, String>();
      for (int i = 1; i < lines.length; i++) {
        String[] parts = lines[i].split(":", 2);
        headers.put(parts[0].toLowerCase(Locale.ROOT), parts[1].trim());
      }
      int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
      return new Answer(Integer.parseInt(lines[0].split(" ")[1]), headers, in.readNBytes(length));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String head(InputStream in) throws IOException {
    var out = new ByteArrayOutputStream();
    while (!out.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) throw new EOFException("closed after: " + out.toString(StandardCharsets.ISO_8859_1));
      out.write(next);
    }
    return out.toString(StandardCharsets.ISO_8859_1);
  }

  /** What comes until it is enough, and perhaps some more. */
  String read(Predicate<String> enough) {
    var out = new ByteArrayOutputStream();
    var part = new byte[512];
    try {
      while (!enough.test(out.toString(StandardCharsets.UTF_8))) {
        int count = socket.getInputStream().read(part);
        if (count < 0) throw new EOFException("closed after: " + out.toString(StandardCharsets.UTF_8));
        out.write(part, 0, count);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** Everything that comes until the connection ends, however it ends. */
  String rest() {
    var out = new ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(out);
    } catch (SocketTimeoutException e) {
      throw new AssertionError("not closed within " + ANSWER_MS_MAX + " ms after " + out.size() + " bytes",
          e);
    } catch (IOException e) {
      // It was reset.
    }
    return out.toString(StandardCharsets.UTF_8);
  }

  /** What the gateway did with the connection. */
  enum Reaction {
    CLOSED, SENT_MORE, NOTHING
  }

  /** What comes next, {@link Reaction#NOTHING} after {@code ms}. */
  Reaction next(int ms) {
    try {
      socket.setSoTimeout(ms);
      return socket.getInputStream().read() < 0 ? Reaction.CLOSED : Reaction.SENT_MORE;
    } catch (SocketTimeoutException e) {
      return Reaction.NOTHING;
    } catch (IOException e) {
      return Reaction.CLOSED;
    }
  }

  @Override
  public void close() {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
