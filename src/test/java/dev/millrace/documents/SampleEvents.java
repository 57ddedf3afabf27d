package dev.millrace.documents;

import dev.millrace.payment.Dispute;
import dev.millrace.payment.PaymentEvent;
import dev.millrace.payment.Status;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * One event of each type that there is, with everything that it can say: fees, and more charged than was
 * asked for.
 */
final class SampleEvents {
  private static final long AMOUNT = 1_000;
  private static final long AMOUNT_BEFORE = 900;
  private static final long AMOUNT_CHARGED = 1_100;
  private static final Long FEE = 10L;

  private SampleEvents() {}

  static List<PaymentEvent> all(String account) {
    var events = new ArrayList<PaymentEvent>();
    for (Class<?> type : PaymentEvent.records(PaymentEvent.class).values()) events.add(event(type, account));
    return events;
  }

  /** With the first status that the type permits, where it has one. */
  private static PaymentEvent event(Class<?> type, String account) {
    for (Status status : Status.values()) {
      try {
        var parts = type.getRecordComponents();
        var constructor = type.getDeclaredConstructor(
            Arrays.stream(parts).map(RecordComponent::getType).toArray(Class<?>[]::new));
        return (PaymentEvent) constructor
            .newInstance(Arrays.stream(parts).map(part -> value(part, account, status)).toArray());
      } catch (InvocationTargetException e) {
        if (!(e.getCause() instanceof IllegalArgumentException)) throw new IllegalStateException(e);
      } catch (ReflectiveOperationException e) {
        throw new IllegalStateException(e);
      }
    }
    throw new IllegalStateException("no sample of " + type);
  }

  private static Object value(RecordComponent part, String account, Status status) {
    if (part.getType() == Status.class) return status;
    if (part.getType() == Dispute.State.class) return Dispute.State.OPEN;
    if (part.getType() == Map.class) return Map.of();
    if (part.getType() == boolean.class) return false;
    if (part.getType() == int.class) return 1;
    if (part.getType() == Long.class) return part.getName().endsWith("Taken") ? FEE / 2 : FEE;
    if (part.getType() == long.class) return switch (part.getName()) {
      case "amountCharged" -> AMOUNT_CHARGED;
      case "amountBefore" -> AMOUNT_BEFORE;
      default -> AMOUNT;
    };
    return switch (part.getName()) {
      case "currency" -> "usd";
      case "provider" -> account;
      default -> part.getName();
    };
  }
}
