package dev.millrace.provider.stripe;

import static org.assertj.core.api.Assertions.assertThat;

import com.stripe.param.WebhookEndpointCreateParams.EnabledEvent;
import dev.millrace.provider.DocumentedEvents;
import dev.millrace.provider.stripe.StripeEventTypes.Reading;
import dev.millrace.provider.stripe.StripeEventTypes.Row;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class StripeEventTypesTest {
  private static final Set<Reading> READ = EnumSet.of(Reading.INTENT, Reading.REFUND, Reading.DISPUTE,
      Reading.NOTICE);

  private static List<Row> rows(Set<Reading> readings) {
    return StripeEventTypes.all().stream().filter(row -> readings.contains(row.reading())).toList();
  }

  /** When Stripe's library brings a new type, the table wants a line. */
  @Test
  void everyTypeThatStripePublishes_isInTheTable() {
    var missing = new ArrayList<String>();
    for (EnabledEvent event : EnabledEvent.values()) {
      String type = event.getValue();
      if (!type.equals("*") && StripeEventTypes.of(type) == null) missing.add(type);
    }
    assertThat(missing).isEmpty();
  }

  @Test
  void everyTypeOfTheTable_isPublished() {
    var published = Set.of(EnabledEvent.values()).stream().map(EnabledEvent::getValue).toList();
    for (Row row : StripeEventTypes.all()) {
      String begin = row.type().replace("*", "");
      assertThat(published).as(row.type())
          .anyMatch(type -> row.type().endsWith("*") ? type.startsWith(begin) : type.equals(begin));
    }
  }

  @Test
  void table_isDocumented() {
    assertThat(DocumentedEvents.happened("### Stripe", "### Adyen")).isEqualTo(
        rows(READ).stream().collect(Collectors.toMap(Row::type, Row::words)));
    assertThat(DocumentedEvents.ignored("Not needed, and ignored:")).containsExactlyInAnyOrderElementsOf(
        rows(EnumSet.complementOf(EnumSet.copyOf(READ))).stream().map(Row::type).toList());
  }

  /** Whoever subscribes to what is documented misses nothing that is read. */
  @Test
  void whatIsRead_isSubscribedTo() {
    assertThat(DocumentedEvents.subscribed())
        .containsExactlyInAnyOrderElementsOf(rows(READ).stream().map(Row::type).toList());
  }

  /** Of a family with objects of ours a new type must be noticed. */
  @Test
  void family_withObjectsOfOurs_isListedTypeByType() {
    for (String type : List.of("payment_intent.vanished", "charge.vanished", "charge.dispute.vanished",
        "refund.vanished", "review.vanished", "radar.vanished"))
      assertThat(StripeEventTypes.of(type)).as(type).isNull();
    assertThat(StripeEventTypes.of("invoice.vanished").reading()).isEqualTo(Reading.OTHERS);
  }
}
