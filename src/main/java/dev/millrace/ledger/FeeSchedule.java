package dev.millrace.ledger;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which fees are taken: ordered rules, each of one party, of which the first that fits a capture holds for
 * that party. A rule reads {@code <party> <provider> <currency> <method> <basis points>bp+<fixed>
 * <return|keep>}, as in {@code provider stripe usd card 290bp+30 keep}; {@code *} fits everything.
 */
public final class FeeSchedule {
  /** Who takes a fee. */
  public enum Party {
    PROVIDER, GATEWAY
  }

  private record Entry(Party party, String provider, String currency, String method, FeeRule rule) {
    boolean fits(Party who, String ofProvider, String ofCurrency, String ofMethod) {
      return party == who && fits(provider, ofProvider) && fits(currency, ofCurrency)
          && fits(method, ofMethod);
    }

    private static boolean fits(String wanted, String is) { return wanted.equals("*") || wanted.equals(is); }
  }

  private static final Pattern RULE = Pattern.compile(
      "(provider|gateway)\\s+([a-z][a-z0-9-]*|\\*)\\s+([a-z]{3}|\\*)\\s+([a-z]+|\\*)\\s+"
          + "(\\d{1,5})bp\\+(\\d{1,9})\\s+(return|keep)");

  private final List<Entry> entries = new ArrayList<>();

  /** @throws IllegalArgumentException naming the rule that cannot be read */
  public FeeSchedule(List<String> rules) {
    for (String rule : rules) {
      Matcher m = RULE.matcher(rule.trim());
      if (!m.matches() || Integer.parseInt(m.group(5)) > 10_000)
        throw new IllegalArgumentException("`" + rule
            + "` must read `<provider|gateway> <provider> <currency> <method> <basis points>bp+<fixed> <return|keep>`, as"
            + " in `provider stripe usd card 290bp+30 keep`, with at most 10000bp");
      entries.add(new Entry(m.group(1).equals("provider") ? Party.PROVIDER : Party.GATEWAY, m.group(2),
          m.group(3), m.group(4), new FeeRule(Integer.parseInt(m.group(5)), Long.parseLong(m.group(6)),
              m.group(7).equals("return"))));
    }
  }

  /** The rule for a capture at this provider, or null when this party takes nothing. */
  public @Nullable FeeRule rule(Party party, String provider, String currency, String method) {
    for (Entry entry : entries) if (entry.fits(party, provider, currency, method)) return entry.rule;
    return null;
  }
}
