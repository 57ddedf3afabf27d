package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class TypeIdTest {
  /** From the TypeID specification 0.3, {@code valid.yml}. */
  @ParameterizedTest
  @CsvSource({
      "prefix_00000000000000000000000000, 00000000-0000-0000-0000-000000000000",
      "prefix_00000000000000000000000001, 00000000-0000-0000-0000-000000000001",
      "prefix_0000000000000000000000000a, 00000000-0000-0000-0000-00000000000a",
      "prefix_0000000000000000000000000g, 00000000-0000-0000-0000-000000000010",
      "prefix_00000000000000000000000010, 00000000-0000-0000-0000-000000000020",
      "prefix_7zzzzzzzzzzzzzzzzzzzzzzzzz, ffffffff-ffff-ffff-ffff-ffffffffffff",
      "prefix_0123456789abcdefghjkmnpqrs, 0110c853-1d09-52d8-d73e-1194e95b5f19",
      "prefix_01h455vb4pex5vsknk084sn02q, 01890a5d-ac96-774b-bcce-b302099a8057"})
  void vector_readsAndWrites(String text, UUID uuid) {
    assertThat(TypeId.format("prefix", uuid)).isEqualTo(text);
    assertThat(TypeId.parse("prefix", text)).isEqualTo(uuid);
  }

  /** From {@code invalid.yml}, as far as it is about the suffix, and other prefixes. */
  @ParameterizedTest
  @ValueSource(strings = {"", "prefix", "prefix_", "_00000000000000000000000000",
      "00000000000000000000000000",
      "PREFIX_00000000000000000000000000", "prefiy_00000000000000000000000000",
      "prefix-00000000000000000000000000", "prefix_1234567890123456789012345",
      "prefix_123456789012345678901234567", "prefix_1234567890123456789012345 ",
      " prefix_12345678901234567890123456", "prefix_0123456789ABCDEFGHJKMNPQRS",
      "prefix_123456789-123456789-123456", "prefix_ooooooiiiiiiuuuuuuulllllll",
      "prefix_i23456789ol23456789oi23456", "prefix_123456789-0123456789-0123456",
      "prefix_8zzzzzzzzzzzzzzzzzzzzzzzzz", "prefix_zzzzzzzzzzzzzzzzzzzzzzzzzz",
      "prefix_0000000000000000000000000é", "prefix_0000000000000000000000000\u0130",
      "prefix_u0000000000000000000000000",
      "prefix_/0000000000000000000000000"})
  void text_invalid_isNull(String text) {
    assertThat(TypeId.parse("prefix", text)).isNull();
  }

  @Test
  void text_ofEveryCharacterOutsideTheAlphabet_isNull() {
    for (char c = 0; c < 0x180; c++) {
      if ("0123456789abcdefghjkmnpqrstvwxyz".indexOf(c) >= 0) continue;
      assertThat(TypeId.parse("pay", "pay_0000000000000" + c + "000000000000")).as("U+%04x", (int) c)
          .isNull();
    }
  }

  @Test
  void uuid_random_comesBack() {
    long seed = System.nanoTime();
    var random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      var id = new UUID(random.nextLong(), random.nextLong());
      String text = TypeId.format(TypeId.PAYMENT, id);
      assertThat(text).as("seed %d", seed).hasSize(30).startsWith("pay_");
      assertThat(TypeId.parse(TypeId.PAYMENT, text)).as("seed %d", seed).isEqualTo(id);
    }
  }

  @Test
  void next_isVersion7AndCarriesTheTime() {
    long before = System.currentTimeMillis();
    UUID id = TypeId.next();
    assertThat(TypeId.millis(id)).isBetween(before, System.currentTimeMillis());
    assertThat(id.version()).isEqualTo(7);
    assertThat(id.variant()).isEqualTo(2);
  }

  @Test
  void next_isLargerThanEveryOneBefore() {
    String last = "";
    for (int i = 0; i < 200_000; i++) {
      String text = TypeId.format(TypeId.PAYMENT, TypeId.next());
      assertThat(text).isGreaterThan(last);
      last = text;
    }
  }

  @Test
  void next_whileOthersDraw_isLargerThanEveryOneBefore() {
    IntStream.range(0, 8).parallel().forEach(i -> next_isLargerThanEveryOneBefore());
  }

  @Test
  void next_byManyThreads_isNeverTheSame() {
    var made = ConcurrentHashMap.<UUID>newKeySet();
    IntStream.range(0, 50_000).parallel().forEach(i -> made.add(TypeId.next()));
    assertThat(made).hasSize(50_000);
  }

  @Test
  void floor_liesBelowEveryIdOfItsMillisecondAndAboveThoseBefore() {
    UUID id = TypeId.next();
    String text = TypeId.format("x", id);
    assertThat(TypeId.format("x", TypeId.floor(TypeId.millis(id)))).isLessThanOrEqualTo(text);
    assertThat(TypeId.format("x", TypeId.floor(TypeId.millis(id) + 1))).isGreaterThan(text);
    assertThat(TypeId.floor(TypeId.millis(id)).version()).isEqualTo(7);
    assertThat(TypeId.millis(TypeId.floor(1_700_000_000_123L))).isEqualTo(1_700_000_000_123L);
  }

  @Test
  void prefixes_differ() {
    assertThat(
        new HashSet<>(java.util.List.of(TypeId.PAYMENT, TypeId.MERCHANT, TypeId.SETTLEMENT, TypeId.ATTEMPT,
            TypeId.REQUEST)))
        .hasSize(5);
  }
}
