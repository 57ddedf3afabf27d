package dev.millrace.fraud;

import dev.millrace.platform.Config;
import dev.millrace.platform.ConfigException;
import io.vertx.core.Future;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides by the rules file whether a payment is cleared, reviewed or blocked. The most severe decision wins:
 * block, then review, then clear.
 *
 * <p>Rules that do not refer to velocity come first, in the order of the file. A payment that they block is
 * not counted; any other is counted once in each velocity that some rule refers to and whose {@code except}
 * does not hold for it. When none is left to count, Redis is not asked. A redelivered payment is screened,
 * and so counted, again.
 *
 * <p>Fails open on velocity, and on velocity only: when the counters do not answer, the counts are 0 and the
 * screening says so. Postgres decides what happened to a payment; Redis is an accelerator whose outage must
 * not stop payments.
 *
 * <p>Compiled once, when loaded; thread-safe; a screening of the shipped rules takes a few microseconds.
 */
public final class Screener {
  private static final Logger log = LoggerFactory.getLogger(Screener.class);

  private final Rules rules;
  private final VelocityCounters counters;
  private final Facts.Shared shared;
  private final List<Rule> plainRules;
  private final List<Rule> velocityRules;
  private final int[] countedVelocities;

  private Screener(Rules rules, VelocityCounters counters) {
    this.rules = rules;
    this.counters = counters;
    this.shared = Facts.Shared.of(rules.lists(), rules.velocities());
    this.plainRules = rules.rules().stream().filter(rule -> !rule.needsVelocity()).toList();
    this.velocityRules = rules.rules().stream().filter(Rule::needsVelocity).toList();
    Set<String> used = velocityRules.stream().flatMap(rule -> rule.when().velocities().stream())
        .collect(Collectors.toSet());
    this.countedVelocities = IntStream.range(0, rules.velocities().size())
        .filter(i -> used.contains(rules.velocities().get(i).name())).toArray();
  }

  /**
   * By {@code fraud.rules}: the rules that are shipped, or a file's. Blocks: for start-up only.
   *
   * @throws ConfigException naming the rule and the problem
   */
  public static Screener of(Config config, VelocityCounters counters) {
    String rules = config.text("fraud.rules");
    if (!rules.equals("builtin")) {
      try {
        return load(Path.of(rules), counters);
      } catch (IllegalArgumentException e) {
        throw new ConfigException("`fraud.rules`: " + e.getMessage());
      }
    }
    try (InputStream in = Objects
        .requireNonNull(Screener.class.getResourceAsStream("/config/fraud-rules.yaml"))) {
      return load(in, "config/fraud-rules.yaml", counters);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads and compiles a rules file. Blocks: for start-up only.
   *
   * @throws IllegalArgumentException whose message is one line that names the file, the rule and the problem
   */
  public static Screener load(Path file, VelocityCounters counters) {
    try {
      return load(Files.readString(file), file.toString(), counters);
    } catch (IOException unreadable) {
      throw new IllegalArgumentException(file + ": cannot be read: " + unreadable, unreadable);
    }
  }

  /** As {@link #load(Path, VelocityCounters)}, from a resource, which the caller closes. */
  public static Screener load(InputStream yaml, String sourceName, VelocityCounters counters) {
    try {
      return load(new String(yaml.readAllBytes(), StandardCharsets.UTF_8), sourceName, counters);
    } catch (IOException unreadable) {
      throw new IllegalArgumentException(sourceName + ": cannot be read: " + unreadable, unreadable);
    }
  }

  /** As {@link #load(Path, VelocityCounters)}, from a text; {@code sourceName} is for messages. */
  public static Screener load(String yaml, String sourceName, VelocityCounters counters) {
    return new Screener(RulesFile.parse(yaml, sourceName), counters);
  }

  /** Screens one payment. Never fails: see the class for what happens when the counters do. */
  public Future<Screening> screen(Candidate candidate) {
    Facts facts = new Facts(shared, candidate);
    Verdict verdict = new Verdict(rules.reviewAtScore(), rules.blockAtScore());
    apply(plainRules, facts, verdict);
    if (verdict.blocked()) {
      return Future.succeededFuture(verdict.screening(true));
    }
    int[] counted = countedFor(facts);
    if (counted.length == 0) {
      return Future.succeededFuture(conclude(facts, verdict, true));
    }
    return increment(candidate, counted).map(counts -> {
      for (int i = 0; i < counted.length; i++) {
        facts.count(counted[i], counts[i]);
      }
      return true;
    }).otherwise(this::unknown).map(known -> conclude(facts, verdict, known));
  }

  /** Equal exceptions of neighbouring velocities are one expression, and evaluated once. */
  private int[] countedFor(Facts facts) {
    int[] counted = new int[countedVelocities.length];
    int size = 0;
    Expression evaluated = null;
    boolean excepted = false;
    for (int velocity : countedVelocities) {
      Expression except = rules.velocities().get(velocity).except();
      if (except != evaluated) {
        excepted = except != null && except.match(facts) == Expression.Match.YES;
        evaluated = except;
      }
      if (!excepted) {
        counted[size++] = velocity;
      }
    }
    return Arrays.copyOf(counted, size);
  }

  /** A failed future, also when the counters throw or answer fewer counts than were asked. */
  private Future<long[]> increment(Candidate candidate, int[] counted) {
    List<VelocityCounters.Counter> asked = new ArrayList<>(counted.length);
    for (int velocity : counted) {
      asked.add(rules.velocities().get(velocity).counter(candidate));
    }
    try {
      return counters.increment(asked).map(counts -> {
        if (counts.length != asked.size()) {
          throw new IllegalStateException(counts.length + " counts for " + asked.size() + " counters");
        }
        return counts;
      });
    } catch (RuntimeException thrown) {
      return Future.failedFuture(thrown);
    }
  }

  private boolean unknown(Throwable failure) {
    log.debug("velocity_unknown taken_as=0 problem=\"{}\"", failure.toString());
    return false;
  }

  private Screening conclude(Facts facts, Verdict verdict, boolean velocityKnown) {
    apply(velocityRules, facts, verdict);
    return verdict.screening(velocityKnown);
  }

  private static void apply(List<Rule> rules, Facts facts, Verdict verdict) {
    for (Rule rule : rules) {
      verdict.apply(rule, facts);
    }
  }
}
