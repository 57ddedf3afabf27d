package dev.millrace.chaos;

import dev.millrace.endtoend.SiteSql;
import dev.millrace.testing.Site;
import dev.millrace.inbox.StoredBodies;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.ConsumerRecord;

/**
 * Looks for what must not be written: secrets and card numbers anywhere, the secret of a merchant's webhooks
 * anywhere but where it is kept, what a payment says of its payer in logs. The simulator's files do not
 * count: as the provider, it has to know all of them.
 */
final class Secrecy {
  /** Its own table, and the answer that tells it once. */
  private static final List<String> HOOK_TABLES = List.of("webhook_endpoint", "idempotency_key");

  private final List<String> secrets;
  private final String hookSecret;
  private final List<String> payer;
  private final List<String> found = new ArrayList<>();

  Secrecy(List<String> secrets, String hookSecret, List<String> payer) {
    this.secrets = secrets;
    this.hookSecret = hookSecret;
    this.payer = payer;
  }

  List<String> found() { return found; }

  /** Files below these, if they have changed since: those that are older were searched before. */
  void files(List<Path> roots, Instant since) throws IOException {
    for (Path root : roots) Files.walkFileTree(root, new SimpleFileVisitor<>() {
      @Override
      public FileVisitResult visitFile(Path file, BasicFileAttributes is) throws IOException {
        if (is.isRegularFile() && !is.lastModifiedTime().toInstant().isBefore(since)) file(file, secrets);
        return FileVisitResult.CONTINUE;
      }

      @Override
      public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
        return goneOr(e);
      }

      @Override
      public FileVisitResult postVisitDirectory(Path folder, IOException e) throws IOException {
        return e == null ? FileVisitResult.CONTINUE : goneOr(e);
      }
    });
  }

  /** The servers remove files as they like. */
  private static FileVisitResult goneOr(IOException e) throws IOException {
    if (e instanceof NoSuchFileException) return FileVisitResult.CONTINUE;
    throw e;
  }

  /** What processes say of what they do. */
  void logs(Iterable<Path> logs) throws IOException {
    for (Path log : logs) file(log, all(payer));
  }

  private void file(Path file, List<String> marks) throws IOException {
    try {
      text(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1), marks, file.toString());
    } catch (NoSuchFileException e) {
      // As above.
    }
  }

  /** Kafka's files are compressed; here its records are not. */
  void records(List<ConsumerRecord<String, byte[]>> records) {
    for (var record : records) {
      var all = new StringBuilder(String.valueOf(record.key())).append('\n')
          .append(new String(record.value(), StandardCharsets.ISO_8859_1));
      record.headers().forEach(
          h -> all.append('\n').append(h.key()).append(new String(h.value(), StandardCharsets.ISO_8859_1)));
      text(all.toString(), all(List.of()), "the topic " + record.topic());
    }
  }

  /**
   * Every row of every table as a text, in which bytes stand in hexadecimal digits; and what is compressed in
   * one.
   */
  void tables(Site site, Instant since) {
    var tables = SiteSql.rows(site,
        "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'");
    String union = tables.stream().map(List::getFirst).map(this::rows)
        .collect(Collectors.joining(" UNION ALL "));
    for (var row : SiteSql.rows(site, union)) found.add(row.get(1) + " in the table " + row.get(0));
    StoredBodies.since(site, since).forEach(
        (event, body) -> text(body, all(List.of()), "the provider's webhook " + event));
  }

  private String rows(String table) {
    String marks = (HOOK_TABLES.contains(table) ? secrets : all(List.of())).stream()
        .flatMap(m -> Stream.of(m.replaceAll("[^A-Za-z0-9_]", "\\\\$0"),
            HexFormat.of().formatHex(m.getBytes(StandardCharsets.UTF_8))))
        .collect(Collectors.joining("|"));
    return "(SELECT '%1$s', substring(t::text from '%2$s') FROM %1$s t WHERE t::text ~ '%2$s' LIMIT 3)"
        .formatted(table, marks);
  }

  private List<String> all(List<String> more) {
    return Stream.of(secrets, List.of(hookSecret), more).flatMap(List::stream).toList();
  }

  private void text(String text, List<String> marks, String where) {
    for (String mark : marks) if (text.contains(mark)) found.add(mark + " in " + where);
  }
}
