package dev.millrace.processing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.deadletter.Failure;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RetryTaskTest {
  private static final String ID = "01890a5d-ac96-774b-bcce-b302099a8057";
  private static final RetryTask TASK = new RetryTask(UUID.fromString(ID), RetryKind.OPERATION, 2, 4, 3,
      1_700_000_000_123L,
      List.of(new Failure(null, "of an earlier version"),
          new Failure(Instant.ofEpochSecond(1_700_000_000), "timeout \"quoted\" Größe\n")),
      "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

  private static RetryTask decode(String json) {
    return RetryTask.decode(json.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void task_comesBack() {
    assertThat(RetryTask.decode(TASK.encode())).isEqualTo(TASK);
  }

  @Test
  void task_encoded_isThisJson() {
    assertThat(new JsonObject(new String(TASK.encode(), StandardCharsets.UTF_8))).isEqualTo(new JsonObject()
        .put("payment", ID).put("handler", "operation").put("window", 2).put("turns", 4).put("attempts", 3)
        .put("due_ms", 1_700_000_000_123L)
        .put("errors", new JsonArray()
            .add(new JsonObject().put("at", null).put("error", "of an earlier version"))
            .add(new JsonObject().put("at", "2023-11-14T22:13:20Z").put("error",
                "timeout \"quoted\" Größe\n")))
        .put("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
  }

  @Test
  void json_withoutTexts_isATaskWithEmptyOnes() {
    assertThat(decode("{\"payment\":\"" + ID + "\",\"window\":0,\"attempts\":1,\"due_ms\":5}"))
        .isEqualTo(new RetryTask(UUID.fromString(ID), RetryKind.CHARGE, 0, 0, 1, 5, List.of(), ""));
  }

  @Test
  void json_withNoTrace_isATaskWithAnEmptyOne() {
    assertThat(decode("{\"payment\":\"" + ID
        + "\",\"window\":0,\"attempts\":1,\"due_ms\":5,\"traceparent\":null}").traceparent()).isEmpty();
  }

  /** They wait in the topics for hours: a new version meets those of the one before. */
  @Test
  void json_ofAnEarlierVersion_isATaskWithItsLastError() {
    assertThat(
        decode("{\"payment\":\"" + ID + "\",\"window\":0,\"attempts\":1,\"due_ms\":5,\"error\":\"late\"}"))
        .isEqualTo(new RetryTask(UUID.fromString(ID), RetryKind.CHARGE, 0, 0, 1, 5,
            List.of(new Failure(null, "late")), ""));
  }

  @Test
  void json_withMoreFields_isATask() {
    assertThat(decode("{\"payment\":\"" + ID + "\",\"window\":0,\"attempts\":1,\"due_ms\":5,\"later\":[1]}"))
        .isNotNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "x", "null", "[]", "1", "{", "{}", "{\"payment\":\"x\"}", "\u0000",
      "{\"payment\":null,\"window\":0,\"attempts\":1,\"due_ms\":5}",
      "{\"payment\":7,\"window\":0,\"attempts\":1,\"due_ms\":5}",
      "{\"payment\":\"" + ID + "\",\"attempts\":1,\"due_ms\":5}",
      "{\"payment\":\"" + ID + "\",\"window\":\"0\",\"attempts\":1,\"due_ms\":5}",
      "{\"payment\":\"" + ID + "\",\"window\":0,\"due_ms\":5}",
      "{\"payment\":\"" + ID + "\",\"window\":0,\"attempts\":1}",
      "{\"payment\":\"" + ID + "\",\"window\":0,\"attempts\":1,\"due_ms\":5,\"handler\":\"tea\"}",
      "{\"payment\":\"" + ID + "\",\"window\":0,\"attempts\":1,\"due_ms\":5,\"errors\":[{\"at\":\"soon\"}]}",
      "{\"payment\":\"" + ID + "\",\"window\":0,\"attempts\":1,\"due_ms\":5,\"errors\":[1]}",
      "{\"payment\":\"" + ID + "\",\"window\":0,\"attempts\":1,\"due_ms\":{}}"})
  void bytes_thatAreNoTask_areNull(String bytes) {
    assertThat(decode(bytes)).isNull();
  }

  @Test
  void bytes_notUtf8_areNull() {
    assertThat(RetryTask.decode(new byte[]{(byte) 0xff, (byte) 0xfe})).isNull();
  }
}
