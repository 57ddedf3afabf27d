package dev.millrace.testing;

import io.vertx.core.json.JsonObject;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * One connection to an event stream, which it reads until it is closed from either side. It forgives nothing:
 * what is not a frame as the gateway promises them is a failure of {@link #open}'s callers, by
 * {@link Frame#of}.
 */
public final class EventSource implements AutoCloseable {
  private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1)
      .connectTimeout(Duration.ofSeconds(5)).build();

  /** One event as it was sent. */
  public record Frame(String id, String event, String data) {
    /** Of a block's lines. */
    public static Frame of(String block) {
      List<String> lines = block.lines().toList();
      if (lines.size() != 3 || !lines.get(0).startsWith("id: evt_") || !lines.get(1).startsWith("event: ")
          || !lines.get(2).startsWith("data: {"))
        throw new AssertionError("no frame: " + block);
      return new Frame(lines.get(0).substring(4), lines.get(1).substring(7), lines.get(2).substring(6));
    }

    public JsonObject json() { return new JsonObject(data); }
  }

  private final HttpResponse<InputStream> response;
  private final Consumer<String> blocks;
  private final List<Frame> events;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile String lastId;
  private volatile String end;

  private EventSource(HttpResponse<InputStream> response, Consumer<String> blocks, List<Frame> events) {
    this.response = response;
    this.blocks = blocks;
    this.events = events;
  }

  /**
   * Connects; what is refused is an {@link Http.Answer} in {@link #refusal}. {@code blocks} hears of each
   * block between empty lines, on a thread of its own.
   */
  public static EventSource open(String url, String key, Map<String, String> headers,
      Consumer<String> blocks) {
    return open(url, key, headers, blocks, List.of());
  }

  /** Connects and collects the events; {@link #events} has them. */
  public static EventSource collect(String url, String key, Map<String, String> headers) {
    var events = new CopyOnWriteArrayList<Frame>();
    return open(url, key, headers, block -> {
      if (block.contains("data:")) events.add(Frame.of(block));
    }, events);
  }

  private static EventSource open(String url, String key, Map<String, String> headers,
      Consumer<String> blocks,
      List<Frame> events) {
    var request = HttpRequest.newBuilder(URI.create(url)).header("Authorization", "Bearer " + key);
    headers.forEach(request::header);
    try {
      var response = CLIENT.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
      var source = new EventSource(response, blocks, events);
      if (source.status() == 200) Thread.ofVirtual().start(source::read);
      return source;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  public List<Frame> events() { return events; }

  public int status() { return response.statusCode(); }

  public HttpHeaders headers() { return response.headers(); }

  /** What was answered instead of a stream. */
  public Http.Answer refusal() {
    try (var body = response.body()) {
      return new Http.Answer(status(), response.headers(), body.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The id of the last complete block that had one: where to resume. */
  public String lastId() {
    return lastId;
  }

  private void read() {
    var block = new StringBuilder();
    try (var lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isEmpty()) {
          block.append(line).append('\n');
          continue;
        }
        String text = block.toString();
        block.setLength(0);
        blocks.accept(text);
        text.lines().filter(l -> l.startsWith("id: ")).forEach(l -> lastId = l.substring(4));
      }
      end = "ended";
    } catch (IOException e) {
      end = "cut: " + e.getMessage();
    } catch (Throwable e) {
      end = "refused by the reader: " + e;
    }
    ended.countDown();
  }

  /** How it ended; null as long as it has not. */
  public String end() { return end; }

  /** Waits until the stream has ended. */
  public String awaitEnd(Duration bound) {
    try {
      if (!ended.await(bound.toMillis(), TimeUnit.MILLISECONDS))
        throw new AssertionError("the stream has not ended within " + bound);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return end;
  }

  /** Leaves, without a word to the server. */
  @Override
  public void close() {
    try {
      response.body().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
