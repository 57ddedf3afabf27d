package dev.millrace.chaos;

import dev.millrace.endtoend.BookAudit;
import dev.millrace.endtoend.SiteSql;
import dev.millrace.testing.Await;
import dev.millrace.testing.GatewayProcess;
import dev.millrace.testing.Site;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;

/**
 * Whether everything has come to rest: by the counters of work, and by the tables, which do not trust them.
 */
final class Quiescence {
  /**
   * What is left to be done, and how much of it; less than nothing where there is more than there should be.
   */
  private static final String LEFT = """
    SELECT * FROM (
      SELECT 'payments ' || status AS what, count(*) AS n FROM payment
       WHERE status IN ('initiated', 'provider_submitted', 'unknown', 'confirmed') GROUP BY 1 UNION ALL
      SELECT 'operations ' || status, count(*) FROM operation
       WHERE status IN ('requested', 'submitted', 'unknown') GROUP BY 1 UNION ALL
      SELECT 'accounts not cleared', count(*)
        FROM (SELECT FROM posting WHERE account LIKE 'merchant\\_pending:%%' OR account LIKE 'provider\\_receivable:%%'
               GROUP BY account, currency HAVING sum(amount) <> 0) p UNION ALL
      SELECT 'webhooks of providers not worked off', count(*)
        FROM provider_event e LEFT JOIN provider_event_result r USING (xid, position) WHERE r.xid IS NULL UNION ALL
      SELECT 'webhooks not delivered', (SELECT count(*) FROM journal WHERE merchant = '%1$s') - count(*)
        FROM webhook_delivery d JOIN webhook_endpoint e ON e.id = d.endpoint
       WHERE e.merchant = '%1$s' AND d.status = 'delivered') l
     WHERE n <> 0""";

  private final Site site;
  private final String left;

  /** {@code merchant}: whose webhooks are waited for. */
  Quiescence(Site site, UUID merchant) {
    this.site = site;
    this.left = LEFT.formatted(merchant);
  }

  /** Waits for all of it, {@code bound} from now; answers when it was there, by {@link System#nanoTime}. */
  long await(GatewayProcess ops, Duration bound) {
    long began = System.nanoTime();
    BookAudit.awaitRest(site, ops, bound);
    try {
      Await.within(bound.minusNanos(System.nanoTime() - began), "nothing is left", () -> left().isEmpty());
    } catch (AssertionError e) {
      throw new AssertionError("not within " + bound.toSeconds() + " s: " + left(), e);
    }
    long rest = System.nanoTime();
    if (rest - began > bound.toNanos())
      throw new AssertionError("at rest only after " + Duration.ofNanos(rest - began).toMillis() + " ms");
    return rest;
  }

  private Map<String, Long> left() {
    return SiteSql.numbers(site, left);
  }
}
