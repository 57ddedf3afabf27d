package dev.millrace.provider;

import dev.millrace.testing.Loop;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.net.NetServerOptions;
import io.vertx.core.json.JsonObject;
import io.vertx.core.net.NetServer;
import io.vertx.core.net.NetSocket;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A provider of which every byte is scripted: it records what it is asked over HTTP/1.1 and answers what the
 * test put into its queue, one answer a request; none is left: it hangs.
 */
public final class ScriptedServer implements AutoCloseable {
  /** A request as it came; header names in lower case. */
  public record Request(String method, String uri, Map<String, String> headers, String body) {
    public JsonObject json() { return new JsonObject(body); }

    /** The fields of a form body, decoded. */
    public Map<String, String> form() {
      var form = new TreeMap<String, String>();
      for (String pair : body.split("&")) {
        if (pair.isEmpty()) continue;
        int at = pair.indexOf('=');
        form.put(decoded(pair.substring(0, at)), decoded(pair.substring(at + 1)));
      }
      return form;
    }

    private static String decoded(String text) { return URLDecoder.decode(text, StandardCharsets.UTF_8); }
  }

  private interface Answer {
    void to(NetSocket socket);
  }

  private final List<Request> requests = new ArrayList<>();
  private final ArrayDeque<Answer> answers = new ArrayDeque<>();
  private final NetServer server;

  public ScriptedServer(Vertx vertx) {
    server = vertx.createNetServer(new NetServerOptions().setHost("127.0.0.1").setPort(0));
    server.connectHandler(this::connected);
    Loop.result(server.listen());
  }

  public String url() { return "http://127.0.0.1:" + server.actualPort(); }

  /** Answers the next request with this status and body. */
  public ScriptedServer answer(int status, String body) {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    return raw("HTTP/1.1 " + status + " X\r\nContent-Length: " + bytes.length + "\r\n\r\n" + body);
  }

  /** Answers the next request with these bytes. */
  public synchronized ScriptedServer raw(String bytes) {
    answers.add(socket -> socket.write(Buffer.buffer(bytes)));
    return this;
  }

  /** Answers the next request with these bytes, and closes the connection. */
  public synchronized ScriptedServer rawAndClose(String bytes) {
    answers.add(socket -> socket.write(Buffer.buffer(bytes)).onComplete(v -> socket.close()));
    return this;
  }

  /** Never answers the next request. */
  public synchronized ScriptedServer hang() {
    answers.add(socket -> {});
    return this;
  }

  /** Closes the connection of the next request without an answer. */
  public synchronized ScriptedServer reset() {
    answers.add(NetSocket::close);
    return this;
  }

  /** What it was asked so far. */
  public synchronized List<Request> requests() {
    return List.copyOf(requests);
  }

  /** The last request. */
  public synchronized Request request() { return requests.getLast(); }

  private void connected(NetSocket socket) {
    var head = Buffer.buffer();
    socket.handler(chunk -> {
      head.appendBuffer(chunk);
      Request request = parse(head.toString(StandardCharsets.UTF_8));
      if (request == null) return;
      socket.pause();
      Answer answer;
      synchronized (this) {
        requests.add(request);
        answer = answers.isEmpty() ? s -> {} : answers.poll();
      }
      answer.to(socket);
      next(socket);
    });
  }

  /** One request after the other: nobody pipelines. */
  private void next(NetSocket socket) {
    connected(socket);
    socket.resume();
  }

  /** Null while some of it is still missing. */
  private static Request parse(String text) {
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) return null;
    String[] lines = text.substring(0, end).split("\r\n");
    var headers = new TreeMap<String, String>();
    for (int i = 1; i < lines.length; i++) {
      int at = lines[i].indexOf(':');
      headers.put(lines[i].substring(0, at).toLowerCase(Locale.ROOT), lines[i].substring(at + 1).trim());
    }
    String body = text.substring(end + 4);
    int length = Integer.parseInt(headers.getOrDefault("content-length", "0"));
    if (body.getBytes(StandardCharsets.UTF_8).length < length) return null;
    String[] first = lines[0].split(" ");
    return new Request(first[0], first[1], headers, body);
  }

  @Override
  public void close() { Loop.result(server.close()); }
}
