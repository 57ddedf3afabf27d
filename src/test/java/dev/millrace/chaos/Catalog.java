package dev.millrace.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/** Every scenario there is, and which of them run. */
final class Catalog {
  /** The choice of those that run with every build, one of each family; the twelfth runs alone. */
  static final String DOZEN = "dozen";
  private static final List<String> OF_THE_DOZEN = List.of("kill at charge.answered",
      "kill at refund.after_intent",
      "kill at relay.published", "kill at payment.before_answer", "kill one node after the other",
      "stop and wake the holder of relay", "redis killed, back empty", "postgres away",
      "postgres commit answers lost", "kafka killed", "provider charges and never answers");

  private Catalog() {}

  static List<Scenario> all() {
    var all = new ArrayList<Scenario>();
    all.addAll(NodeFaults.all());
    all.addAll(ServerFaults.all());
    all.addAll(KafkaFaults.all());
    all.addAll(ProviderFaults.all());
    all.addAll(LoadFaults.all());
    // Those that need a deployment of their own come last: each change of deployment takes half a minute.
    all.sort(java.util.Comparator.comparing(Scenario::plan));
    return all;
  }

  /** {@code all}, {@code dozen}, or a regular expression that names have to contain. */
  static List<Scenario> chosen(String choice) {
    if (choice.equals("all")) return all();
    if (choice.equals(DOZEN)) return OF_THE_DOZEN.stream().map(Catalog::named).toList();
    var chosen = all().stream().filter(s -> Pattern.compile(choice).matcher(s.name()).find()).toList();
    if (chosen.isEmpty()) throw new IllegalArgumentException("no scenario is called like " + choice);
    return chosen;
  }

  private static Scenario named(String name) {
    return all().stream().filter(s -> s.name().equals(name)).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no scenario is called " + name));
  }
}
