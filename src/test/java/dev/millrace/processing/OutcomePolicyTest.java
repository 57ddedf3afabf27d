package dev.millrace.processing;

import static dev.millrace.payment.Lives.in;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.journal.Append.Attempt;
import dev.millrace.journal.AttemptStore.KnownCall;
import dev.millrace.ledger.FeeSchedule;
import dev.millrace.payment.Lives;
import dev.millrace.payment.Operation;
import dev.millrace.payment.Payment;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import dev.millrace.platform.TypeId;
import dev.millrace.provider.Provider.Outcome;
import dev.millrace.provider.Providers.Times;
import dev.millrace.provider.WebhookScheme.ProviderEvent.Notice;
import dev.millrace.provider.WebhookScheme.UnsolicitedChange;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.params.provider.MethodSource;

final class OutcomePolicyTest {
  private static final Instant NOW = Instant.ofEpochSecond(1_795_000_000);
  private static final OutcomePolicy POLICY = new OutcomePolicy(
      new FeeSchedule(List.of("provider stripe usd card 290bp+30 keep", "gateway * * * 50bp+0 return")),
      provider -> new Times(60_000, 7 * 86_400_000L, 3_600_000), () -> NOW);

  private static final String BEFORE = "initiated in_review";
  private static final String OUT = "provider_submitted unknown";
  private static final String CHARGED = "confirmed settled partially_refunded refunded disputed charged_back returned";
  private static final String ENDED = "blocked declined voided expired";

  private static final Map<String, Outcome> OUTCOMES = outcomes();

  private static Map<String, Outcome> outcomes() {
    var all = new LinkedHashMap<String, Outcome>();
    all.put("charged", new Outcome.Charged("pi_1", 1999, "usd"));
    all.put("authorized", new Outcome.Authorized("pi_1", 1999, "usd", null));
    all.put("approved", new Outcome.Approved("pi_1", 1999, "usd"));
    all.put("other_charge", new Outcome.Charged("pi_2", 1999, "usd"));
    all.put("other_hold", new Outcome.Authorized("pi_2", 1999, "usd", null));
    all.put("action", new Outcome.ActionRequired("pi_1", "https://bank.example"));
    all.put("voided", new Outcome.Voided("pi_1", false));
    all.put("lapsed", new Outcome.Voided("pi_1", true));
    all.put("refunded", new Outcome.Refunded("re_x", 300, "usd"));
    all.put("pending", new Outcome.Pending("pi_1"));
    all.put("declined", new Outcome.Declined("pi_1", "card_declined", "lost_card", "No."));
    all.put("refund_failed", new Outcome.Declined("re_gone", "refund_failed", null, "No."));
    all.put("try_refused",
        new Outcome.TryRefused(new Outcome.Declined("ch_1", "card_declined", "lost_card", "No.")));
    all.put("not_executed", new Outcome.NotExecuted("refused"));
    all.put("unknown", new Outcome.Unknown("timeout"));
    all.put("deferred", new Outcome.Deferred());
    all.put("absent", new Outcome.Absent());
    return all;
  }

  /**
   * What became of the charge: statuses | outcomes | finding. {@code *}: those not named for these statuses.
   */
  private static final String CHARGES = """
    BEFORE                     | *                                | wait
    OUT requires_action processing | charged approved other_charge | confirmed
    OUT requires_action processing | authorized other_hold        | authorized
    OUT requires_action processing | refund_failed                | known
    OUT processing             | action                           | requires_action
    requires_action            | action                           | known
    OUT processing             | voided lapsed                    | declined
    requires_action            | voided                           | voided
    requires_action            | lapsed                           | expired
    OUT requires_action processing | declined                     | declined
    OUT                        | try_refused                      | declined
    requires_action            | try_refused                      | try_refused
    processing                 | try_refused                      | known
    OUT requires_action processing | refunded                     | wait
    OUT requires_action        | pending                          | processing
    processing                 | pending                          | wait
    OUT requires_action processing | not_executed unknown deferred absent | wait
    authorized                 | charged approved                 | confirmed
    authorized                 | voided                           | voided
    authorized                 | lapsed                           | expired
    authorized                 | refunded                         | wait
    authorized                 | refund_failed                    | provider_notice
    authorized                 | other_charge other_hold          | late_charge
    authorized                 | *                                | known
    CHARGED                    | voided                           | conflict:voided_after_charge
    CHARGED                    | lapsed                           | known
    CHARGED                    | refunded                         | refunded
    CHARGED                    | refund_failed                    | provider_notice
    CHARGED                    | other_charge other_hold          | late_charge
    CHARGED                    | *                                | known
    ENDED                      | charged approved other_charge other_hold | late_charge
    blocked                    | refund_failed                    | known
    declined voided expired    | refund_failed                    | provider_notice
    blocked declined           | authorized                       | late_charge
    ENDED                      | refunded                         | conflict:moved_without_charge
    ENDED                      | *                                | known
    """;

  /** What became of an open operation, by its kind and the payment's status. */
  private static final String OPERATIONS = """
    capture@authorized                                   | charged other_charge | confirmed
    capture@authorized                                   | voided           | voided capture_failed
    capture@authorized                                   | lapsed           | expired capture_failed
    capture@authorized                                   | declined try_refused refund_failed | capture_failed
    capture@authorized                                   | action refunded approved | conflict:evidence_conflict
    capture@authorized                                   | *                | wait
    CANCELS                                              | charged other_charge | confirmed cancel_failed
    CANCELS                                              | voided lapsed    | voided
    CANCELS                                              | declined try_refused refund_failed | cancel_failed
    CANCELS                                              | refunded approved | conflict:evidence_conflict
    CANCELS                                              | *                | wait
    REFUNDS                                              | refunded         | refunded
    REFUNDS                                              | declined try_refused refund_failed | refund_failed
    REFUNDS                                              | pending not_executed unknown deferred absent | wait
    REFUNDS                                              | *                | conflict:evidence_conflict
    REVERSALS                                            | refunded voided lapsed | late_charge_returned
    REVERSALS                                            | declined try_refused refund_failed | late_charge_kept
    REVERSALS                                            | charged other_charge action approved | conflict:evidence_conflict
    REVERSALS                                            | *                | wait
    """
      .replace("REFUNDS",
          "refund@confirmed refund@settled refund@partially_refunded refund@disputed refund@charged_back refund@returned")
      .replace("CANCELS", "cancel@authorized cancel@requires_action cancel@processing")
      .replace("REVERSALS", "reversal@declined reversal@voided reversal@confirmed");

  /** What became of an operation that has ended already. */
  private static final String LATE = """
    capture:failed    | charged other_charge | confirmed
    cancel:failed     | voided lapsed        | conflict:operation_done_after_failure
    refund:failed     | refunded             | conflict:operation_done_after_failure
    reversal:failed   | refunded voided lapsed | conflict:operation_done_after_failure
    refund:succeeded  | declined try_refused refund_failed | refund_reversed
    capture:succeeded | declined try_refused refund_failed | conflict:operation_failed_after_success
    reversal:succeeded | declined try_refused refund_failed | late_charge late_charge_kept
    capture:failed cancel:failed refund:failed capture:succeeded cancel:succeeded refund:succeeded | * | known
    reversal:failed reversal:succeeded | * | known
    """;

  /** What a provider did of its own accord. */
  private static final String FACTS = """
    BEFORE OUT requires_action processing authorized ENDED returned | unanswered | provider_notice
    confirmed settled partially_refunded refunded        | unanswered       | provider_notice
    disputed                                             | unanswered       | charged_back
    charged_back                                         | unanswered       | known
    BEFORE                                               | *                | wait
    OUT requires_action processing authorized            | refund_failed    | provider_notice
    OUT requires_action processing authorized            | *                | wait
    ENDED                                                | return_reversed  | wait
    blocked                                              | refund_failed    | wait
    declined voided expired                              | refund_failed    | provider_notice
    ENDED                                                | *                | conflict:moved_without_charge
    confirmed settled partially_refunded refunded        | opened           | disputed
    confirmed settled partially_refunded refunded        | won              | disputed dispute_won
    confirmed settled partially_refunded refunded        | lost             | disputed charged_back
    disputed                                             | opened           | known
    disputed                                             | won              | dispute_won
    disputed                                             | lost             | charged_back
    confirmed settled partially_refunded refunded disputed charged_back | opened_other | disputed
    confirmed settled partially_refunded refunded disputed charged_back | won_other | disputed dispute_won
    confirmed settled partially_refunded refunded disputed charged_back | lost_other | disputed charged_back
    charged_back                                         | opened lost      | known
    charged_back                                         | won              | chargeback_reversed
    returned                                             | opened won lost opened_other won_other lost_other | conflict:disputed_unexpectedly
    confirmed settled partially_refunded refunded        | returned         | returned
    disputed charged_back                                | returned         | conflict:returned_unexpectedly
    returned                                             | returned         | known
    returned                                             | return_reversed  | return_reversed
    confirmed settled partially_refunded refunded disputed charged_back | return_reversed | wait
    CHARGED                                              | refunded_there   | refunded
    partially_refunded refunded                          | refund_failed    | refund_reversed
    confirmed settled disputed charged_back returned     | refund_failed    | provider_notice
    """;

  private static final Map<String, UnsolicitedChange> FACT = Map.ofEntries(
      Map.entry("opened", new UnsolicitedChange.DisputeOpened("du_1", 1999, "usd", "fraudulent", 7L)),
      Map.entry("won", new UnsolicitedChange.DisputeClosed("du_1", true, 1999, "usd", null, null)),
      Map.entry("lost", new UnsolicitedChange.DisputeClosed("du_1", false, 1999, "usd", null, null)),
      Map.entry("opened_other", new UnsolicitedChange.DisputeOpened("du_2", 700, "usd", null, null)),
      Map.entry("won_other", new UnsolicitedChange.DisputeClosed("du_2", true, 700, "usd", null, null)),
      Map.entry("lost_other", new UnsolicitedChange.DisputeClosed("du_2", false, 700, "usd", null, null)),
      Map.entry("returned", new UnsolicitedChange.Returned(1999, "usd", "R01", "No funds.")),
      Map.entry("return_reversed", new UnsolicitedChange.ReturnReversed(1999, "usd", "Paid after all.")),
      Map.entry("refunded_there", new UnsolicitedChange.Refunded("re_there", 300, "usd")),
      Map.entry("refund_failed", new UnsolicitedChange.RefundFailed("re_a", "no_account", "No.", null)),
      Map.entry("unanswered", new UnsolicitedChange.DisputeUnanswered("du_1", 1999, "usd", null)));

  /** Every cell of a table: row key, column key, finding. */
  private static Stream<Arguments> cells(String table, Iterable<String> columns) {
    var cells = new LinkedHashMap<List<String>, String>();
    table.lines().forEach(line -> {
      String[] parts = line.replace("BEFORE", BEFORE).replace("OUT", OUT).replace("CHARGED", CHARGED)
          .replace("ENDED", ENDED).split("\\|");
      for (String row : parts[0].trim().split(" ")) {
        if (parts[1].trim().equals("*")) {
          for (String column : columns) cells.putIfAbsent(List.of(row, column), parts[2].trim());
        } else {
          for (String column : parts[1].trim().split(" "))
            assertThat(cells.put(List.of(row, column), parts[2].trim())).as("twice: %s %s", row, column)
                .isNull();
        }
      }
    });
    return cells.entrySet().stream()
        .map(e -> Arguments.of(e.getKey().get(0), e.getKey().get(1), e.getValue()));
  }

  static Stream<Arguments> charges() { return cells(CHARGES, OUTCOMES.keySet()); }

  static Stream<Arguments> operations() { return cells(OPERATIONS, OUTCOMES.keySet()); }

  static Stream<Arguments> late() { return cells(LATE, OUTCOMES.keySet()); }

  static Stream<Arguments> facts() { return cells(FACTS, FACT.keySet()); }

  private static String words(Finding finding) {
    return switch (finding) {
      case Finding.NewEvents h -> h.events().stream().map(e -> e.type().wire().replace("payment.", ""))
          .collect(Collectors.joining(" "));
      case Finding.NothingNew _ -> "known";
      case Finding.NotYet _ -> "wait";
      case Finding.Conflict c -> "conflict:" + c.alert();
    };
  }

  /** What was found can follow, and the same word again finds nothing more to append. */
  private static void assertTaken(Payment p, Finding finding, String expected) {
    assertThat(words(finding)).isEqualTo(expected);
    if (finding instanceof Finding.NewEvents h)
      assertThat(after(p, finding).version()).isEqualTo(p.version() + h.events().size());
  }

  private static Payment after(Payment p, Finding finding) {
    Payment next = p;
    for (PaymentEvent event : ((Finding.NewEvents) finding).events()) next = next.after(event);
    return next;
  }

  private static Finding charge(Payment p, Outcome outcome) {
    return POLICY.charge(p, "stripe", "att_1", outcome);
  }

  /** A reversal gives back all that was charged late. */
  private static Finding operation(Payment p, String id, Outcome word) {
    Outcome outcome = id.equals("rev_1") && word instanceof Outcome.Refunded r
        ? new Outcome.Refunded(r.providerReference(), 1999, r.currency())
        : word;
    return POLICY.operation(p, p.operation(id), "stripe", "att_2", outcome);
  }

  private static KnownCall call(Attempt attempt, Status status) {
    Payment p = in(status);
    return new KnownCall(TypeId.next(), status, p.providerReference(),
        p.amountCharged() == 0 ? null : Long.valueOf(p.amountCharged()), p.asked().currency(), attempt);
  }

  /** A short cut may leave out nothing but looks that would find nothing new. */
  @Test
  void webhook_letGoByUnread_wouldHaveChangedNothing() {
    var attempt = Attempt.charge(TypeId.next(), 1, "stripe", null);
    var skipped = new ArrayList<String>();
    for (Status status : Status.values())
      OUTCOMES.forEach((name, outcome) -> {
        if (!OutcomePolicy.saysNothingNew(call(attempt, status), outcome)) return;
        assertThat(words(charge(in(status), outcome))).as("%s %s", status, name).isIn("known", "wait");
        if (!(outcome instanceof Outcome.NoWord)) skipped.add(status.wire() + " " + name);
      });
    assertThat(skipped).containsExactlyInAnyOrder("confirmed charged", "settled charged",
        "confirmed approved", "settled approved", "declined declined");
    for (Status begins : List.of(Status.PROVIDER_SUBMITTED, Status.UNKNOWN, Status.REQUIRES_ACTION))
      assertThat(OutcomePolicy.saysNothingNew(call(attempt, begins), OUTCOMES.get("pending"))).isFalse();
    var refund = new Attempt(TypeId.next(), 1, "stripe", "refund", TypeId.next(), null, null, null, null);
    OUTCOMES.forEach((name, outcome) -> assertThat(
        OutcomePolicy.saysNothingNew(call(refund, Status.DECLINED), outcome)).as(name)
        .isEqualTo(outcome instanceof Outcome.NoWord));
  }

  /** Of more or another charge than is known it would say much. */
  @Test
  void webhook_ofAnotherCharge_isLookedAt() {
    var attempt = Attempt.charge(TypeId.next(), 1, "stripe", null);
    for (Outcome other : List.of(new Outcome.Charged("pi_2", 1999, "usd"), new Outcome.Charged("pi_1", 2000,
        "usd"), new Outcome.Charged("pi_1", 1999, "usd", "ca_2")))
      assertThat(OutcomePolicy.saysNothingNew(call(attempt, Status.SETTLED), other)).isFalse();
  }

  /** The records of a sealed interface, those of its groups too. */
  private static Stream<Class<?>> records(Class<?> sealed) {
    return sealed.isRecord()
        ? Stream.of(sealed)
        : Arrays.stream(sealed.getPermittedSubclasses()).flatMap(OutcomePolicyTest::records).distinct();
  }

  @Test
  void tables_haveEveryCell() {
    assertThat(charges()).hasSize(Status.values().length * OUTCOMES.size());
    assertThat(facts()).hasSize(Status.values().length * FACT.size());
    assertThat(operations()).hasSize(13 * OUTCOMES.size());
    assertThat(late()).hasSize(8 * OUTCOMES.size());
    assertThat(OUTCOMES.values().stream().<Class<?>>map(Object::getClass).collect(Collectors.toSet()))
        .containsExactlyInAnyOrderElementsOf(records(Outcome.class).toList());
    assertThat(FACT.values().stream().<Class<?>>map(Object::getClass).collect(Collectors.toSet()))
        .containsExactlyInAnyOrder(UnsolicitedChange.class.getPermittedSubclasses());
  }

  /** Adyen takes back a capture that it had called done. */
  @Test
  void charge_whoseCaptureFailsLater_isHeldAgain() {
    var confirmed = Payment.of(List.of(
        new PaymentEvent.Initiated(1999, "usd", "pm_card_visa", "automatic", null, null, Map.of(), null),
        new PaymentEvent.ProviderSubmitted("stripe", "att_1"),
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 1999, "usd")));
    assertThat(words(charge(confirmed, new Outcome.Declined("pi_1", "capture_failed", null, "No."))))
        .isEqualTo("capture_reversed");
    assertThat(words(charge(confirmed, new Outcome.Declined("pi_1", "card_declined", null, "No."))))
        .isEqualTo("known");
  }

  @ParameterizedTest(name = "{0}, {1}: {2}")
  @MethodSource("charges")
  void charge_inEachStatus(String status, String outcome, String finding) {
    Payment p = in(Status.ofWire(status));
    Finding found = charge(p, OUTCOMES.get(outcome));
    assertTaken(p, found, finding);
    if (found instanceof Finding.NewEvents)
      assertThat(words(charge(after(p, found), OUTCOMES.get(outcome))))
          .isEqualTo(outcome.equals("pending") ? "wait" : "known");
  }

  private static String id(String kind) {
    return switch (kind) {
      case "capture" -> "cap_1";
      case "cancel" -> "can_1";
      case "reversal" -> "rev_1";
      default -> "re_1";
    };
  }

  private static Payment submitted(Payment p, String id) {
    return p.after(new PaymentEvent.OperationSubmitted(id, "stripe", "att_2", p.status()));
  }

  /** A payment in this status with an operation of this kind under way. */
  private static Payment with(String kind, Status status) {
    return switch (kind) {
      case "capture" -> submitted(in(status, new PaymentEvent.CaptureRequested("cap_1", 1999)), "cap_1");
      case "cancel" -> status == Status.PROCESSING
          ? with(kind, Status.REQUIRES_ACTION).after(new PaymentEvent.Processing("stripe", "att_1", "pi_1"))
          : submitted(in(status, new PaymentEvent.CancelRequested("can_1", "changed", status)), "can_1");
      case "reversal" -> submitted(in(status, Lives.lateCharge(false, status)), "rev_1");
      default -> switch (status) {
        case DISPUTED -> with(kind, Status.CONFIRMED).after(Lives.disputed("du_1", 1999));
        case CHARGED_BACK -> with(kind, Status.DISPUTED)
            .after(new PaymentEvent.ChargedBack("du_1", "stripe", 1999, "usd"));
        case RETURNED -> with(kind, Status.CONFIRMED).after(new PaymentEvent.Returned("stripe", "pi_1", 1999,
            "usd", "R01", "", null, null, null, null));
        default -> submitted(in(status, new PaymentEvent.RefundRequested("re_1", 300, null, status)), "re_1");
      };
    };
  }

  @ParameterizedTest(name = "{0}, {1}: {2}")
  @MethodSource("operations")
  void operation_thatIsUnderWay(String operation, String outcome, String finding) {
    String[] kindAndStatus = operation.split("@");
    Payment p = with(kindAndStatus[0], Status.ofWire(kindAndStatus[1]));
    String id = id(kindAndStatus[0]);
    Finding found = operation(p, id, OUTCOMES.get(outcome));
    assertTaken(p, found, finding);
    if (found instanceof Finding.NewEvents) {
      Payment next = after(p, found);
      assertThat(next.operation(id).open()).isFalse();
      assertThat(words(operation(next, id, OUTCOMES.get(outcome)))).isEqualTo("known");
    }
  }

  @ParameterizedTest(name = "{0}, {1}: {2}")
  @MethodSource("late")
  void operation_thatHasEnded(String operation, String outcome, String finding) {
    String[] kindAndState = operation.split(":");
    String kind = kindAndState[0];
    Status status = switch (kind) {
      case "refund" -> Status.CONFIRMED;
      case "reversal" -> Status.DECLINED;
      default -> Status.AUTHORIZED;
    };
    Payment open = with(kind, status);
    Outcome end = kindAndState[1].equals("failed")
        ? OUTCOMES.get("declined")
        : switch (kind) {
          case "capture" -> OUTCOMES.get("charged");
          case "cancel" -> OUTCOMES.get("voided");
          case "reversal" -> new Outcome.Refunded("re_0", 1999, "usd");
          default -> OUTCOMES.get("refunded");
        };
    Payment p = after(open, operation(open, id(kind), end));
    assertThat(p.operation(id(kind)).state().wire()).isEqualTo(kindAndState[1]);
    Finding found = operation(p, id(kind), OUTCOMES.get(outcome));
    assertTaken(p, found, finding);
    if (found instanceof Finding.NewEvents)
      assertThat(words(operation(after(p, found), id(kind), OUTCOMES.get(outcome)))).isEqualTo("known");
  }

  @ParameterizedTest(name = "{0}, {1}: {2}")
  @MethodSource("facts")
  void fact_inEachStatus(String status, String fact, String finding) {
    Payment p = in(Status.ofWire(status));
    Finding found = POLICY.unsolicited(p, "stripe", FACT.get(fact));
    assertTaken(p, found, finding);
    if (found instanceof Finding.NewEvents)
      assertThat(words(POLICY.unsolicited(after(p, found), "stripe", FACT.get(fact)))).isEqualTo("known");
  }

  @Test
  void charge_ofACallThatWasLeft_isGivenBack_saysNothingOfTheLaterOne() {
    Payment p = in(Status.PROVIDER_SUBMITTED, new PaymentEvent.ProviderSubmitted("adyen", "att_2"));
    OUTCOMES.forEach((name, outcome) -> assertThat(words(charge(p, outcome))).as(name)
        .isEqualTo(List.of("charged", "authorized", "approved", "other_charge", "other_hold").contains(name)
            ? "late_charge"
            : name.equals("refunded") ? "conflict:moved_elsewhere" : "known"));
  }

  @Test
  void currency_thatWasNotAskedFor_isAConflict() {
    String mismatch = "conflict:currency_mismatch";
    Payment out = in(Status.PROVIDER_SUBMITTED);
    assertThat(words(charge(out, new Outcome.Charged("pi_1", 1999, "eur")))).isEqualTo(mismatch);
    assertThat(words(charge(out, new Outcome.Authorized("pi_1", 1999, "eur", null)))).isEqualTo(mismatch);
    Payment p = with("refund", Status.CONFIRMED);
    assertThat(words(operation(p, "re_1", new Outcome.Refunded("re_x", 300, "eur")))).isEqualTo(mismatch);
    for (UnsolicitedChange fact : List.of(new UnsolicitedChange.DisputeOpened("du_1", 1, "eur", null, null),
        new UnsolicitedChange.DisputeClosed("du_1", true, 1, "eur", null, null),
        new UnsolicitedChange.Returned(1, "eur", "R01", ""),
        new UnsolicitedChange.ReturnReversed(1, "eur", ""), new UnsolicitedChange.Refunded("re_x", 1, "eur")))
      assertThat(words(POLICY.unsolicited(in(Status.CONFIRMED), "stripe", fact))).isEqualTo(mismatch);
  }

  /** Nobody moves nothing, and nobody moves it backwards: a person must look at what the connector read. */
  @Test
  void amount_thatIsNone_isAConflict() {
    for (long amount : new long[]{0, -1}) {
      var findings = Stream.of(
          charge(in(Status.PROVIDER_SUBMITTED), new Outcome.Charged("pi_1", amount, "usd")),
          charge(in(Status.PROVIDER_SUBMITTED), new Outcome.Authorized("pi_1", amount, "usd", null)),
          operation(with("capture", Status.AUTHORIZED), "cap_1", new Outcome.Charged("pi_1", amount, "usd")),
          operation(with("refund", Status.CONFIRMED), "re_1", new Outcome.Refunded("re_x", amount, "usd")),
          POLICY.unsolicited(in(Status.CONFIRMED), "stripe",
              new UnsolicitedChange.DisputeOpened("d", amount, "usd", null, null)),
          POLICY.unsolicited(in(Status.CONFIRMED), "stripe",
              new UnsolicitedChange.DisputeClosed("d", true, amount, "usd", null, null)),
          POLICY.unsolicited(in(Status.CONFIRMED), "stripe",
              new UnsolicitedChange.Returned(amount, "usd", "R01", "")),
          POLICY.unsolicited(in(Status.CONFIRMED), "stripe",
              new UnsolicitedChange.Refunded("re_x", amount, "usd")));
      assertThat(findings.map(OutcomePolicyTest::words)).containsOnly("conflict:evidence_conflict");
    }
  }

  @Test
  void charge_asAsked_takesFeesAndTellsHow() {
    assertThat(charge(in(Status.UNKNOWN), new Outcome.Charged("pi_9", 1999, "usd"))).isEqualTo(
        new Finding.NewEvents(new PaymentEvent.Confirmed("stripe", "att_1", "pi_9", 1999, 1999, "usd", null,
            null, 88L,
            "provider fee 290 bp of 1999 + 30 = 87.971, rounded half to even to 88, remainder -0.029", 10L,
            "gateway fee 50 bp of 1999 + 0 = 9.995, rounded half to even to 10, remainder -0.005")));
  }

  @Test
  void charge_atAProviderWithoutFeeRules_takesTheGatewaysAlone() {
    var found = (Finding.NewEvents) POLICY.charge(in(Status.UNKNOWN), "adyen", "att_1",
        new Outcome.Charged("pi_9", 1999, "usd"));
    var confirmed = (PaymentEvent.Confirmed) found.events().getFirst();
    assertThat(confirmed.providerFee()).isNull();
    assertThat(confirmed.providerFeeNote()).isNull();
    assertThat(confirmed.gatewayFee()).isEqualTo(10);
  }

  @Test
  void capture_inPart_releasesTheRest_alsoWhenTheChargeIsToldInstead() {
    Payment p = submitted(in(Status.AUTHORIZED, new PaymentEvent.CaptureRequested("cap_1", 500)), "cap_1");
    var byAnswer = operation(p, "cap_1", new Outcome.Charged("pi_1", 500, "usd"));
    var byWebhook = charge(p, new Outcome.Charged("pi_1", 500, "usd"));
    for (Finding found : List.of(byAnswer, byWebhook)) {
      var c = (PaymentEvent.Confirmed) ((Finding.NewEvents) found).events().getFirst();
      assertThat(List.of(c.amount(), c.amountCharged(), c.amountReleased(), c.operation(),
          c.providerReference())).containsExactly(500L, 500L, 1499L, "cap_1", "pi_1");
      assertThat(words(found)).isEqualTo("confirmed");
    }
    Payment done = after(p, byWebhook);
    assertThat(words(operation(done, "cap_1", new Outcome.Charged("pi_1", 500, "usd")))).isEqualTo("known");
  }

  @Test
  void charge_ofAnAuthorization_thatNobodyAskedToCapture_isRecorded() {
    var found = charge(in(Status.AUTHORIZED), new Outcome.Charged("pi_1", 700, "usd"));
    var c = (PaymentEvent.Confirmed) ((Finding.NewEvents) found).events().getFirst();
    assertThat(c.amount()).isEqualTo(1999);
    assertThat(c.captured()).isEqualTo(700);
    assertThat(c.amountReleased()).isEqualTo(1299);
    assertThat(c.operation()).isNull();
  }

  @Test
  void authorization_withoutAnEnd_holdsAsLongAsConfigured() {
    var found = charge(in(Status.UNKNOWN), new Outcome.Authorized("pi_1", 1500, "usd", null));
    assertThat(found).isEqualTo(new Finding.NewEvents(new PaymentEvent.Authorized("stripe", "att_1", "pi_1",
        1999, 1500, "usd", NOW.getEpochSecond() + 7 * 86_400)));
    assertThat(charge(in(Status.UNKNOWN), new Outcome.Authorized("pi_1", 1500, "usd", 42L))).isEqualTo(
        new Finding.NewEvents(
            new PaymentEvent.Authorized("stripe", "att_1", "pi_1", 1999, 1500, "usd", 42)));
    assertThat(charge(in(Status.UNKNOWN), new Outcome.ActionRequired("pi_1", "https://b"))).isEqualTo(
        new Finding.NewEvents(new PaymentEvent.RequiresAction("stripe", "att_1", "pi_1", "https://b",
            NOW.getEpochSecond() + 3_600)));
  }

  @Test
  void cancellation_thatRanOut_isAnExpiry() {
    Payment p = submitted(
        in(Status.AUTHORIZED, new PaymentEvent.CancelRequested("can_1", "expired", Status.AUTHORIZED)),
        "can_1");
    assertThat(operation(p, "can_1", new Outcome.Voided("pi_1", false))).isEqualTo(
        new Finding.NewEvents(new PaymentEvent.Expired("can_1", "stripe", "att_2", "expired")));
  }

  /** The webhook of the charge overtakes the cancellation's answer, which then says the same. */
  @Test
  void cancellation_thatCameTooLate_endsOnce() {
    Payment p = with("cancel", Status.AUTHORIZED);
    Finding told = charge(p, OUTCOMES.get("charged"));
    assertThat(words(told)).isEqualTo("confirmed cancel_failed");
    Payment next = after(p, told);
    assertThat(words(operation(next, "can_1", OUTCOMES.get("charged")))).isEqualTo("known");
    assertThat(words(operation(next, "can_1", OUTCOMES.get("declined")))).isEqualTo("known");
    assertThat(words(operation(next, "can_1", OUTCOMES.get("voided"))))
        .isEqualTo("conflict:operation_done_after_failure");
  }

  @Test
  void refund_toldByWebhookBeforeItsAnswer_isCountedOnce() {
    var there = new UnsolicitedChange.Refunded("re_x", 300, "usd");
    Payment p = with("refund", Status.CONFIRMED);
    assertThat(POLICY.unsolicited(p, "stripe", there))
        .isEqualTo(new Finding.NotYet("a refund while re_1 is under way"));
    Payment answered = after(p, operation(p, "re_1", OUTCOMES.get("refunded")));
    assertThat(words(POLICY.unsolicited(answered, "stripe", there))).isEqualTo("known");
    var another = new UnsolicitedChange.Refunded("re_y", 300, "usd");
    assertThat(words(POLICY.unsolicited(answered, "stripe", another))).isEqualTo("refunded");
    // What was only asked for cannot be it.
    Payment requested = in(Status.CONFIRMED,
        new PaymentEvent.RefundRequested("re_1", 300, null, Status.CONFIRMED));
    assertThat(words(POLICY.unsolicited(requested, "stripe", there))).isEqualTo("refunded");
  }

  @Test
  void refund_ofEverything_inThreeParts_returnsExactlyTheFeeThatIsReturned() {
    Payment p = in(Status.PROVIDER_SUBMITTED);
    p = after(p, charge(p, OUTCOMES.get("charged")));
    long[] parts = {667, 666, 666};
    for (int i = 0; i < parts.length; i++)
      p = after(p,
          POLICY.unsolicited(p, "stripe", new UnsolicitedChange.Refunded("re_" + i, parts[i], "usd")));
    assertThat(p.status()).isEqualTo(Status.REFUNDED);
    assertThat(p.fees()).isEqualTo(new Payment.Fees(88, 0, 10, 10));
  }

  @Test
  void refund_beyondWhatIsLeft_hasAnExcess() {
    Payment p = with("refund", Status.PARTIALLY_REFUNDED);
    var found = operation(p, "re_1", new Outcome.Refunded("re_x", 1500, "usd"));
    assertTaken(p, found, "refunded");
    var refunded = (PaymentEvent.Refunded) ((Finding.NewEvents) found).events().getFirst();
    assertThat(List.of(refunded.amount(), refunded.excess(), refunded.amountRefunded()))
        .containsExactly(1500L, 1L, 2000L);
    assertThat(refunded.status()).isEqualTo(Status.REFUNDED);
  }

  @Test
  void refund_underTheNameOfAnother_isAConflict() {
    Payment p = with("refund", Status.PARTIALLY_REFUNDED);
    assertThat(operation(p, "re_1", new Outcome.Refunded("re_a", 300, "usd")))
        .isEqualTo(new Finding.Conflict("evidence_conflict", "payment.refunded: a second re_a"));
  }

  @Test
  void dispute_ofMoreThanWasCaptured_hasAnExcess() {
    var found = POLICY.unsolicited(in(Status.CONFIRMED), "stripe",
        new UnsolicitedChange.DisputeOpened("du_1", 5000, "usd", "fraudulent", 7L));
    assertThat(found).isEqualTo(
        new Finding.NewEvents(
            new PaymentEvent.Disputed("du_1", "stripe", 5000, "usd", "fraudulent", 7L, 3001L)));
  }

  @Test
  void dispute_thatIsOverBeforeItWasOpened_leavesThePaymentWhereItWas() {
    for (Status status : List.of(Status.CONFIRMED, Status.SETTLED, Status.PARTIALLY_REFUNDED,
        Status.REFUNDED)) {
      Payment p = in(status);
      Payment next = after(p, POLICY.unsolicited(p, "stripe", FACT.get("won")));
      assertThat(next.status()).isEqualTo(status);
      assertThat(words(POLICY.unsolicited(next, "stripe", FACT.get("opened")))).isEqualTo("known");
      assertThat(words(POLICY.unsolicited(next, "stripe", FACT.get("lost"))))
          .isEqualTo("dispute_reopened charged_back");
      assertThat(words(POLICY.unsolicited(next, "stripe", FACT.get("opened_other")))).isEqualTo("disputed");
    }
  }

  @Test
  void return_givesTheFeesBackThatAreReturned() {
    Payment p = in(Status.CONFIRMED);
    assertThat(POLICY.unsolicited(p, "stripe", FACT.get("returned"))).isEqualTo(
        new Finding.NewEvents(new PaymentEvent.Returned("stripe", "pi_1", 1999, "usd", "R01", "No funds.",
            null, null, 10L, "gateway fee 10 returned for 1999 of 1999: 10")));
  }

  @Test
  void return_ofMoreThanTheMerchantGot_hasAnExcess() {
    Payment p = in(Status.PROVIDER_SUBMITTED,
        new PaymentEvent.Confirmed("stripe", "att_1", "pi_1", 1999, 2500, "usd"));
    var found = POLICY.unsolicited(p, "stripe", new UnsolicitedChange.Returned(2500, "usd", "R01", ""));
    assertTaken(p, found, "returned");
    var returned = (PaymentEvent.Returned) ((Finding.NewEvents) found).events().getFirst();
    assertThat(List.of(returned.amount(), returned.excess())).containsExactly(2500L, 501L);
  }

  private static Payment told(Payment p, UnsolicitedChange change) {
    return after(p, POLICY.unsolicited(p, "stripe", change));
  }

  private static Long excess(Finding found) {
    return switch (((Finding.NewEvents) found).events().getFirst()) {
      case PaymentEvent.Disputed d -> d.excess();
      case PaymentEvent.DisputeReopened d -> d.excess();
      case PaymentEvent.GivesBack g -> g.excess();
      case PaymentEvent other -> throw new AssertionError(other);
    };
  }

  /** What went back to the payer cannot be taken from the merchant once more, whichever of them was first. */
  @Test
  void dispute_ofWhatWentBack_hasAnExcess() {
    assertThat(excess(POLICY.unsolicited(in(Status.PARTIALLY_REFUNDED), "stripe", FACT.get("opened"))))
        .isEqualTo(in(Status.PARTIALLY_REFUNDED).amountRefunded()).isPositive();
    Payment open = told(with("refund", Status.CONFIRMED), FACT.get("opened"));
    assertThat(List.of(open.left(), open.refundable())).containsExactly(0L, 0L);
    var late = operation(open, "re_1", OUTCOMES.get("refunded"));
    assertTaken(open, late, "refunded");
    assertThat(excess(late)).isEqualTo(300);
    assertThat(excess(POLICY.unsolicited(in(Status.PARTIALLY_REFUNDED), "stripe", FACT.get("returned"))))
        .isEqualTo(in(Status.PARTIALLY_REFUNDED).amountRefunded());
    Payment won = told(in(Status.CONFIRMED), FACT.get("won"));
    Payment refunded = told(won, new UnsolicitedChange.Refunded("re_all", 1999, "usd"));
    var lost = POLICY.unsolicited(refunded, "stripe", FACT.get("lost"));
    assertTaken(refunded, lost, "dispute_reopened charged_back");
    assertThat(excess(lost)).isEqualTo(1999);
    assertThat(after(refunded, lost).left()).isZero();
  }

  @Test
  void refundMadeThere_ofWhatIsDisputed_hasAnExcess() {
    Payment p = told(in(Status.CONFIRMED), FACT.get("opened_other"));
    var found = POLICY.unsolicited(p, "stripe", new UnsolicitedChange.Refunded("re_there", 1500, "usd"));
    assertTaken(p, found, "refunded");
    assertThat(excess(found)).isEqualTo(1500 - (1999 - 700));
  }

  private static UnsolicitedChange opened(long amount, Long told) {
    return new UnsolicitedChange.DisputeOpened("du_2", amount, "usd", null, null, told);
  }

  private static UnsolicitedChange closed(boolean won, long amount, Long told, boolean moves) {
    return new UnsolicitedChange.DisputeClosed("du_2", won, amount, "usd", null, told, moves);
  }

  /** The last word of the provider counts: by the time when it was said, not by that of its delivery. */
  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {
      // first word, its time, then: won or lost (- for open), amount, time, moves; events; taken in the end
      "700, 10, -,    900,  20, false, dispute_changed,                        900",
      "700, 10, -,    600,  20, false, dispute_changed,                        600",
      "700, 10, -,    2500, 20, false, dispute_changed,                        2500",
      "700, 10, -,    900,  10, false, dispute_changed,                        900",
      "700, 10, -,    900,  9,  false, known,                                  700",
      "700, -,  -,    900,  20, false, conflict:dispute_amount_changed,        700",
      "700, 10, -,    900,  -,  false, conflict:dispute_amount_changed,        700",
      "700, 10, -,    700,  20, false, known,                                  700",
      "700, 10, lost, 900,  20, false, dispute_changed charged_back,           900",
      "700, 10, lost, 900,  9,  false, known,                                  700",
      "700, 10, lost, 900,  20, true,  conflict:dispute_amount_changed,        700",
      "700, 10, won,  900,  20, false, dispute_changed dispute_won,            0",
      "700, 10, won,  600,  20, true,  dispute_changed charged_back,           100",
      "700, 10, won,  750,  20, true,  dispute_won provider_notice,            0",
      "700, 10, won,  600,  10, true,  conflict:dispute_amount_changed,        700"})
  void disputeThatIsOpen_toldWithAnotherAmount_isOfThat(long first, Long at, String decided, long amount,
      Long told, boolean moves, String events, long taken) {
    Payment p = told(in(Status.CONFIRMED), opened(first, at));
    var change = decided == null ? opened(amount, told) : closed(decided.equals("won"), amount, told, moves);
    var found = POLICY.unsolicited(p, "stripe", change);
    assertThat(words(found)).isEqualTo(events);
    Payment then = found instanceof Finding.NewEvents ? after(p, found) : p;
    assertThat(then.disputed()).isEqualTo(taken);
    // Told once more, it books nothing.
    assertThat(words(POLICY.unsolicited(then, "stripe", change))).isIn("known",
        "conflict:dispute_amount_changed");
  }

  /** The provider's last word on why, and until when it can be answered, is what the merchant is told. */
  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {
      // reason, due, amount, time; events; reason, due then
      "-,          -,  700, 20, known,           general,    100",
      "general,    100, 700, 20, known,           general,    100",
      "general,    200, 700, 20, dispute_changed, general,    200",
      "fraudulent, -,  700, 20, dispute_changed, fraudulent, 100",
      "fraudulent, 200, 900, 20, dispute_changed, fraudulent, 200",
      "-,          -,  900, 20, dispute_changed, general,    100",
      "general,    200, 700, 9, known,           general,    100",
      "general,    200, 700, -, known,           general,    100"})
  void disputeThatIsOpen_toldWithAnotherReasonOrDueDate_hasThat(String reason, Long due, long amount,
      Long told, String events, String reasonThen, long dueThen) {
    Payment p = told(in(Status.CONFIRMED),
        new UnsolicitedChange.DisputeOpened("du_2", 700, "usd", "general", 100L, 10L));
    var change = new UnsolicitedChange.DisputeOpened("du_2", amount, "usd", reason, due, told);
    Finding found = POLICY.unsolicited(p, "stripe", change);
    assertThat(words(found)).isEqualTo(events);
    Payment then = found instanceof Finding.NewEvents ? after(p, found) : p;
    assertThat(then.disputes().get("du_2").reason()).isEqualTo(reasonThen);
    assertThat(then.disputes().get("du_2").evidenceDue()).isEqualTo(dueThen);
    assertThat(words(POLICY.unsolicited(then, "stripe", change))).isEqualTo("known");
    // Of one that is decided it is of no consequence.
    Payment lost = told(p, closed(false, 700, 15L, false));
    if (amount == 700)
      assertThat(words(POLICY.unsolicited(lost, "stripe",
          new UnsolicitedChange.DisputeOpened("du_2", 700, "usd", "fraudulent", 200L, 14L))))
          .isEqualTo("known");
  }

  @ParameterizedTest
  @CsvSource({
      // decided at 20; then: won or lost, amount, time, moves; events; taken in the end
      "lost, lost, 900, 30, false, dispute_changed,                               900",
      "lost, lost, 900, 30, true,  conflict:dispute_amount_changed,               700",
      "lost, lost, 900, 19, false, known,                                         700",
      "lost, won,  900, 30, false, dispute_changed chargeback_reversed,           0",
      "lost, won,  300, 30, true,  dispute_changed,                               400",
      "lost, won,  900, 30, true,  chargeback_reversed provider_notice,           0",
      "lost, won,  300, 20, true,  conflict:dispute_amount_changed,               700",
      "won,  won,  900, 30, false, known,                                         0",
      "won,  won,  900, 30, true,  conflict:dispute_amount_changed,               0",
      "won,  lost, 900, 30, false, dispute_reopened charged_back,                 900",
      "won,  lost, 900, 30, true,  dispute_reopened charged_back,                 900",
      "won,  lost, 900, 19, true,  conflict:dispute_amount_changed,               0"})
  void disputeThatIsDecided_toldWithAnotherAmount_isOfThat(String before, String decided, long amount,
      long told, boolean moves, String events, long taken) {
    Payment p = told(told(in(Status.CONFIRMED), opened(700, 10L)),
        closed(before.equals("won"), 700, 20L, moves));
    var found = POLICY.unsolicited(p, "stripe", closed(decided.equals("won"), amount, told, moves));
    assertThat(words(found)).isEqualTo(events);
    Payment then = found instanceof Finding.NewEvents ? after(p, found) : p;
    assertThat(then.disputed()).isEqualTo(taken);
    assertThat(then.disputes().get("du_2").taken()).isEqualTo(taken);
  }

  /**
   * Movements of a dispute: each counts. In their order all is booked; out of it, nothing is booked that is
   * wrong in silence, and told once more it is booked.
   */
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    opened 1500, won 500, lost 500           | 1500
    opened 1500, won 500, won 1000           | 0
    opened 1500, won 500, lost 500, won 1500 | 0
    opened 1500, won 700, won 300            | 500
    opened 1500, won 1500, lost 1500         | 1500
    opened 1500, won 1500, lost 1200         | 1200
    opened 1500, won 750, lost 750           | 1500
    opened 1500, won 500, won 1000, lost 1000, lost 500 | 1500
    """)
  void dispute_movedInParts_isBookedInItsOrder_andNeverWronglyInSilence(String story, long taken) {
    var words = new ArrayList<UnsolicitedChange>();
    for (String word : story.split(", ")) {
      String[] parts = word.split(" ");
      long amount = Long.parseLong(parts[1]);
      long at = 10L * (words.size() + 1);
      words.add(
          parts[0].equals("opened") ? opened(amount, at) : closed(parts[0].equals("won"), amount, at, true));
    }
    assertThat(end(words).disputed()).isEqualTo(taken);
    for (List<UnsolicitedChange> order : orders(words)) {
      var alerts = new ArrayList<String>();
      Payment p = in(Status.CONFIRMED);
      var waiting = new ArrayList<>(order);
      for (int i = 0; i <= order.size(); i++)
        for (UnsolicitedChange word : List.copyOf(waiting)) {
          Finding found = POLICY.unsolicited(p, "adyen".equals(p.provider()) ? "adyen" : "stripe", word);
          if (found instanceof Finding.NotYet) continue;
          waiting.remove(word);
          if (found instanceof Finding.Conflict c) alerts.add(c.alert());
          if (found instanceof Finding.NewEvents) p = after(p, found);
        }
      assertThat(waiting).as("%s", order).isEmpty();
      if (alerts.isEmpty()) assertThat(p.disputed()).as("%s", order).isEqualTo(taken);
    }
  }

  private static Payment end(List<UnsolicitedChange> words) {
    Payment p = in(Status.CONFIRMED);
    for (UnsolicitedChange word : words) p = told(p, word);
    return p;
  }

  private static <T> List<List<T>> orders(List<T> words) {
    if (words.isEmpty()) return List.of(List.of());
    var orders = new ArrayList<List<T>>();
    for (int i = 0; i < words.size(); i++) {
      var rest = new ArrayList<>(words);
      T first = rest.remove(i);
      for (List<T> more : orders(rest)) {
        var order = new ArrayList<T>(List.of(first));
        order.addAll(more);
        orders.add(order);
      }
    }
    return orders;
  }

  /** An inquiry that was not answered, and a dispute of the same name or another one, in any order. */
  @Test
  void unanswered_ofAnInquiryAndOfADispute_endTheSameInAnyOrder() {
    var ofInquiry = new UnsolicitedChange.DisputeUnanswered("du_2", 700, "usd", 10L);
    var opened = opened(700, 20L);
    var ofDispute = new UnsolicitedChange.DisputeUnanswered("du_2", 700, "usd", 30L);
    for (List<UnsolicitedChange> order : orders(List.of(ofInquiry, opened)))
      assertThat(end(order).status()).as("%s", order).isEqualTo(Status.DISPUTED);
    for (List<UnsolicitedChange> order : orders(List.of(ofInquiry, opened, ofDispute)))
      assertThat(end(order).status()).as("%s", order).isEqualTo(Status.CHARGED_BACK);
  }

  /** In whatever order it is told, what went back of a capture that failed is beyond the payment. */
  @Test
  void refundOrDispute_afterTheCaptureFailed_isBooked() {
    Payment held = in(Status.AUTHORIZED);
    Payment captured = after(held, charge(held, new Outcome.Charged("pi_1", 1999, "usd", "ca_1")));
    Payment failed = after(captured, charge(captured, failedAt("ca_1", 10L)));
    assertThat(failed.status()).isEqualTo(Status.AUTHORIZED);
    for (UnsolicitedChange change : List.of(new UnsolicitedChange.Refunded("re_1", 1999, "usd"),
        opened(1999, 5L))) {
      Payment first = told(failed, change);
      Payment last = told(captured, change);
      last = after(last, charge(last, failedAt("ca_1", 10L)));
      assertThat(first.status()).isEqualTo(last.status());
      assertThat(first.beyond()).isEqualTo(1999).isEqualTo(last.beyond());
      // While it is captured anew, that decides.
      Payment again = failed.after(new PaymentEvent.CaptureRequested("cap_9", 1));
      assertThat(words(POLICY.unsolicited(again, "stripe", change))).isEqualTo("wait");
    }
  }

  /** Which of the amounts is the later one, and so the right one, only the provider knows. */
  @Test
  void dispute_toldWithAnotherAmountAtATimeUnknown_isAConflict() {
    Payment p = told(in(Status.CONFIRMED), FACT.get("opened_other"));
    for (UnsolicitedChange change : List.of(
        new UnsolicitedChange.DisputeOpened("du_2", 701, "usd", null, null),
        new UnsolicitedChange.DisputeClosed("du_2", true, 699, "usd", null, null),
        new UnsolicitedChange.DisputeClosed("du_2", false, 1999, "usd", null, null)))
      assertThat(words(POLICY.unsolicited(p, "stripe", change))).isEqualTo("conflict:dispute_amount_changed");
    Payment lost = told(p, FACT.get("lost_other"));
    assertThat(words(POLICY.unsolicited(lost, "stripe",
        new UnsolicitedChange.DisputeClosed("du_2", true, 300, "usd", null, null))))
        .isEqualTo("conflict:dispute_amount_changed");
  }

  /** By its name it is known, and by its amount, or currency, it is not: the difference may have moved. */
  @Test
  void movementThatIsKnown_toldWithAnotherAmount_isAConflict() {
    Payment refunded = told(in(Status.CONFIRMED), FACT.get("refunded_there"));
    Payment back = told(in(Status.CONFIRMED), FACT.get("returned"));
    for (long more : new long[]{1, -1}) {
      assertThat(words(POLICY.unsolicited(refunded, "stripe",
          new UnsolicitedChange.Refunded("re_there", 300 + more, "usd"))))
          .isEqualTo("conflict:movement_amount_changed");
      assertThat(words(POLICY.unsolicited(back, "stripe",
          new UnsolicitedChange.Returned(1999 + more, "usd", "R01", "No funds."))))
          .isEqualTo("conflict:movement_amount_changed");
    }
    assertThat(words(POLICY.unsolicited(refunded, "stripe",
        new UnsolicitedChange.Refunded("re_there", 300, "eur")))).isEqualTo("conflict:currency_mismatch");
    assertThat(words(POLICY.unsolicited(refunded, "stripe", FACT.get("refunded_there")))).isEqualTo("known");
  }

  /** What was booked goes back whole: one of another amount, or currency, is not what was booked. */
  @Test
  void failure_toldWithAnotherAmount_isAConflict() {
    Payment hold = with("capture", Status.AUTHORIZED);
    Payment captured = after(hold, operation(hold, "cap_1", OUTCOMES.get("charged")));
    Payment charged = with("refund", Status.CONFIRMED);
    Payment refunded = after(charged, operation(charged, "re_1", OUTCOMES.get("refunded")));
    long refund = refunded.refunds().getLast().amount();
    long capture = captured.captures().getLast().amount();
    for (long more : new long[]{-1, 0, 1}) {
      for (String currency : List.of("usd", "eur")) {
        String expected = !currency.equals("usd")
            ? "conflict:currency_mismatch"
            : more != 0 ? "conflict:movement_amount_changed" : null;
        assertReversal(captured, operation(captured, "cap_1",
            failed(Outcome.Declined.CAPTURE_FAILED, null, capture + more, currency)), expected,
            "capture_reversed");
        assertReversal(captured, charge(captured,
            failed(Outcome.Declined.CAPTURE_FAILED, null, capture + more, currency)), expected,
            "capture_reversed");
        assertReversal(refunded, operation(refunded, "re_1",
            failed(Outcome.Declined.REFUND_FAILED, null, refund + more, currency)), expected,
            "refund_reversed");
        String name = refunded.refunds().getLast().reference();
        assertReversal(refunded, POLICY.unsolicited(refunded, "stripe",
            new UnsolicitedChange.RefundFailed(name, "no_account", "No.",
                new Outcome.Amount(refund + more, currency))),
            expected, "refund_reversed");
      }
    }
  }

  private static void assertReversal(Payment p, Finding found, String conflict, String event) {
    if (conflict != null) assertThat(words(found)).isEqualTo(conflict);
    else assertTaken(p, found, event);
  }

  private static Outcome.Declined failed(String code, String name, long amount, String currency) {
    return new Outcome.Declined(name, code, null, "No.", false, new Outcome.Amount(amount, currency), null);
  }

  /** What is told first must not decide: in the end nothing went back. */
  @Test
  void refund_madeThere_thatFailedBeforeItWasToldAsDone_isNotBooked() {
    for (Status status : List.of(Status.CONFIRMED, Status.SETTLED, Status.PARTIALLY_REFUNDED,
        Status.DISPUTED)) {
      Payment p = in(status);
      var failed = new UnsolicitedChange.RefundFailed("re_new", "no_account", "No.", null);
      Finding found = POLICY.unsolicited(p, "stripe", failed);
      assertTaken(p, found, "provider_notice");
      Payment heard = after(p, found);
      assertThat(words(POLICY.unsolicited(heard, "stripe", failed))).isEqualTo("known");
      assertThat(words(POLICY.unsolicited(heard, "stripe",
          new UnsolicitedChange.Refunded("re_new", 100, "usd")))).as("%s", status).isEqualTo("known");
      assertTaken(heard, POLICY.unsolicited(heard, "stripe",
          new UnsolicitedChange.Refunded("re_other", 100, "usd")), "refunded");
    }
  }

  /** A word from before the decision may come after it; one of later says that money moved once more. */
  @Test
  void dispute_toldToBeOpenAfterItsDecision_isAConflict() {
    Payment open = told(in(Status.CONFIRMED), FACT.get("opened_other"));
    for (boolean won : new boolean[]{true, false}) {
      Payment decided = told(open, new UnsolicitedChange.DisputeClosed("du_2", won, 700, "usd", null, 50L));
      for (Long told : new Long[]{null, 49L, 50L, 51L}) {
        assertThat(words(POLICY.unsolicited(decided, "stripe",
            new UnsolicitedChange.DisputeOpened("du_2", 700, "usd", null, null, told))))
            .isEqualTo(told != null && told > 50 ? "conflict:dispute_open_after_decision" : "known");
      }
    }
  }

  /** The provider calls both by one name: when it failed tells which. */
  @Test
  void capture_madeAnewThatFailsAsWell_isReversed() {
    Payment p = after(in(Status.AUTHORIZED), charge(in(Status.AUTHORIZED),
        new Outcome.Charged("pi_1", 1999, "usd", "ca_1")));
    Payment reversed = after(p, charge(p, failedAt("ca_1", 10L)));
    assertThat(reversed.amountCharged()).isZero();
    var anew = new Outcome.Charged("pi_1", 1999, "usd", Outcome.Charged.again("ca_1", 20L), true);
    Payment again = after(reversed, charge(reversed, anew));
    assertThat(again.amountCharged()).isEqualTo(1999);
    for (Long before : new Long[]{null, 10L, 19L})
      assertThat(words(charge(again, failedAt("ca_1", before))))
          .isEqualTo(before != null && before == 19 ? "provider_notice" : "known");
    Finding found = charge(again, failedAt("ca_1", 30L));
    assertTaken(again, found, "capture_reversed");
    assertThat(after(again, found).amountCharged()).isZero();
    Payment ended = after(again, found);
    Payment noticed = after(ended, charge(ended, failedAt("ca_1", 30L)));
    assertThat(words(charge(noticed, failedAt("ca_1", 30L)))).isEqualTo("known");
  }

  /** In whatever order it is told: captured at 0, failed at 10, made anew at 20, failed at 30, anew at 40. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4})
  void capture_madeAnewAndFailed_endsTheSame_inAnyOrder(int words) {
    var told = List.<Outcome>of(failedAt("ca_1", 10L), anew(20), failedAt("ca_1", 30L), anew(40));
    Payment captured = after(in(Status.AUTHORIZED), charge(in(Status.AUTHORIZED),
        new Outcome.Charged("pi_1", 1999, "usd", "ca_1")));
    for (var order : orders(told.subList(0, words))) {
      Payment p = captured;
      for (Outcome word : order) {
        Finding found = charge(p, word);
        assertThat(found).as("%s of %s", word, order).isNotInstanceOf(Finding.Conflict.class);
        if (found instanceof Finding.NewEvents) p = after(p, found);
      }
      assertThat(p.amountCharged()).as("%s", order).isEqualTo(words == 3 ? 0 : 1999);
    }
  }

  private static Outcome.Charged anew(long at) {
    return new Outcome.Charged("pi_1", 1999, "usd", Outcome.Charged.again("ca_1", at), true);
  }

  /** Of the rest of a hold that was captured in part; nothing of what is captured goes back. */
  @Test
  void rest_canceledThereAfterAPartWasCaptured_isNoAlert() {
    Payment held = in(Status.AUTHORIZED);
    Payment p = after(held, charge(held, new Outcome.Charged("pi_1", 1000, "usd", "ca_1")));
    var canceled = new Outcome.Voided("pi_1", false);
    Finding found = charge(p, canceled);
    assertThat(words(found)).isEqualTo("provider_notice");
    Payment then = after(p, found);
    assertThat(then.amountCharged()).isEqualTo(1000);
    assertThat(words(charge(then, canceled))).isEqualTo("known");
    Payment whole = after(then, charge(then, new Outcome.Charged("pi_1", 999, "usd", "ca_2")));
    assertThat(words(charge(whole, canceled))).isEqualTo("conflict:voided_after_charge");
  }

  private static Outcome.Declined failedAt(String capture, Long at) {
    return new Outcome.Declined(capture, Outcome.Declined.CAPTURE_FAILED, null, "No.", false,
        new Outcome.Amount(1999, "usd"), at);
  }

  /** The very one that is booked; a refused one of another name never was. */
  @Test
  void capture_refusedByTheNameThatIsBooked_isAConflict() {
    Payment held = in(Status.AUTHORIZED);
    Payment there = after(held, charge(held, new Outcome.Charged("pi_1", 1999, "usd", "ca_1")));
    Payment asked = with("capture", Status.AUTHORIZED);
    Payment ours = after(asked, operation(asked, "cap_1", new Outcome.Charged("pi_1", 1999, "usd", "ca_1")));
    for (String name : List.of("ca_1", "ca_2")) {
      var refused = failed(Outcome.Declined.CAPTURE_REFUSED, name, 1999, "usd");
      String expected = name.equals("ca_1") ? "conflict:capture_refused_after_success" : "known";
      assertThat(words(charge(there, refused))).isEqualTo(expected);
      assertThat(words(operation(ours, "cap_1", refused))).isEqualTo(expected);
    }
    // With the charge, of which the capture has no name yet.
    Payment automatic = in(Status.SETTLED);
    assertThat(words(charge(automatic, failed(Outcome.Declined.CAPTURE_REFUSED, "ca_1", 1999, "usd"))))
        .isEqualTo("conflict:capture_refused_after_success");
    assertThat(words(charge(automatic, failed(Outcome.Declined.CAPTURE_REFUSED, "ca_1", 7, "usd"))))
        .isEqualTo("known");
    Payment named = after(automatic, charge(automatic, new Outcome.Charged("pi_1", 1999, "usd", "ca_9")));
    assertThat(words(charge(named, failed(Outcome.Declined.CAPTURE_REFUSED, "ca_1", 1999, "usd"))))
        .isEqualTo("known");
  }

  /** What of a hold ran out, where it is not all of it, says that the rest was captured. */
  @ParameterizedTest
  @CsvSource({"1998, usd, wait", "1, usd, wait", "1999, usd, expired", "2500, usd, expired",
      "1, eur, conflict:currency_mismatch"})
  void rest_thatRanOut_waitsForWhatWasCaptured(long amount, String currency, String expected) {
    Payment p = in(Status.AUTHORIZED);
    var lapsed = new Outcome.Voided("pi_1", true, new Outcome.Amount(amount, currency));
    assertThat(words(charge(p, lapsed))).isEqualTo(expected);
    Payment captured = after(p, charge(p, new Outcome.Charged("pi_1", 1000, "usd", "ca_1")));
    assertThat(words(charge(captured, lapsed))).isEqualTo("known");
  }

  /** Only the inquiries of issuers hold nothing: what holds money, and was not answered, is lost. */
  @Test
  void dispute_thatWasNotAnswered_isLostWhereItHoldsMoney() {
    var over = new UnsolicitedChange.DisputeUnanswered("du_2", 700, "usd", 20L);
    Payment p = in(Status.CONFIRMED);
    Payment heard = told(p, over);
    assertThat(heard.disputed()).isZero();
    assertThat(words(POLICY.unsolicited(heard, "stripe", over))).isEqualTo("known");
    // It may still become a dispute.
    Payment open = told(heard, opened(700, 30L));
    assertThat(open.status()).isEqualTo(Status.DISPUTED);
    assertThat(words(POLICY.unsolicited(open, "stripe",
        new UnsolicitedChange.DisputeUnanswered("du_2", 700, "usd", 40L)))).isEqualTo("charged_back");
  }

  @Test
  void refund_toldBeforeItsCharge_waits() {
    for (Status status : List.of(Status.PROVIDER_SUBMITTED, Status.REQUIRES_ACTION, Status.UNKNOWN,
        Status.PROCESSING))
      assertThat(words(charge(in(status), new Outcome.Refunded("re_x", 300, "usd")))).isEqualTo("wait");
  }

  @Test
  void charge_toldAgainInAnotherCurrency_isAConflict() {
    for (Status status : List.of(Status.CONFIRMED, Status.SETTLED))
      assertThat(words(charge(in(status), new Outcome.Charged("pi_1", 1999, "eur"))))
          .isEqualTo("conflict:currency_mismatch");
  }

  /** Each try has its own name at such a provider: it cannot have been refused and done. */
  @Test
  void charge_refusedByTheNameThatSucceeded_isAConflict() {
    for (Status status : List.of(Status.AUTHORIZED, Status.CONFIRMED, Status.SETTLED, Status.REFUNDED)) {
      Payment p = in(status);
      for (String name : List.of(p.providerReference(), "pi_else")) {
        var refused = new Outcome.TryRefused(new Outcome.Declined(name, "card_declined", null, "No."));
        String expected = name.equals("pi_else") ? "known" : "conflict:charge_refused_after_success";
        assertThat(words(charge(p, refused))).as("%s %s", status, name).isEqualTo(expected);
        var webhook = POLICY.told(p, Attempt.charge(TypeId.next(), 1, "stripe", null), refused);
        assertThat(words(webhook)).as("%s %s by webhook", status, name).isEqualTo(expected);
      }
    }
  }

  /** Only where money is held: else it is what an inquiry, or a dispute that took nothing, ends with. */
  @Test
  void dispute_toldToBeOver_neitherWonNorLost_isAConflict_whileItHoldsMoney() {
    Payment p = told(in(Status.CONFIRMED), FACT.get("opened_other"));
    var over = new Notice("charge.dispute.closed", null, "pi_1", "It is prevented.", true, "du_2");
    assertThat(words(POLICY.notice(p, "stripe", "evt_1", over)))
        .isEqualTo("conflict:dispute_ended_undecided");
    var other = new Notice("charge.dispute.closed", null, "pi_1", "It is prevented.", true, "du_3");
    assertTaken(p, POLICY.notice(p, "stripe", "evt_1", other), "provider_notice");
    Payment won = told(p, FACT.get("won_other"));
    assertTaken(won, POLICY.notice(won, "stripe", "evt_1", over), "provider_notice");
  }

  /** The other way round: the end is told first, once or twice, and then that money was taken. */
  @Test
  void dispute_openedAfterItWasToldToBeOver_isAConflict_andHoldsNothing() {
    Payment p = in(Status.CONFIRMED);
    var over = new Notice("charge.dispute.closed", null, "pi_1", "It is prevented.", true, "du_2");
    var first = (Finding.NewEvents) POLICY.notice(p, "stripe", "evt_1", over);
    Payment heard = p.after(first.events().getFirst());
    assertThat(POLICY.notice(heard, "stripe", "evt_2", over)).isInstanceOf(Finding.NothingNew.class);
    for (String fact : List.of("opened_other", "won_other", "lost_other"))
      assertThat(words(POLICY.unsolicited(heard, "stripe", FACT.get(fact)))).as(fact)
          .isEqualTo("conflict:dispute_ended_undecided");
    assertThat(heard.disputed()).isZero();
  }

  /** Decisions may be delivered in any order: the latest one counts, not the one that is told last. */
  @Test
  void dispute_whoseDecisionsAreToldOutOfOrder_endsByTheLatest() {
    var lost = new UnsolicitedChange.DisputeClosed("du_1", false, 1999, "usd", null, 100L);
    var won = new UnsolicitedChange.DisputeClosed("du_1", true, 1999, "usd", null, 200L);
    var again = new UnsolicitedChange.DisputeClosed("du_1", false, 1999, "usd", null, 300L);
    Payment p = told(told(in(Status.CONFIRMED), FACT.get("opened")), won);
    assertThat(words(POLICY.unsolicited(p, "stripe", lost))).isEqualTo("known");
    assertThat(words(POLICY.unsolicited(p, "stripe", again))).isEqualTo("dispute_reopened charged_back");
    Payment last = told(p, again);
    for (var older : List.of(lost, won))
      assertThat(words(POLICY.unsolicited(last, "stripe", older))).isEqualTo("known");
    assertThat(words(POLICY.unsolicited(last, "stripe", FACT.get("won")))).as("without a time the last told")
        .isEqualTo("chargeback_reversed");
  }

  /** Where ours is of another amount it cannot be the one that is under way. */
  @Test
  void refundMadeThere_whileOursIsUnderWay_isBooked() {
    Payment p = with("refund", Status.CONFIRMED);
    var there = new UnsolicitedChange.Refunded("re_there", 1000, "usd");
    assertTaken(p, POLICY.unsolicited(p, "stripe", there), "refunded");
    Payment both = after(told(p, there), operation(told(p, there), "re_1", OUTCOMES.get("refunded")));
    assertThat(both.amountRefunded()).isEqualTo(1300);
  }

  @Test
  void charge_thatTheBankAgreedTo_isHeldWhereItIsCapturedByHand() {
    for (String capture : List.of("automatic", "manual")) {
      Payment p = Payment.of(List.of(
          new PaymentEvent.Initiated(1999, "usd", "pm_card_visa", capture, null, null, Map.of(), null),
          new PaymentEvent.ProviderSubmitted("stripe", "att_1")));
      assertThat(words(charge(p, OUTCOMES.get("approved"))))
          .isEqualTo(capture.equals("manual") ? "authorized" : "confirmed");
    }
  }

  /** The try that the provider took is the one that counts, whatever is told of those before it. */
  @Test
  void charge_thatIsProcessed_isDeclinedByTheRefusalOfItsOwnTry() {
    Payment p = in(Status.PROCESSING);
    var own = new Outcome.Declined(p.providerReference(), "card_declined", null, "No.");
    assertThat(words(charge(p, new Outcome.TryRefused(own)))).isEqualTo("declined");
  }

  @Test
  void refund_toldUnderTheChargesReference_failsUnderItToo() {
    for (String code : List.of("refund_failed", "refund_reversed")) {
      Payment p = in(Status.CONFIRMED);
      Payment refunded = after(p, charge(p, OUTCOMES.get("refunded")));
      var failed = new Outcome.Declined("re_x", code, null, "No.");
      assertTaken(refunded, charge(refunded, failed), "refund_reversed");
      Payment reversed = after(refunded, charge(refunded, failed));
      assertThat(reversed.amountRefunded()).isZero();
      assertThat(words(charge(reversed, failed))).isEqualTo("known");
    }
  }

  /** Adyen captures once more what the scheme rejected, be it ours or made of its own accord. */
  @Test
  void capture_thatWasMadeAgain_isCaptured() {
    var failed = new Outcome.Declined("ca_1", Outcome.Declined.CAPTURE_FAILED, null, "No.");
    var again = new Outcome.Charged("pi_1", 1999, "usd", "ca_1/again", true);
    Payment ours = with("capture", Status.AUTHORIZED);
    ours = after(ours, operation(ours, "cap_1", new Outcome.Charged("pi_1", 1999, "usd", "ca_1")));
    assertThat(words(operation(ours, "cap_1", again))).as("told before the failure").isEqualTo("wait");
    ours = after(ours, operation(ours, "cap_1", failed));
    assertThat(ours.status()).isEqualTo(Status.AUTHORIZED);
    assertThat(words(operation(ours, "cap_1", new Outcome.Charged("pi_1", 1999, "usd", "ca_1"))))
        .as("told late").isEqualTo("known");
    assertTaken(ours, operation(ours, "cap_1", again), "confirmed");
    ours = after(ours, operation(ours, "cap_1", again));
    assertThat(words(operation(ours, "cap_1", again))).isEqualTo("known");
    Payment theirs = in(Status.PROVIDER_SUBMITTED);
    theirs = after(theirs, charge(theirs, OUTCOMES.get("charged")));
    theirs = after(theirs, charge(theirs, failed));
    assertTaken(theirs, charge(theirs, again), "confirmed");
    theirs = after(theirs, charge(theirs, again));
    assertThat(words(charge(theirs, again))).isEqualTo("known");
    assertThat(theirs.amountCaptured()).isEqualTo(1999);
  }

  /** The capture that came with the charge had no name: the first one that fits is its, the next another. */
  @Test
  void capture_underASecondName_isBooked_alsoOfTheSameAmount() {
    Payment p = in(Status.CONFIRMED);
    var first = new Outcome.Charged("pi_1", 1999, "usd", "ca_1");
    Payment named = after(p, charge(p, first));
    assertThat(List.of(named.amountCharged(), named.status())).containsExactly(1999L, Status.CONFIRMED);
    assertThat(words(charge(named, first))).isEqualTo("known");
    var second = new Outcome.Charged("pi_1", 1999, "usd", "ca_2");
    assertTaken(named, charge(named, second), "captured");
    assertThat(after(named, charge(named, second)).surplus()).isEqualTo(1999);
    // By that name it fails later as well.
    var failed = new Outcome.Declined("ca_1", Outcome.Declined.CAPTURE_FAILED, null, "No.");
    assertTaken(named, charge(named, failed), "capture_reversed");
  }

  /** A hold that lapsed under a name nobody knows may be the payment's. */
  @Test
  void hold_thatLapsedUnderAnotherName_isAnAlert() {
    Payment p = in(Status.AUTHORIZED);
    assertThat(words(charge(p, new Outcome.Voided("pi_9", true)))).isEqualTo("conflict:released_elsewhere");
    assertThat(words(charge(p, new Outcome.Voided("pi_1", true)))).isEqualTo("expired");
    Payment beside = p.after(Lives.lateCharge(true, Status.AUTHORIZED));
    assertThat(words(charge(beside, new Outcome.Voided("pi_0", true)))).isEqualTo("known");
  }

  /** What is told of another hold, or of a try before the one that counts, ends nothing. */
  @Test
  void hold_besideTheOneThatCounts_mayEnd() {
    var voided = new Outcome.Voided("pi_2", false);
    for (Status status : List.of(Status.AUTHORIZED, Status.PROCESSING, Status.CONFIRMED, Status.SETTLED))
      assertThat(words(charge(in(status), voided))).as(status.wire()).isEqualTo("known");
    var attempt = Attempt.charge(TypeId.next(), 1, "stripe", null);
    Payment p = Payment.of(List.of(
        new PaymentEvent.Initiated(1999, "usd", "pm_card_visa", "automatic", null, null, Map.of(), null),
        new PaymentEvent.ProviderSubmitted("stripe", TypeId.format(TypeId.ATTEMPT, attempt.reference())),
        new PaymentEvent.Confirmed("stripe", TypeId.format(TypeId.ATTEMPT, attempt.reference()), "pi_1", 1999,
            1999, "usd")));
    for (String beside : List.of("other_charge", "other_hold", "refunded", "refund_failed"))
      assertThat(OutcomePolicy.ended(p, attempt, OUTCOMES.get(beside))).as(beside).isNull();
    assertThat(OutcomePolicy.ended(p, attempt, OUTCOMES.get("approved")).outcome()).isEqualTo("charged");
    assertThat(OutcomePolicy.ended(p, Attempt.charge(TypeId.next(), 2, "adyen", null),
        OUTCOMES.get("other_charge")).outcome()).as("of a call that was left").isEqualTo("charged");
  }

  /** What had been released already is not the merchant's. */
  @Test
  void capture_carriedOutAfterTheHoldWasReleased_isGivenBack() {
    Payment p = with("capture", Status.AUTHORIZED);
    Payment voided = after(p, operation(p, "cap_1", OUTCOMES.get("voided")));
    var found = operation(voided, "cap_1", new Outcome.Charged("pi_1", 1999, "usd", "ca_1"));
    assertTaken(voided, found, "late_charge");
    Payment given = after(voided, found);
    assertThat(words(operation(given, "cap_1", new Outcome.Charged("pi_1", 1999, "usd", "ca_1"))))
        .isEqualTo("known");
    assertThat(words(operation(given, "cap_1", new Outcome.Charged("pi_1", 400, "usd", "ca_2"))))
        .isEqualTo("conflict:late_charge_differs");
    var failed = new Outcome.Declined("ca_1", Outcome.Declined.CAPTURE_FAILED, null, "No.");
    assertThat(words(operation(given, "cap_1", failed))).isEqualTo("conflict:late_charge_taken_back");
    assertThat(words(operation(voided, "cap_1", failed))).as("without one").isEqualTo("known");
  }

  /** Whether it is still here or went back to the payer: the provider takes money that the books have. */
  @Test
  void lateCharge_thatComesToNothingAtTheProvider_isAConflict() {
    var failed = new Outcome.Declined("ca_9", Outcome.Declined.CAPTURE_FAILED, null, "No.");
    for (Status end : List.of(Status.DECLINED, Status.VOIDED, Status.EXPIRED)) {
      Payment p = in(end);
      assertThat(words(charge(p, failed))).as("%s, without one", end).isEqualTo("known");
      Payment late = after(p, charge(p, OUTCOMES.get("other_charge")));
      String name = late.strays().values().iterator().next().reference();
      String operation = late.strays().keySet().iterator().next();
      Payment back = after(late, POLICY.operation(late, late.operation(operation), "stripe", "att_9",
          new Outcome.Refunded("re_9", late.strays().get(operation).amount(), "usd")));
      for (Payment with : List.of(late, back)) {
        assertThat(words(charge(with, failed))).as("%s", end).isEqualTo("conflict:late_charge_taken_back");
        assertThat(words(charge(with, new Outcome.Voided(name, false)))).as("%s", end)
            .isEqualTo("conflict:late_charge_taken_back");
        assertThat(words(charge(with, new Outcome.Voided(name, true)))).as("the rest lapsed")
            .isEqualTo("known");
        assertThat(words(charge(with, new Outcome.Voided("pi_else", false)))).isEqualTo("known");
      }
    }
  }

  @Test
  void failed_namesTheKindOfOperation() {
    for (Operation.Kind kind : Operation.Kind.values()) {
      var operation = new Operation("x_1", kind, Operation.State.REQUESTED, 1, null, null);
      assertThat(OutcomeEvents.failed(operation, Status.CONFIRMED, "c", "m").type().wire())
          .isEqualTo(kind == Operation.Kind.REVERSAL
              ? "payment.late_charge_kept"
              : "payment." + kind.wire() + "_failed");
    }
    assertThat(Arrays.stream(Operation.State.values()).filter(s -> !new Operation("x_1",
        Operation.Kind.REFUND, s, 1, null, null).open())).containsExactly(Operation.State.SUCCEEDED,
            Operation.State.FAILED);
  }
}
