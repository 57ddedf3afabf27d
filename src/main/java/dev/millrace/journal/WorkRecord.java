package dev.millrace.journal;

import dev.millrace.payment.EventType;
import dev.millrace.payment.PaymentEvent;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which records of the event topic ask the processor for work, and the name under which their seal stands:
 * all of a record that the processor reads besides its value.
 */
public final class WorkRecord {
  /** The header with the seal, of the records that ask for work. */
  public static final String SEAL = "millrace-seal";
  /** A capture, a cancellation or a refund, or something that is to be given back. */
  private static final Set<String> OPERATIONS = PaymentEvent.records(PaymentEvent.RequestsOperation.class)
      .keySet().stream().map(EventType::wire).collect(Collectors.toUnmodifiableSet());
  private static final Set<String> ALWAYS = Stream
      .concat(OPERATIONS.stream(), Stream.of(EventType.INITIATED.wire(), EventType.ACTION_RETURNED.wire()))
      .collect(Collectors.toUnmodifiableSet());

  private WorkRecord() {}

  /** Whether it is a payment that was just accepted. */
  public static boolean isNew(@Nullable String type) {
    return EventType.INITIATED.wire().equals(type);
  }

  /** Whether it requests an operation. */
  public static boolean isOperation(@Nullable String type) {
    return type != null && OPERATIONS.contains(type);
  }

  /**
   * New payments, those that an operator released, and what is asked of payments later. Screening is version
   * 2; a later one is a release from review.
   */
  public static boolean asks(String type, @Nullable String version) {
    return ALWAYS.contains(type)
        || (type.equals(EventType.SCREENED.wire()) && version != null && !version.equals("2"));
  }

  /** Of the record with this key and these headers, each null where there is none. */
  public static String name(@Nullable String key, @Nullable String type, @Nullable String version,
      @Nullable String traceparent) {
    return key + "\n" + type + "\n" + version + "\n" + traceparent;
  }
}
