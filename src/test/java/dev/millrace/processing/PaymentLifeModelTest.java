package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.ledger.FeeSchedule;
import dev.millrace.ledger.Posting;
import dev.millrace.ledger.PostingRules;
import dev.millrace.payment.Dispute;
import dev.millrace.payment.EventType;
import dev.millrace.payment.BookedMovement;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.payment.StrayCharge;
import dev.millrace.provider.Providers.Times;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Random lives of payments: some thousands of worlds of a few payments each, whose steps interleave, with
 * everything that providers and merchants do late, twice, shuffled or wrongly. What must hold, holds after
 * every step.
 */
final class PaymentLifeModelTest {
  private static final int WORLDS = 3_000;
  private static final int PAYMENTS = 4;
  private static final int STEPS = 160;
  private static final int ENDING_STEPS_MAX = 4_000;
  private static final List<Status> ORDER = List.of(Status.INITIATED, Status.IN_REVIEW, Status.BLOCKED,
      Status.PROVIDER_SUBMITTED, Status.UNKNOWN, Status.REQUIRES_ACTION, Status.PROCESSING, Status.AUTHORIZED,
      Status.DECLINED,
      Status.VOIDED, Status.EXPIRED, Status.CONFIRMED, Status.SETTLED, Status.PARTIALLY_REFUNDED,
      Status.REFUNDED, Status.DISPUTED, Status.CHARGED_BACK, Status.RETURNED);

  /** What was seen, so that the test cannot be empty. */
  private static final class Seen {
    final Map<EventType, Integer> events = new EnumMap<>(EventType.class);
    final Set<Status> ends = EnumSet.noneOf(Status.class);
    final Set<String> conflicts = new TreeSet<>();
    int sequences;
  }

  /** Some payments and their ledger. */
  private static final class World {
    final Random random;
    final LedgerModel ledger;
    final List<PaymentLife> lives = new ArrayList<>();
    final Seen seen;

    World(long seed, LedgerModel.Rules rules, Seen seen) {
      this.random = new Random(seed);
      this.ledger = new LedgerModel(rules);
      this.seen = seen;
      var policy = new OutcomePolicy(PaymentLifeModelTest.schedule(random),
          provider -> new Times(60_000, 86_400_000, 3_600_000), () -> Instant.ofEpochSecond(1));
      for (int i = 0; i < PAYMENTS; i++) lives.add(new PaymentLife(random, policy, "pi_" + i));
    }

    void run() {
      for (int step = 0; step < STEPS; step++) {
        if (random.nextInt(12) == 0) settle();
        else if (random.nextInt(12) == 0) ledger.rollUp();
        else {
          PaymentLife life = lives.get(random.nextInt(lives.size()));
          take(life, life.next());
        }
      }
      for (PaymentLife life : lives) end(life);
      settle();
      assertClear();
      for (PaymentLife life : lives) assertAsTheProviderSays(life);
      assertThat(ledger.sum("bank_in_transit:")).as("what the bank gets")
          .isEqualTo(lives.stream().mapToLong(PaymentLifeModelTest::owed).sum());
      seen.sequences += lives.size();
      lives.forEach(life -> seen.conflicts.addAll(life.conflicts));
    }

    private void end(PaymentLife life) {
      for (int step = 0; step < ENDING_STEPS_MAX; step++) {
        PaymentLife.Move move = life.end();
        if (move == null) return;
        take(life, move);
      }
      throw new AssertionError("no end in sight: " + life.payment + " " + life.book.words);
    }

    private void take(PaymentLife life, PaymentLife.Move move) {
      Payment before = life.payment;
      Payment after = before;
      for (PaymentEvent event : move.events()) {
        Payment next = after.after(event);
        assertForward(after.status(), event, next.status());
        ledger.post(life, String.valueOf(next.provider()), event);
        seen.events.merge(event.type(), 1, Integer::sum);
        after = next;
      }
      if (move.events().isEmpty()) assertThat(life.payment).as(move.what()).isSameAs(before);
      life.payment = after;
      move.committed().run();
      assertHolds(life.payment);
      assertThat(ledger.balances()).isEqualTo(ledger.fold());
      assertThat(-ledger.sum("disputes:")).as("held in disputes").isEqualTo(lives.stream()
          .flatMap(l -> l.payment.disputes().values().stream()).filter(Dispute::open)
          .mapToLong(Dispute::amount).sum());
      seen.ends.add(after.status());
    }

    private void settle() {
      for (PaymentLife life : ledger.settle()) {
        life.payment = life.payment.after(LedgerModel.settled(life.payment.status()));
        seen.events.merge(EventType.SETTLED, 1, Integer::sum);
      }
      assertNetted("(provider_receivable|merchant_pending):.*");
    }

    /** Whatever has moved is netted: but for open disputes, only what was charged late stays on the way. */
    private void assertNetted(String accounts) {
      assertThat(ledger.fold()).allSatisfy((account, balance) -> {
        if (account.matches(accounts)) assertThat(balance).as(account).isEqualTo(lateAt(account));
      });
    }

    private long lateAt(String account) {
      return lives.stream().map(l -> l.payment).flatMap(p -> p.strays().values().stream()
          .filter(s -> !s.held() && p.operation(s.operation()).state() != Operation.State.SUCCEEDED)
          .filter(s -> account.equals("provider_receivable:" + s.provider() + " " + p.asked().currency())))
          .mapToLong(StrayCharge::amount).sum();
    }

    private void assertClear() {
      assertThat(lives).allMatch(l -> l.payment.disputes().values().stream().noneMatch(Dispute::open));
      assertNetted("(provider_receivable|merchant_pending|disputes):.*");
    }
  }

  /** Random rules of both parties. */
  static FeeSchedule schedule(Random random) {
    var rules = new ArrayList<String>();
    for (String party : List.of("provider", "gateway")) {
      for (String provider : List.of("stripe", "*")) {
        if (random.nextBoolean())
          rules.add(party + " " + provider + " * * " + random.nextInt(random.nextBoolean() ? 400 : 10_001)
              + "bp+" + random.nextInt(60) + (random.nextBoolean() ? " return" : " keep"));
      }
    }
    return new FeeSchedule(rules);
  }

  private static void assertForward(Status from, PaymentEvent event, Status to) {
    if (event instanceof PaymentEvent.DisputeWon || event instanceof PaymentEvent.Reverses
        || from == Status.IN_REVIEW || from == Status.PROCESSING && to == Status.REQUIRES_ACTION
        || from == Status.CHARGED_BACK && to == Status.DISPUTED
        || from == Status.REFUNDED && event instanceof PaymentEvent.Captured)
      return;
    assertThat(ORDER.indexOf(to)).as("%s, %s, %s", from, event, to)
        .isGreaterThanOrEqualTo(ORDER.indexOf(from));
  }

  private static void assertHolds(Payment p) {
    assertThat(p.amountCaptured()).isBetween(0L, Math.max(p.amountAuthorized(), 0));
    assertThat(p.amountAuthorized()).isLessThanOrEqualTo(p.asked().amount());
    assertThat(p.amountRefunded()).isNotNegative();
    assertThat(p.refundable()).isBetween(0L, Math.max(0, p.amountCaptured() - p.amountRefunded()));
    assertThat(p.left() == 0 || p.beyond() == 0).as("left %d, beyond %d", p.left(), p.beyond()).isTrue();
    assertThat(p.operations().stream().filter(o -> o.open() && !o.id().startsWith("re")).count())
        .isLessThanOrEqualTo(1);
    assertThat(p.fees().providerGivenBack()).isBetween(0L, p.fees().provider());
    assertThat(p.fees().gatewayGivenBack()).isBetween(0L, p.fees().gateway());
    // What is captured after the refunds has a fee of its own.
    if (p.status() == Status.REFUNDED && p.fees().providerGivenBack() > 0 && p.sentBack() == null
        && p.captures().size() == 1
        && Stream.concat(p.captures().stream(), p.refunds().stream()).noneMatch(BookedMovement::reversed))
      assertThat(p.fees().providerGivenBack()).isEqualTo(p.fees().provider());
  }

  /** All that went back, with what was beyond the payment. */
  static long refunded(Payment p) {
    return p.refunds().stream().filter(r -> !r.reversed()).mapToLong(BookedMovement::amount).sum();
  }

  /** Nothing was lost and nothing was counted twice. */
  private static void assertAsTheProviderSays(PaymentLife life) {
    Payment p = life.payment;
    var book = life.book;
    assertThat(p.amountCharged()).as("charged, %s", p).isEqualTo(book.charged);
    assertThat(refunded(p)).as("refunded, %s", p).isEqualTo(book.refunded);
    assertThat(p.disputes().values().stream().filter(d -> d.state() == Dispute.State.LOST)
        .mapToLong(Dispute::amount).sum()).as("withdrawn, %s", p).isEqualTo(book.withdrawn());
    assertThat(p.isSentBack()).as("sent back, %s", p).isEqualTo(book.sentBack > 0);
    assertThat(p.status() == Status.RETURNED).as("sent back, %s", p).isEqualTo(book.sentBack > 0);
    life.late.all().forEach((reference, late) -> assertThat(p.strays().values()).as("%s, %s", reference, p)
        .anySatisfy(stray -> {
          assertThat(stray.reference()).isEqualTo(reference);
          assertThat(stray.amount()).isEqualTo(late.amount);
          assertThat(p.operation(stray.operation()).state() == Operation.State.SUCCEEDED)
              .isEqualTo(late.returned);
        }));
    assertThat(p.operations()).noneMatch(o -> o.open());
    switch (book.state) {
      case CHARGED -> assertThat(ORDER.indexOf(p.status())).as("%s", p)
          .isGreaterThanOrEqualTo(ORDER.indexOf(Status.CONFIRMED));
      case RELEASED ->
        assertThat(p.status()).as("%s", p).isIn(Status.VOIDED, Status.EXPIRED, Status.DECLINED);
      case REFUSED -> assertThat(p.status()).as("%s", p).isEqualTo(Status.DECLINED);
      case HELD -> assertThat(p.status()).as("%s", p).isEqualTo(Status.AUTHORIZED);
      case NOTHING -> assertThat(p.status()).as("%s", p).isIn(Status.BLOCKED, Status.VOIDED, Status.DECLINED);
      case ACTION, PENDING -> throw new AssertionError("the payer still waits: " + p);
    }
  }

  /** What the provider has to pay for a payment: less its fees. */
  private static long owed(PaymentLife life) {
    var fees = life.payment.fees();
    return life.book.owed() - fees.provider() + fees.providerGivenBack();
  }

  private static Seen run(long seed, int worlds, LedgerModel.Rules rules) {
    var seeds = new Random(seed);
    var seen = new Seen();
    for (int i = 0; i < worlds; i++) {
      long own = seeds.nextLong();
      try {
        new World(own, rules, seen).run();
      } catch (AssertionError | RuntimeException e) {
        throw new AssertionError("world with seed " + own + "L: " + e.getMessage(), e);
      }
    }
    return seen;
  }

  @Test
  void life_ofRandomPayments_keepsWhatMustHold() {
    long seed = Long.getLong("millrace.life.seed", System.nanoTime());
    Seen seen = run(seed, WORLDS, PostingRules::postings);
    assertThat(seen.sequences).isGreaterThanOrEqualTo(10_000);
    // Everything that can happen to a payment has happened, often.
    var missing = EnumSet.allOf(EventType.class);
    missing.removeIf(t -> t == EventType.INITIATED || t.subject() != EventType.Subject.PAYMENT
        || seen.events.getOrDefault(t, 0) > 50);
    missing.removeAll(
        Set.of(EventType.ACTION_RETURNED, EventType.CORRECTED, EventType.LATE_CHARGE_RETRIED));
    assertThat(missing).as("seed %d: too seldom among %s", seed, seen.events).isEmpty();
    // Alerts are for persons: of all that is late, shuffled, beyond and taken back here, nothing raises one.
    assertThat(seen.conflicts).as("seed %d", seed).isEmpty();
    assertThat(seen.ends).as("seed %d", seed).containsExactlyInAnyOrder(Status.values());
  }

  /** Rules that are wrong in a way that balances, or that does not: each must be found. */
  enum WrongRule {
    UNBALANCED {
      @Override
      List<Posting> of(PaymentEvent e, List<Posting> right) {
        return e instanceof PaymentEvent.Refunded ? right.subList(0, 1) : right;
      }
    },
    REFUND_ONE_SHORT {
      @Override
      List<Posting> of(PaymentEvent e, List<Posting> right) {
        return e instanceof PaymentEvent.Refunded r && r.amount() > 1
            ? right.stream().map(p -> Math.abs(p.amount()) == r.amount()
                ? new Posting(p.account(), p.currency(), p.amount() - Long.signum(p.amount()), p.memo())
                : p).toList()
            : right;
      }
    },
    REVERSAL_NOT_POSTED {
      @Override
      List<Posting> of(PaymentEvent e, List<Posting> right) {
        return e instanceof PaymentEvent.RefundReversed ? List.of() : right;
      }
    },
    LATE_CHARGE_FOR_THE_MERCHANT {
      @Override
      List<Posting> of(PaymentEvent e, List<Posting> right) {
        return e instanceof PaymentEvent.LateCharge
            ? moved(right, "suspense", "merchant_pending:mer_1")
            : right;
      }
    },
    EXCESS_TAKEN_FROM_THE_MERCHANT {
      @Override
      List<Posting> of(PaymentEvent e, List<Posting> right) {
        return e instanceof PaymentEvent.Disputed
            ? moved(right, "suspense", "provider_receivable:stripe")
            : right;
      }
    },
    CHARGEBACK_INTO_SUSPENSE {
      @Override
      List<Posting> of(PaymentEvent e, List<Posting> right) {
        return e instanceof PaymentEvent.ChargedBack
            ? moved(right, "provider_receivable:stripe", "suspense")
            : right;
      }
    },
    WON_DISPUTE_STAYS_HELD {
      @Override
      List<Posting> of(PaymentEvent e, List<Posting> right) {
        return e instanceof PaymentEvent.DisputeWon ? List.of() : right;
      }
    },
    FEE_TWICE {
      @Override
      List<Posting> of(PaymentEvent e, List<Posting> right) {
        if (!(e instanceof PaymentEvent.Confirmed c) || c.providerFee() == null) return right;
        var twice = new ArrayList<>(right);
        for (Posting p : right) if (String.valueOf(p.memo()).startsWith("provider fee")) twice.add(p);
        return twice;
      }
    };

    abstract List<Posting> of(PaymentEvent event, List<Posting> right);

    private static List<Posting> moved(List<Posting> lines, String from, String to) {
      return lines.stream().map(p -> p.account().equals(from)
          ? new Posting(to, p.currency(), p.amount(), p.memo())
          : p).toList();
    }
  }

  @ParameterizedTest
  @EnumSource
  void life_underAWrongRule_isFound(WrongRule wrong) {
    LedgerModel.Rules rules = (event, merchant) -> wrong.of(event, PostingRules.postings(event, merchant));
    assertThatThrownBy(() -> run(7, 300, rules)).isInstanceOf(AssertionError.class)
        .hasMessageContaining("world with seed");
  }
}
