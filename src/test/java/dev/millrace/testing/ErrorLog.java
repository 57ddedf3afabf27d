package dev.millrace.testing;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/** The lines at level ERROR that this process logs until it is closed, whoever writes them. */
public final class ErrorLog implements AutoCloseable {
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final ListAppender<ILoggingEvent> lines = new ListAppender<>();

  public ErrorLog() {
    lines.start();
    root.addAppender(lines);
  }

  public List<String> lines() {
    return List.copyOf(lines.list).stream().filter(line -> line.getLevel().isGreaterOrEqual(Level.ERROR))
        .map(line -> line.getLoggerName() + ": " + line.getFormattedMessage()).toList();
  }

  @Override
  public void close() {
    root.detachAppender(lines);
    lines.stop();
  }
}
