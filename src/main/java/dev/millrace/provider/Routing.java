package dev.millrace.provider;

import dev.millrace.payment.Currencies;
import dev.millrace.platform.TypeId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which provider accounts a payment may go to, in the order in which they are tried: those of the first rule
 * that fits. A rule reads {@code card usd eur 1000.. bin:400000-499999 mer_… 30% -> account account}; every
 * kind of condition must hold, and of several of one kind any. A percentage is the part of the payments that
 * come to its rule and fit the rest of it; each rule draws by lot for itself. The same payment always gets
 * the same answer from the same rules.
 */
public final class Routing {
  /** What a route depends on. {@code merchant} is {@code mer_…}. */
  public record Subject(UUID payment, String merchant, long amount, String currency, Method method) {}

  /** A rule that fits, and its accounts. */
  public record Route(String rule, List<String> accounts) {}

  private record Range(long from, long to) {
    boolean holds(long value) { return value >= from && value <= to; }
  }

  private record Bins(String from, String to) {
    /** Compares as many digits as both have. */
    boolean holds(String bin) {
      int n = Math.min(bin.length(), from.length());
      String head = bin.substring(0, n);
      return head.compareTo(from.substring(0, n)) >= 0 && head.compareTo(to.substring(0, n)) <= 0;
    }
  }

  private static final class Rule {
    final Set<String> methods = new HashSet<>();
    final Set<String> currencies = new HashSet<>();
    final Set<String> merchants = new HashSet<>();
    final List<Range> amounts = new ArrayList<>();
    final List<Bins> bins = new ArrayList<>();
    int percent = EVERY;
    final Route route;
    /** So that what one rule has not drawn is drawn evenly by the next. */
    private final long salt;

    Rule(Route route, int number) {
      this.route = route;
      this.salt = number * GOLDEN_GAMMA;
    }

    boolean fits(Subject s) {
      String bin = s.method.bin();
      return (methods.isEmpty() || methods.contains(s.method.type()))
          && (currencies.isEmpty() || currencies.contains(s.currency))
          && (merchants.isEmpty() || merchants.contains(s.merchant))
          && (amounts.isEmpty() || amounts.stream().anyMatch(r -> r.holds(s.amount)))
          && (bins.isEmpty() || (bin != null && bins.stream().anyMatch(b -> b.holds(bin))))
          && (percent == EVERY || lot(s.payment) < percent);
    }

    /** From 0 to 99, evenly and for good. A UUIDv7's low bits are random; mixed as by SplitMix64. */
    private int lot(UUID payment) {
      long z = payment.getLeastSignificantBits() + salt;
      z = (z ^ z >>> 30) * 0xbf58_476d_1ce4_e5b9L;
      z = (z ^ z >>> 27) * 0x94d0_49bb_1331_11ebL;
      return (int) Long.remainderUnsigned(z ^ z >>> 31, EVERY);
    }
  }

  private static final int EVERY = 100;
  private static final long GOLDEN_GAMMA = 0x9e37_79b9_7f4a_7c15L;
  private static final Pattern AMOUNTS = Pattern.compile("(\\d{0,12})\\.\\.(\\d{0,12})");
  private static final Pattern BINS = Pattern.compile("bin:(\\d{4,8})(?:-(\\d{4,8}))?");
  private static final Pattern PERCENT = Pattern.compile("([1-9]\\d?)%");

  private final List<Rule> rules = new ArrayList<>();

  /**
   * {@code accounts}: those that there are.
   *
   * @throws IllegalArgumentException naming the rule and what of it cannot be read
   */
  public Routing(List<String> rules, Collection<String> accounts) {
    for (String rule : rules) this.rules.add(parse(rule.trim(), this.rules.size() + 1, accounts));
  }

  /** The first rule that fits, or null when none does. */
  public @Nullable Route route(Subject subject) {
    for (Rule rule : rules) if (rule.fits(subject)) return rule.route;
    return null;
  }

  private static Rule parse(String text, int number, Collection<String> accounts) {
    int arrow = text.indexOf("->");
    if (arrow < 0) throw wrong(text, "it has no `->` before its accounts");
    List<String> targets = words(text.substring(arrow + 2));
    if (targets.isEmpty()) throw wrong(text, "it names no account");
    for (String target : targets) {
      if (!accounts.contains(target))
        throw wrong(text, "`" + target + "` is none of the accounts " + accounts);
    }
    if (new HashSet<>(targets).size() < targets.size()) throw wrong(text, "it names an account twice");
    var rule = new Rule(new Route(text, List.copyOf(targets)), number);
    for (String word : words(text.substring(0, arrow))) condition(rule, word, text);
    return rule;
  }

  private static void condition(Rule rule, String word, String text) {
    Matcher amounts = AMOUNTS.matcher(word);
    Matcher bins = BINS.matcher(word);
    Matcher percent = PERCENT.matcher(word);
    if (word.equals(Method.CARD) || word.equals(Method.ACH)) {
      rule.methods.add(word);
    } else if (Currencies.known(word)) {
      rule.currencies.add(word);
    } else if (word.startsWith("mer_")) {
      if (TypeId.parse(TypeId.MERCHANT, word) == null)
        throw wrong(text, "`" + word + "` is no merchant's id");
      rule.merchants.add(word);
    } else if (amounts.matches() && word.length() > 2) {
      rule.amounts.add(range(amounts, word, text));
    } else if (bins.matches()) {
      rule.bins.add(bins(bins, word, text));
    } else if (percent.matches()) {
      if (rule.percent != EVERY) throw wrong(text, "it has two percentages");
      rule.percent = Integer.parseInt(percent.group(1));
    } else {
      throw wrong(text, "`" + word
          + "` is no method (card, ach), currency, amount (1000..2000), bin:…, mer_… or percentage (1% to 99%)");
    }
  }

  private static Range range(Matcher amounts, String word, String text) {
    var range = new Range(amounts.group(1).isEmpty() ? 0 : Long.parseLong(amounts.group(1)),
        amounts.group(2).isEmpty() ? Long.MAX_VALUE : Long.parseLong(amounts.group(2)));
    if (range.from > range.to) throw wrong(text, "`" + word + "` ends before it begins");
    return range;
  }

  private static Bins bins(Matcher bins, String word, String text) {
    String from = bins.group(1);
    String to = bins.group(2) == null ? from : bins.group(2);
    if (to.length() != from.length()) throw wrong(text, "`" + word + "` has ends of different length");
    if (from.compareTo(to) > 0) throw wrong(text, "`" + word + "` ends before it begins");
    return new Bins(from, to);
  }

  private static List<String> words(String text) {
    return text.isBlank() ? List.of() : List.of(text.trim().split("\\s+"));
  }

  private static IllegalArgumentException wrong(String rule, String why) {
    return new IllegalArgumentException("the rule `" + rule + "`: " + why);
  }
}
