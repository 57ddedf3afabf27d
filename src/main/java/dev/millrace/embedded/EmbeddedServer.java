package dev.millrace.embedded;

/**
 * One running server. It does not stop with the JVM (Kafka apart, which lives in it): its owner calls {@link
 * #stop}.
 */
public sealed interface EmbeddedServer
    permits EmbeddedPostgresServer, EmbeddedRedisServer, EmbeddedKafkaServer {

  /** The port it listens on, at 127.0.0.1 only. */
  int port();

  /**
   * Stops the server and waits until it is gone; its data stays. Stopping twice does nothing.
   *
   * @throws EmbeddedServerException when it would not go
   */
  void stop();
}
