package dev.millrace.documents;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Finds what a document names and the repository does not have. The rule is simple, so that it can be strict:
 * what looks like a path, a class, a setting, an event, a route, a metric, an environment variable, a system
 * property or a name with underscores is one, and a link leads somewhere. Prose without backticks is not
 * looked at, but for variables, metrics and properties, which are looked for in blocks too.
 */
final class NameCheck {
  private static final Pattern VARIABLE = Pattern.compile("MILLRACE_[A-Z0-9_]*[A-Z0-9]");
  private static final Pattern METRIC = Pattern.compile("(?<![A-Za-z0-9_/.])millrace_[a-z_]*[a-z]");
  private static final Pattern PROPERTY = Pattern.compile("-D(millrace\\.[a-z.-]*[a-z])");
  private static final Pattern PATH = Pattern.compile("[A-Za-z0-9_.*<>-]+(/[A-Za-z0-9_.*<>-]+)*/?");
  private static final Pattern FILE = Pattern.compile(".*\\.(java|md|yaml|yml|xml|sql|avsc|json)");
  private static final Pattern CLASS = Pattern.compile("[A-Z][a-z][A-Za-z0-9]*");
  private static final Pattern DOTTED = Pattern.compile("[a-z][a-z_-]*(\\.[a-z0-9_*<>-]+)+");
  private static final Pattern UNDERSCORES = Pattern.compile("[a-z][a-z0-9]*(_[a-z0-9]+)+");
  private static final Pattern ROUTE = Pattern
      .compile("(?:[A-Z]+ )?(/(?:v1|ops|health|return|metrics|openapi)[A-Za-z0-9_/{}<>.-]*)(?:\\?.*)?");
  private static final Set<String> TAGS = Set.of("sh", "console", "json", "text");
  /** What looks like a name of ours and is none. */
  private static final Map<String, String> NOT_OURS = Map.of(
      "RateLimit", "a header of HTTP",
      "janitor/<payment>", "what the janitor's dead letters say of where they come from",
      "adyen-webhooks-v1.json", "a file of Adyen's, which is no part of the repository",
      "adyen-checkout-v71.json", "the same",
      "stripe-fixtures3.json", "a file of Stripe's");
  /** Folders of what is made by the build and by running it. */
  private static final Pattern MADE = Pattern.compile("(target|\\.millrace|load-tests/target|~)(/.*)?");

  private final Repository repository;
  private final List<String> faults = new ArrayList<>();
  private Document document;

  NameCheck(Repository repository) { this.repository = repository; }

  /** One line for each fault, with the document's path. */
  List<String> faults(Document checked) {
    document = checked;
    faults.clear();
    each(VARIABLE, 0, "environment variable", repository::hasVariable);
    each(METRIC, 0, "metric", repository::hasMetric);
    each(PROPERTY, 1, "system property", repository::hasProperty);
    for (var block : document.blocks())
      if (!TAGS.contains(block.tag()))
        fault("block without a tag that says what it is", "line " + block.line());
    document.links().forEach(this::link);
    document.codeWords().stream().distinct().forEach(this::word);
    return List.copyOf(faults);
  }

  private void each(Pattern pattern, int group, String kind, java.util.function.Predicate<String> exists) {
    pattern.matcher(document.text()).results().map(m -> m.group(group)).distinct()
        .filter(name -> !exists.test(name)).forEach(name -> fault(kind, name));
  }

  private void fault(String kind, String name) {
    faults.add(document.path() + ": no such " + kind + ": " + name);
  }

  private void link(String target) {
    if (target.contains("://")) {
      // None of our pages has a public address yet.
      if (target.contains("millrace.dev")) fault("address", target);
      return;
    }
    String[] parts = target.split("#", 2);
    boolean here = parts[0].isEmpty();
    Path file = here ? document.path() : beside(parts[0]);
    if (!here && !repository.hasPath(file)) fault("file", target);
    else
      if (document.ofTheSite() && !file.startsWith("src/site/markdown"))
        fault("page of the site", target);
      else
        if (parts.length == 2 && document.ofTheSite())
          fault("anchor on the site, which makes its own", target);
        else
          if (parts.length == 2 && !anchors(file).contains(parts[1])) fault("anchor", target);
  }

  private Set<String> anchors(Path file) {
    return file.equals(document.path()) ? document.anchors() : Document.read(file).anchors();
  }

  private Path beside(String name) {
    Path folder = document.path().getParent();
    return (folder == null ? Path.of(name) : folder.resolve(name)).normalize();
  }

  private void word(String word) {
    var route = ROUTE.matcher(word);
    if (route.matches()) {
      if (!repository.hasRoute(route.group(1))) fault("route", word);
    } else if (NOT_OURS.containsKey(word) || MADE.matcher(word).matches()) {
      return;
    } else if (word.startsWith("dev.millrace")) {
      if (!isPackageOrClass(word)) fault("package or class", word);
    } else
      if (FILE.matcher(word).matches() && PATH.matcher(word).matches()
          || word.contains("/") && PATH.matcher(word).matches()) {
            if (!isPath(word)) fault("path", word);
          } else
        if (CLASS.matcher(word).matches()) {
          if (!repository.hasClass(word) && !isPath(word)) fault("class", word);
        } else if (DOTTED.matcher(word).matches()) {
          dotted(word);
        } else if (word.startsWith("pm_")) {
          if (!paymentMethods().contains(word)) fault("payment method", word);
        } else if (UNDERSCORES.matcher(word).matches() && !word.startsWith("millrace_")) {
          if (!repository.hasWord(word)) fault("name", word);
        }
  }

  /** Those of the page that a test holds against the simulator. */
  private static List<String> paymentMethods() {
    return Document.page("test-methods").codeWords();
  }

  private void dotted(String word) {
    String first = word.substring(0, word.indexOf('.'));
    boolean event = Set.of("payment", "settlement", "webhook_endpoint").contains(first);
    if (event && repository.hasEvent(word)) return;
    if (repository.settingsBegin().contains(first) ? !repository.hasSetting(word) : event)
      fault(event ? "event or setting" : "setting", word);
  }

  private boolean isPackageOrClass(String name) {
    String path = name.replaceAll("<[A-Za-z]+>", "*").replace('.', '/');
    return List.of("src/main/java/", "src/test/java/").stream().anyMatch(root -> repository
        .hasPathLike(Path.of(root + path)) || repository.hasPathLike(Path.of(root + path + ".java")));
  }

  private boolean isPath(String word) {
    String path = word.replaceAll("<[A-Za-z]+>", "*");
    if (path.equals("*Test") || path.equals("*IT")) return true;
    for (String root : List.of("", "src/main/java/dev/millrace", "src/test/java/dev/millrace"))
      for (String ending : List.of("", ".java"))
        if (repository.hasPathLike(Path.of(root).resolve(path + ending).normalize())) return true;
    return repository.hasPathLike(beside(path));
  }
}
