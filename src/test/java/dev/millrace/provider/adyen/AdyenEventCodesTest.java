package dev.millrace.provider.adyen;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.provider.DocumentedEvents;
import dev.millrace.provider.adyen.AdyenEventCodes.Reading;
import dev.millrace.provider.adyen.AdyenEventCodes.Row;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

final class AdyenEventCodesTest {
  private static List<Row> rows(boolean others) {
    return AdyenEventCodes.all().stream().filter(row -> (row.reading() == Reading.OTHERS) == others).toList();
  }

  @Test
  void table_isDocumented() {
    assertThat(DocumentedEvents.happened("### Adyen", "### The bank")).isEqualTo(
        rows(false).stream().collect(Collectors.toMap(Row::code, Row::words)));
    assertThat(DocumentedEvents.ignored("Ignored, as not about payments of the gateway:"))
        .isEqualTo(rows(true).stream().map(Row::code).toList());
  }

  @Test
  void code_thatIsNotInTheTable_isUnknown() {
    assertThat(AdyenEventCodes.of("A_NEW_ONE")).isNull();
    assertThat(AdyenEventCodes.of("CHARGEBACK").reading()).isEqualTo(Reading.CHARGEBACK);
  }
}
