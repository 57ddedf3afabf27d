package dev.millrace.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class ProviderCallsTest {
  @Test
  void seconds_slide_andCountEveryKind() {
    var none = new int[150];
    var charges = none.clone();
    var operations = none.clone();
    var inquiries = none.clone();
    charges[99] = 5;
    operations[100] = 7;
    inquiries[149] = 11;
    var calls = new ProviderCalls(charges, operations, inquiries);
    var seconds = calls.seconds();
    assertEquals(51, seconds.length);
    assertEquals(23, seconds[50], "slots 50 to 149");
    assertEquals(5, seconds[0], "slots 0 to 99");
    assertEquals(12, seconds[1]);
    assertEquals(23, calls.calls());
    assertEquals(11, calls.inquired());
  }

  @Test
  void seconds_anyCounts_areTheSumsOfHundredSlots() {
    long seed = System.nanoTime();
    var charges = new Random(seed).ints(500, 0, 30).toArray();
    var expected = new int[401];
    Arrays.setAll(expected, from -> Arrays.stream(charges, from, from + 100).sum());
    Arrays.sort(expected);
    assertArrayEquals(expected, new ProviderCalls(charges, new int[500], new int[500]).seconds(),
        "seed " + seed);
  }

  @Test
  void seconds_lessThanOne_isOne() {
    assertArrayEquals(new int[]{6}, new ProviderCalls(new int[]{1, 2, 3}, new int[3], new int[3]).seconds());
  }
}
