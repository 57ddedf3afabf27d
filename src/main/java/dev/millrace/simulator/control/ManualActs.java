package dev.millrace.simulator.control;

import dev.millrace.simulator.book.Entry;
import dev.millrace.simulator.book.Fault;
import dev.millrace.simulator.book.Movement.Kind;
import dev.millrace.simulator.book.Movement;
import dev.millrace.simulator.book.PaymentState;
import dev.millrace.simulator.book.Wire;
import dev.millrace.simulator.wire.Instruction;
import dev.millrace.simulator.wire.WireAnswers;
import io.vertx.core.json.JsonObject;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** What whoever runs the test can make happen to a payment, read from the fields of the call. */
final class ManualActs {
  private static final Set<Wire> CARDS = Set.of(Wire.STRIPE, Wire.ADYEN);
  private static final Set<Wire> ALL = Set.of(Wire.values());

  private final Map<Wire, WireAnswers> wires;

  ManualActs(Map<Wire, WireAnswers> wires) {
    this.wires = wires;
  }

  /**
   * One of them.
   *
   * @param fields
   *          those that the call may have beside {@code reference}
   * @param wires
   *          whose payments it is for
   * @param instruction
   *          what it does to the payment as it stands; null where it has nothing to do there
   * @param refused
   *          whether the provider tries it in vain
   */
  record Act(Set<String> fields, Set<Wire> wires, Function<PaymentState, @Nullable Instruction> instruction,
      boolean refused) {

    private Act(Set<String> fields, Set<Wire> wires,
        Function<PaymentState, @Nullable Instruction> instruction) {
      this(fields, wires, instruction, false);
    }

    boolean possible(PaymentState now) {
      Instruction does = instruction.apply(now);
      return does != null && does.movement(now, 0, null, 0, 0).carriedOut();
    }

    Movement movement(PaymentState now, int number, long created) {
      Instruction does = instruction.apply(now);
      if (does == null) {
        throw new IllegalStateException("it was possible a moment ago");
      }
      Movement done = does.movement(now, number, null, 0, created);
      return refused
          ? new Movement(number, done.payment(), done.kind(), null, null, done.amount(), created, 0,
              done.about(), Fault.REFUSED_FOR_GOOD, done.note(), null)
          : done;
    }
  }

  /**
   * The act of a page; null if there is no such page.
   *
   * @throws IllegalArgumentException
   *           naming the field that is missing or wrong
   */
  @Nullable
  Function<JsonObject, Act> page(String path) {
    return switch (path) {
      case "/disputes" -> this::dispute;
      case "/disputes/close" -> this::close;
      case "/returns" -> ManualActs::returned;
      case "/returns/reverse" -> fields -> new Act(Set.of(), Set.of(Wire.BANK), plain(Kind.RETURN_REVERSED));
      case "/expire" -> fields -> new Act(Set.of(), CARDS, plain(Kind.EXPIRY));
      case "/captures" -> this::capture;
      case "/captures/fail" -> this::captureFails;
      case "/refunds" -> this::refund;
      case "/refunds/fail" -> this::refundFails;
      case "/tries" -> ManualActs::tried;
      case "/complete" -> ManualActs::completed;
      case "/notices" -> ManualActs::notice;
      default -> null;
    };
  }

  private static Function<PaymentState, @Nullable Instruction> plain(Kind kind) {
    return now -> Instruction.of(now.entry().ordinal(), kind, null);
  }

  private Act dispute(JsonObject fields) {
    return new Act(Set.of("amount"), CARDS, now -> ofAmount(fields, now, Kind.DISPUTE)
        .note(ScheduledEffects.DISPUTE_REASON));
  }

  /** Opens, or decides anew, the dispute that is named, else the newest one. */
  private Act close(JsonObject fields) {
    Kind kind = outcome(fields, "won", Kind.DISPUTE_WON, "lost", Kind.DISPUTE_LOST);
    return new Act(Set.of("outcome", "dispute"), CARDS, now -> {
      Movement dispute = fields.containsKey("dispute")
          ? named(now, text(fields, "dispute"), m -> m.is(Kind.DISPUTE))
          : now.dispute();
      return dispute == null ? null : about(dispute, kind);
    });
  }

  private static Act returned(JsonObject fields) {
    String code = text(fields, "code");
    if (!code.matches("R[0-9]{2}")) {
      throw new IllegalArgumentException("code must be R and two digits");
    }
    return new Act(Set.of("code"), Set.of(Wire.BANK),
        now -> Instruction.of(now.entry().ordinal(), Kind.RETURN, null).note(code));
  }

  /** One that is made in the Customer Area, of an account with multiple partial captures. */
  private Act capture(JsonObject fields) {
    return new Act(Set.of("amount", "success"), Set.of(Wire.ADYEN),
        now -> ofAmount(fields, now, Kind.PARTIAL_CAPTURE), !flag(fields, "success", true));
  }

  /** Of the capture that is named, else of the newest one, be it one that the provider made by itself. */
  private Act captureFails(JsonObject fields) {
    return new Act(Set.of("capture"), Set.of(Wire.ADYEN), now -> {
      Movement capture = newest(fields, "capture", now, m -> m.carriedOut() && m.kind().isCapture());
      return capture == null
          ? plain(Kind.CAPTURE_FAILURE).apply(now)
          : about(capture, Kind.CAPTURE_FAILURE);
    });
  }

  /** One that is made in the provider's own pages. */
  private Act refund(JsonObject fields) {
    return new Act(Set.of("amount"), ALL, now -> ofAmount(fields, now, Kind.REFUND));
  }

  /** Of the refund that is named, else of the newest one. */
  private Act refundFails(JsonObject fields) {
    boolean cameBack = flag(fields, "reversed", false);
    return new Act(Set.of("refund", "reversed"), CARDS, now -> {
      Movement refund = newest(fields, "refund", now, m -> m.is(Kind.REFUND));
      return refund == null
          ? null
          : about(refund, Kind.REFUND_FAILURE)
              .note(cameBack && now.entry().wire() == Wire.ADYEN
                  ? Movement.CAME_BACK
                  : ScheduledEffects.REFUND_FAILURE_REASON);
    });
  }

  private static Act tried(JsonObject fields) {
    return new Act(Set.of("outcome"), CARDS,
        plain(outcome(fields, "charged", Kind.TRY_CHARGED, "refused", Kind.TRY_REFUSED)));
  }

  /** What was only taken is decided. */
  private static Act completed(JsonObject fields) {
    Kind kind = outcome(fields, "charged", Kind.COMPLETION, "declined", Kind.COMPLETION_FAILURE);
    return new Act(Set.of("outcome"), CARDS,
        now -> now.status() == PaymentState.Status.PROCESSING ? plain(kind).apply(now) : null);
  }

  private static Act notice(JsonObject fields) {
    String type = text(fields, "type");
    return new Act(Set.of("type"), ALL,
        now -> Instruction.of(now.entry().ordinal(), Kind.NOTICE, null).note(type));
  }

  private static Kind outcome(JsonObject fields, String one, Kind ofOne, String other, Kind ofOther) {
    String outcome = text(fields, "outcome");
    if (!outcome.equals(one) && !outcome.equals(other)) {
      throw new IllegalArgumentException("outcome must be " + one + " or " + other);
    }
    return outcome.equals(one) ? ofOne : ofOther;
  }

  private static Instruction about(Movement begun, Kind kind) {
    return Instruction.of(begun.payment(), kind, null).amount(begun.amount()).about(begun.number());
  }

  /** Of the amount in ISO 4217's minor units, which the payment's wire must be able to say. */
  private Instruction ofAmount(JsonObject fields, PaymentState now, Kind kind) {
    Entry entry = now.entry();
    Instruction instruction = Instruction.of(entry.ordinal(), kind, null);
    if (!fields.containsKey("amount")) {
      return instruction;
    }
    if (!(fields.getValue("amount") instanceof Number number) || number.longValue() <= 0
        || number.longValue() > Entry.AMOUNT_MAX) {
      throw new IllegalArgumentException("amount must be a number from 1 to " + Entry.AMOUNT_MAX);
    }
    long least = answers(entry).units().least(entry.currency());
    if (number.longValue() % least != 0) {
      throw new IllegalArgumentException("amount must be a multiple of " + least + " in " + entry.currency());
    }
    return instruction.amount(number.longValue());
  }

  private @Nullable Movement newest(JsonObject fields, String name, PaymentState now,
      Predicate<Movement> wanted) {
    if (fields.containsKey(name)) {
      return named(now, text(fields, name), wanted);
    }
    Movement newest = null;
    for (Movement movement : now.movements()) {
      newest = wanted.test(movement) ? movement : newest;
    }
    return newest;
  }

  /** The movement that the payment's wire calls so. */
  private Movement named(PaymentState now, String id, Predicate<Movement> wanted) {
    WireAnswers answers = answers(now.entry());
    return now.movements().stream().filter(m -> wanted.test(m) && answers.id(m).equals(id)).findFirst()
        .orElseThrow(() -> new IllegalArgumentException("there is no " + id + " of this payment"));
  }

  private WireAnswers answers(Entry entry) {
    WireAnswers answers = wires.get(entry.wire());
    if (answers == null) {
      throw new IllegalStateException("no answers of " + entry.wire());
    }
    return answers;
  }

  private static boolean flag(JsonObject fields, String name, boolean otherwise) {
    Object value = fields.getValue(name, otherwise);
    if (value instanceof Boolean flag) {
      return flag;
    }
    throw new IllegalArgumentException(name + " must be true or false");
  }

  static String text(JsonObject fields, String name) {
    if (fields.getValue(name) instanceof String text && !text.isEmpty()) {
      return text;
    }
    throw new IllegalArgumentException(name + " must be a text");
  }
}
