package dev.millrace.documents;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A Markdown file of the repository, taken apart into what the tests look at. {@code path} is seen from the
 * root.
 */
record Document(Path path, String text) {

  private static final Path SITE = Path.of("src/site/markdown");
  private static final Pattern INLINE_CODE = Pattern.compile("`([^`\\n]+)`");
  private static final Pattern LINK = Pattern.compile("\\[[^\\]\\n]*]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} +(.+)$");

  /** What stands between two fences. {@code line} is that of the first fence, from 1 on. */
  record Block(int line, String tag, String text) {}

  static Document read(Path path) {
    try {
      return new Document(path, Files.readString(path));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A page of the site by its name without the ending. */
  static Document page(String name) {
    return read(SITE.resolve(name + ".md"));
  }

  /** The README and the pages of the site, in the order in which a stranger reads them. */
  static List<Document> manual() {
    var pages = new ArrayList<>(List.of(read(Path.of("README.md"))));
    pages.addAll(below(SITE));
    return pages;
  }

  /** Every document whose names are held against the code. */
  static List<Document> all() {
    var documents = new ArrayList<>(manual());
    documents.addAll(below(Path.of(".github")));
    for (String folder : List.of("docker", "load-tests")) documents.add(read(Path.of(folder, "README.md")));
    documents.addAll(below(Path.of("src/test")));
    return documents;
  }

  private static List<Document> below(Path folder) {
    try (Stream<Path> files = Files.walk(folder)) {
      return files.filter(f -> f.toString().endsWith(".md")).sorted().map(Document::read).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** How a test names it. */
  @Override
  public String toString() { return path.toString(); }

  boolean ofTheSite() { return path.startsWith(SITE); }

  List<Block> blocks() {
    var blocks = new ArrayList<Block>();
    String[] lines = text.split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      if (!lines[i].startsWith("```")) continue;
      int end = i + 1;
      while (end < lines.length && !lines[end].startsWith("```")) end++;
      if (end == lines.length)
        throw new IllegalStateException(path + ":" + (i + 1) + ": a fence without end");
      blocks.add(new Block(i + 1, lines[i].substring(3).trim(),
          String.join("\n", Arrays.asList(lines).subList(i + 1, end))));
      i = end;
    }
    return blocks;
  }

  /** The text without what stands between fences. */
  String prose() {
    return text.replaceAll("(?ms)^```.*?^```", "");
  }

  List<String> codeWords() {
    return INLINE_CODE.matcher(prose()).results().map(m -> m.group(1)).toList();
  }

  List<String> links() {
    return LINK.matcher(prose().replaceAll("`[^`\\n]+`", "")).results().map(m -> m.group(1)).toList();
  }

  /** The anchors of its headings, as GitHub makes them. */
  Set<String> anchors() {
    var anchors = new HashSet<String>();
    HEADING.matcher(prose()).results().forEach(m -> anchors.add(m.group(1).toLowerCase(Locale.ROOT)
        .replaceAll("[^\\p{L}\\p{N} _-]", "").strip().replace(' ', '-')));
    return anchors;
  }

  /** The rows, without head, of the one table whose head begins with this cell. Cells are trimmed. */
  List<List<String>> table(String firstHead) {
    var rows = new ArrayList<List<String>>();
    boolean inside = false;
    for (String line : prose().split("\n")) {
      if (line.startsWith("| " + firstHead + " |")) {
        if (!rows.isEmpty()) throw new IllegalStateException(path + ": two tables of " + firstHead);
        inside = true;
      } else if (!line.startsWith("|")) inside = false;
      else
        if (inside && !line.startsWith("| ---"))
          rows.add(Arrays.stream(line.substring(1, line.lastIndexOf('|')).split("\\|", -1)).map(String::strip)
              .toList());
    }
    if (rows.isEmpty()) throw new IllegalStateException(path + ": no table of " + firstHead);
    return rows;
  }

  /** The words in backticks of a cell. */
  static List<String> code(String cell) {
    return INLINE_CODE.matcher(cell).results().map(m -> m.group(1)).toList();
  }
}
