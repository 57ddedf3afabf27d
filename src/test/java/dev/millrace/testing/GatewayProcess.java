package dev.millrace.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BiFunction;

/** A Millrace node as a process of its own: it can be killed, stopped and started again. */
public final class GatewayProcess {
  private static final Duration ENDED_WITHIN = Duration.ofSeconds(60);

  private final Map<String, String> environment;
  private final Path log;
  private final BiFunction<Map<String, String>, Path, Process> launch;
  private Process process;
  private int started;

  private GatewayProcess(Map<String, String> environment, Path log,
      BiFunction<Map<String, String>, Path, Process> launch) {
    this.environment = environment;
    this.log = log;
    this.launch = launch;
  }

  /**
   * {@code launch} starts the process. Its log begins anew: what an earlier run of the tests wrote is no
   * witness.
   */
  static GatewayProcess start(Map<String, String> environment, String name,
      BiFunction<Map<String, String>, Path, Process> launch) {
    var gateway = new GatewayProcess(environment, Path.of("target", "it", name + ".log"), launch);
    try {
      Files.deleteIfExists(gateway.log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    gateway.start();
    return gateway;
  }

  /** Starts it (again) with the same settings and waits until it is ready. */
  public void start() {
    start(Map.of());
  }

  /** Starts it (again); {@code once} overrides settings for this time. */
  public void start(Map<String, String> once) {
    var settings = new HashMap<>(environment);
    settings.putAll(once);
    started = Files.exists(log) ? logText().split("started node=", -1).length : 1;
    process = launch.apply(settings, log);
    Await.until(Duration.ofSeconds(60), "the gateway is ready; its log is " + log, () -> {
      if (!process.isAlive())
        throw new AssertionError("the gateway ended with " + process.exitValue() + ":\n" + logText());
      return ready();
    });
  }

  /** Runs Millrace, or a program of the test's own as Millrace is run, without waiting for anything. */
  public static Process launch(Map<String, String> environment, Path log, String... program) {
    return Launcher.start(environment, log, program);
  }

  /** Whether it answers on the ports that its roles have. */
  public boolean ready() {
    // By TLS only those are asked who know its CA.
    boolean ops = environment.get("MILLRACE_ROLES").contains("ops")
        && !environment.containsKey("MILLRACE_OPS_TLS_CERTIFICATE");
    boolean api = environment.get("MILLRACE_ROLES").contains("api")
        && !environment.containsKey("MILLRACE_API_TLS_CERTIFICATE");
    try {
      if (ops && Http.get(opsUrl() + "/health/ready").status() != 200) return false;
      if (api && Http.get(apiUrl() + "/openapi.yaml").status() != 200) return false;
      return ops || api || logText().split("started node=", -1).length > started;
    } catch (UncheckedIOException e) {
      return false;
    }
  }

  public Path log() { return log; }

  public String logText() {
    try {
      return Files.readString(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public String apiUrl() { return "http://127.0.0.1:" + environment.get("MILLRACE_API_PORT"); }

  public String opsUrl() { return "http://127.0.0.1:" + environment.get("MILLRACE_OPS_PORT"); }

  public long pid() { return process.pid(); }

  public boolean alive() { return process.isAlive(); }

  /** SIGKILL: no drain, no farewell. */
  public void kill() {
    process.destroyForcibly();
    join(ENDED_WITHIN);
  }

  /** SIGTERM, and waits for the drain. */
  public int terminate() { return terminate(ENDED_WITHIN); }

  /** The same where its end takes longer than a drain. */
  int terminate(Duration bound) {
    process.destroy();
    return join(bound);
  }

  private int join(Duration bound) {
    try {
      if (!process.waitFor(bound.toSeconds(), TimeUnit.SECONDS))
        throw new AssertionError("the gateway did not end; its log is " + log);
      return process.exitValue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Sends a signal by name: STOP and CONT for a hang. */
  public void signal(String name) {
    try {
      if (new ProcessBuilder("kill", "-" + name, Long.toString(pid())).start().waitFor() != 0)
        throw new AssertionError("kill -" + name);
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A new merchant in test mode without rate limit; answers its key. */
  public String merchantKey() {
    return merchantKey("{\"name\":\"Test merchant\",\"operator\":\"test\"}");
  }

  /** A new merchant by the body of {@code POST /ops/merchants}; answers its key. */
  public String merchantKey(String body) {
    var answer = Http.send("POST", opsUrl() + "/ops/merchants", Map.of("Content-Type", "application/json"),
        body);
    if (answer.status() != 200) throw new AssertionError(answer.body());
    return answer.json().getString("key");
  }
}
