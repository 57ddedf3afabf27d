package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.ledger.FeeSchedule;
import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.payment.Lives;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers.Times;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a provider takes and gives may be told in any order: as long as each object's own words keep theirs,
 * the books, the amounts and the status are the same in the end. A charge of 1999 usd.
 */
final class MovementsInAnyOrderTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_795_000_000);
  private static final OutcomePolicy FREE = policy(List.of());
  private static final OutcomePolicy WITH_FEES = policy(
      List.of("provider * * * 290bp+30 return", "gateway * * * 50bp+7 keep"));

  private static OutcomePolicy policy(List<String> fees) {
    return new OutcomePolicy(new FeeSchedule(fees),
        provider -> new Times(60_000, 7 * 86_400_000L, 3_600_000), () -> NOW);
  }

  private static final String MERCHANT = "mer_1";

  /** One word of a provider, named for people. */
  private record Word(String name, BiFunction<Payment, OutcomePolicy, Finding> judged) {
    static Word of(String name, UnsolicitedChange change) {
      return new Word(name, (p, policy) -> policy.unsolicited(p, "stripe", change));
    }

    static Word ofCharge(String name, Outcome outcome) {
      return new Word(name, (p, policy) -> policy.charge(p, "stripe", "att_1", outcome));
    }

    @Override
    public String toString() { return name; }
  }

  private static Word refund(String id, long amount) {
    return Word.of(id + " of " + amount, new UnsolicitedChange.Refunded(id, amount, "usd"));
  }

  private static Word refundFailed(String id) {
    return Word.of(id + " failed", new UnsolicitedChange.RefundFailed(id, "c", "m", null));
  }

  private static Word dispute(String id, long amount) {
    return Word.of(id + " of " + amount,
        new UnsolicitedChange.DisputeOpened(id, amount, "usd", null, null));
  }

  private static Word disputeAt(String id, long amount, long told) {
    return Word.of(id + " of " + amount,
        new UnsolicitedChange.DisputeOpened(id, amount, "usd", null, null, told));
  }

  private static Word decided(String id, long amount, boolean won, long when) {
    return Word.of(id + (won ? " won" : " lost"),
        new UnsolicitedChange.DisputeClosed(id, won, amount, "usd", null, when));
  }

  private static Word captured(String name, long amount) {
    return Word.ofCharge(name + " of " + amount, new Outcome.Charged("pi_1", amount, "usd", name, true));
  }

  private static Word captureFailed(String name) {
    return Word.ofCharge(name + " failed",
        new Outcome.Declined(name, Outcome.Declined.CAPTURE_FAILED, null, "m"));
  }

  /** Each object's words, in their order. */
  static Stream<Arguments> stories() {
    return Stream.of(
        story("a refund, and a dispute of all that is won",
            List.of(refund("re_1", 1500)), List.of(dispute("du_1", 1999), decided("du_1", 1999, true, 1))),
        story("two disputes of more than there is, one won and one lost",
            List.of(dispute("du_1", 1200), decided("du_1", 1200, true, 1)),
            List.of(dispute("du_2", 1600), decided("du_2", 1600, false, 1))),
        story("a dispute that is lost and then won, and refunds, of which one fails",
            List.of(dispute("du_1", 1999), decided("du_1", 1999, false, 1), decided("du_1", 1999, true, 2)),
            List.of(refund("re_1", 700), refundFailed("re_1")), List.of(refund("re_2", 900))),
        story("the capture fails after a part went back", List.of(refund("re_1", 500), captureFailed("")),
            List.of(dispute("du_1", 300), decided("du_1", 300, true, 1))),
        story("the capture fails, of what is disputed and refunded",
            List.of(refund("re_1", 500), captureFailed("")),
            List.of(dispute("du_1", 1999), decided("du_1", 1999, true, 1)),
            List.of(refund("re_2", 100), refundFailed("re_2"))),
        story("a further capture, of which one fails, and a dispute of more than there is",
            List.of(captured("ca_2", 800), captureFailed("ca_2")),
            List.of(dispute("du_1", 2500), decided("du_1", 2500, false, 1)), List.of(refund("re_1", 300))),
        story("a dispute that grows and is lost, and shrinks, and refunds of all",
            List.of(disputeAt("du_1", 500, 1), disputeAt("du_1", 1500, 2), decided("du_1", 1200, false, 3)),
            List.of(refund("re_1", 1999))),
        story("a further capture of all, of which the first one fails, and a refund",
            List.of(captureFailed("")), List.of(captured("ca_2", 1999)), List.of(refund("re_1", 300))),
        story("three captures, of which one fails", List.of(captured("ca_2", 800), captureFailed("ca_2")),
            List.of(captured("ca_3", 1500)), List.of(captureFailed(""))),
        story("two refunds, of which one fails, and a dispute",
            List.of(refund("re_1", 700), refundFailed("re_1")), List.of(refund("re_2", 1400)),
            List.of(dispute("du_1", 1999), decided("du_1", 1999, false, 1))),
        story("more is refunded than there is, and fails",
            List.of(refund("re_1", 1999)), List.of(refund("re_2", 1000), refundFailed("re_2")),
            List.of(dispute("du_1", 100), decided("du_1", 100, true, 1))));
  }

  private static Arguments story(String name, List<Word> one, List<Word> other) {
    return Arguments.of(name, List.of(one, other));
  }

  private static Arguments story(String name, List<Word> one, List<Word> other, List<Word> third) {
    return Arguments.of(name, List.of(one, other, third));
  }

  /** All orders in which the words of several objects may be told. */
  private static List<List<Word>> orders(List<List<Word>> objects) {
    if (objects.stream().allMatch(List::isEmpty)) return List.of(List.of());
    var orders = new ArrayList<List<Word>>();
    for (int i = 0; i < objects.size(); i++) {
      if (objects.get(i).isEmpty()) continue;
      var rest = new ArrayList<>(objects);
      Word first = objects.get(i).getFirst();
      rest.set(i, objects.get(i).subList(1, objects.get(i).size()));
      for (List<Word> more : orders(rest)) {
        var order = new ArrayList<Word>(List.of(first));
        order.addAll(more);
        orders.add(order);
      }
    }
    return orders;
  }

  /**
   * What an order comes to: status, amounts and balances. What cannot be taken yet waits, as in the inbox.
   */
  private static Map<String, Object> end(OutcomePolicy policy, List<Word> order) {
    Payment p = Lives.in(Status.PROVIDER_SUBMITTED);
    var balances = new TreeMap<String, Long>();
    for (PaymentEvent event : ((Finding.NewEvents) policy.charge(p, "stripe", "att_1",
        new Outcome.Charged("pi_1", 1999, "usd"))).events()) {
      p = p.after(event);
      post(balances, p, event);
    }
    var waiting = new ArrayList<>(order);
    while (!waiting.isEmpty()) {
      boolean any = false;
      for (Word word : List.copyOf(waiting)) {
        Finding finding = word.judged.apply(p, policy);
        if (finding instanceof Finding.NotYet) continue;
        assertThat(finding).as("%s, of %s", word, order).isInstanceOf(Finding.NewEvents.class);
        for (PaymentEvent event : ((Finding.NewEvents) finding).events()) {
          p = p.after(event);
          post(balances, p, event);
        }
        waiting.remove(word);
        any = true;
        break;
      }
      assertThat(any).as("%s can never be taken, of %s", waiting, order).isTrue();
    }
    var end = new TreeMap<String, Object>();
    balances.values().removeIf(sum -> sum == 0);
    end.put("balances", balances);
    end.put("status", p.status());
    end.put("captured", p.amountCaptured());
    end.put("refunded", p.amountRefunded());
    end.put("left", p.left());
    return end;
  }

  private static void post(Map<String, Long> balances, Payment after, PaymentEvent event) {
    for (Posting line : PostingRules.postings(event, MERCHANT))
      balances.merge(line.account(), line.amount(), Long::sum);
    assertThat(balances.getOrDefault("suspense", 0L)).as("suspense after %s", event)
        .isEqualTo(after.beyond() - after.surplus());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("stories")
  void movements_toldInAnyOrder_endTheSame(String name, List<List<Word>> objects) {
    assertSame(FREE, orders(objects));
    // A capture that comes after a refund is not reckoned with it before the next refund, and captures beyond
    // the authorization share one fee for what they take over.
    if (!name.startsWith("a further capture of all") && !name.startsWith("three captures"))
      assertSame(WITH_FEES, orders(objects));
  }

  private static void assertSame(OutcomePolicy policy, List<List<Word>> orders) {
    assertThat(orders).hasSizeGreaterThan(1);
    var first = end(policy, orders.getFirst());
    assertThat(orders).allSatisfy(order -> assertThat(end(policy, order)).as("%s", order).isEqualTo(first));
  }
}
