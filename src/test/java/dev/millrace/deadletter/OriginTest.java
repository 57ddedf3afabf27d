package dev.millrace.deadletter;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.buffer.Buffer;
import io.vertx.kafka.client.consumer.KafkaConsumerRecord;
import io.vertx.kafka.client.consumer.impl.KafkaConsumerRecordImpl;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.record.TimestampType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class OriginTest {
  private static Origin of(byte[] value) {
    return Origin.of("s", null, Buffer.buffer(value), Map.of());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"a\": \"Größe\"}\r\n\tx", "€"})
  void value_thatIsAText_isKeptAsItIs(String text) {
    var written = of(text.getBytes(StandardCharsets.UTF_8)).written();
    assertThat(written).isEqualTo(new Origin.Written("text", text));
    assertThat(written.read()).isEqualTo(Buffer.buffer(text));
  }

  @Test
  void value_thatIsNone_isKeptInBase64() {
    for (byte[] bytes : new byte[][]{{0}, {'a', 0, 'b'}, {(byte) 0xc3, 1, 0}, {(byte) 0xff},
        {27, '[', 'm'}}) {
      var written = of(bytes).written();
      assertThat(written.form()).isEqualTo("base64");
      assertThat(written.read().getBytes()).isEqualTo(bytes);
    }
  }

  @Test
  void value_isBounded_andSaysSo() {
    assertThat(of(new byte[262_144]).whole()).isTrue();
    var cut = of(new byte[262_145]);
    assertThat(cut.whole()).isFalse();
    assertThat(cut.size()).isEqualTo(262_145);
    assertThat(cut.value().length()).isEqualTo(262_144);
  }

  private static KafkaConsumerRecord<String, byte[]> record(String key, byte[] value) {
    return record(1_700_000_000_000L, key, value);
  }

  private static KafkaConsumerRecord<String, byte[]> record(long timestamp, String key, byte[] value) {
    return new KafkaConsumerRecordImpl<>(new ConsumerRecord<>("topic", 3, 14L, timestamp,
        TimestampType.CREATE_TIME, 0, 0, key, value, new RecordHeaders(), Optional.empty()));
  }

  @Test
  void record_isKeptWithItsPlaceItsKeyAndItsHeaders() {
    var record = record("pay_1", new byte[]{1});
    record.record().headers().add("ce_type", "payment.initiated".getBytes(StandardCharsets.US_ASCII));
    record.record().headers().add("long\0", ("\0" + "x".repeat(600)).getBytes(StandardCharsets.US_ASCII));
    record.record().headers().add("none", null);
    for (int i = 0; i < 30; i++) record.record().headers().add("h" + i, new byte[]{'v'});
    var origin = Origin.of(record);
    assertThat(origin.source()).isEqualTo("topic/3/14/1700000000000");
    assertThat(origin.key()).isEqualTo("pay_1");
    assertThat(origin.headers()).hasSize(20).containsEntry("ce_type", "payment.initiated")
        .containsEntry("long?", "?" + "x".repeat(499)).containsEntry("h17", "v").doesNotContainKey("none");
    assertThat(Origin.of(record(null, null)).value().length()).isZero();
  }

  /** A topic that is made anew begins again with offset 0. */
  @Test
  void record_whereAnotherOneWas_hasASourceOfItsOwn() {
    String before = Origin.of(record(1, "pay_1", new byte[]{1})).source();
    assertThat(Origin.of(record(1, "pay_1", new byte[]{1})).source()).as("delivered again").isEqualTo(before);
    assertThat(Origin.of(record(2, "pay_2", new byte[]{1})).source()).isNotEqualTo(before);
  }
}
