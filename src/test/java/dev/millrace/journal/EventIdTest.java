package dev.millrace.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.platform.TypeId;
import java.util.HexFormat;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class EventIdTest {
  private static final byte[] KEY = HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f");
  private final EventId ids = new EventId(KEY);

  /** FIPS 197, appendix C.1. */
  @Test
  void id_isOneBlockOfAes128() {
    var place = new Cursor(0x0011223344556677L, 0x8899aabbccddeeffL);
    assertThat(ids.of(place)).isEqualTo(
        TypeId.format(TypeId.EVENT, UUID.fromString("69c4e0d8-6a7b-0430-d8cd-b78070b4c55a")));
  }

  @ParameterizedTest
  @CsvSource({"0,0", "1,1", "752,3", "4294967296,1", "281474976710655,281474976710655"})
  void place_comesBack(long xid, long position) {
    var place = new Cursor(xid, position);
    String id = ids.of(place);
    assertThat(id).matches("evt_[0-7][0-9a-hjkmnp-tv-z]{25}");
    assertThat(ids.parse(id)).isEqualTo(place);
    assertThat(new EventId(KEY).parse(id)).isEqualTo(place);
  }

  @Test
  void place_random_comesBack_andNeighboursLookUnlike() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    for (int i = 0; i < 1_000; i++) {
      var place = new Cursor(random.nextLong(1L << 48), random.nextLong(1L << 48));
      var next = new Cursor(place.xid(), place.position() ^ 1);
      assertThat(ids.parse(ids.of(place))).as("seed %d", seed).isEqualTo(place);
      assertThat(ids.of(next).substring(0, 12)).as("seed %d", seed)
          .isNotEqualTo(ids.of(place).substring(0, 12));
    }
  }

  @Test
  void place_largerThanAnyReal_isNotRead() {
    assertThat(ids.parse(ids.of(new Cursor(1L << 48, 1)))).isNull();
    assertThat(ids.parse(ids.of(new Cursor(1, 1L << 48)))).isNull();
    assertThat(ids.parse(ids.of(new Cursor(-1, -1)))).isNull();
  }

  @Test
  void id_ofAnotherKey_isNotRead() {
    byte[] other = KEY.clone();
    other[15] ^= 1;
    assertThat(new EventId(other).parse(ids.of(new Cursor(752, 3)))).isNull();
  }

  @Test
  void id_forged_isNotRead() {
    long seed = new Random().nextLong();
    var random = new Random(seed);
    for (int i = 0; i < 10_000; i++) {
      var uuid = new UUID(random.nextLong(), random.nextLong());
      assertThat(ids.parse(TypeId.format(TypeId.EVENT, uuid))).as("seed %d, %s", seed, uuid).isNull();
    }
  }

  @Test
  void id_changedInOneCharacter_isNotRead() {
    String id = ids.of(new Cursor(752, 3));
    for (int i = 4; i < id.length(); i++) {
      char other = id.charAt(i) == '0' ? '1' : '0';
      assertThat(ids.parse(id.substring(0, i) + other + id.substring(i + 1))).as("character %d", i).isNull();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "evt_", "evt", "752.3", "pay_01h455vb4pex5vsknk084sn02q",
      "evt_01h455vb4pex5vsknk084sn02", "evt_01H455VB4PEX5VSKNK084SN02Q", " evt_01h455vb4pex5vsknk084sn02q"})
  void text_thatIsNone_isNotRead(String text) {
    assertThat(ids.parse(text)).isNull();
  }

  @Test
  void key_ofAnotherLength_isRefused() {
    assertThatThrownBy(() -> new EventId(new byte[15])).isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("AES-128");
  }
}
