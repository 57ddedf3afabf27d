package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.platform.TypeId;
import dev.millrace.testing.Await;
import dev.millrace.testing.Http;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.redis.client.Command;
import io.vertx.redis.client.Redis;
import io.vertx.redis.client.Request;
import io.vertx.redis.client.Response;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Somebody writes to Redis who may not: no merchant is told what stands there. */
class PoisonedRedisIT {
  private static final String OTHER = "{\"amount\":777,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\"}";
  /** Bytes before the status and the body: seal, time, fingerprint. */
  private static final int HEAD = 33 + 8 + 32;

  private final TestMerchant merchant = TestMerchant.create();
  private final Vertx vertx = Vertx.vertx();
  private final Redis redis = Redis.createClient(vertx,
      ApiSite.site().redisUri(ApiSite.site().ports().redis()));

  @AfterEach
  void close() throws TimeoutException { vertx.close().await(5, TimeUnit.SECONDS); }

  @Test
  void answer_thatWasWrittenByAnother_isNotGiven() throws TimeoutException {
    var first = keep("k", TestMerchant.VISA);
    Buffer kept = get("k");
    keep("other", OTHER);
    Buffer foreign = get("other");
    assertThat(kept.getString(HEAD, HEAD + 3)).isEqualTo("202");
    String body = kept.getString(HEAD + 3, kept.length());
    assertThat(body).contains("\"amount\":1999");

    var poison = new LinkedHashMap<String, Buffer>();
    poison.put("another amount", kept.getBuffer(0, HEAD + 3).appendString(body.replace("1999", "1000")));
    poison.put("another status", kept.copy().setString(HEAD, "500"));
    poison.put("for another request", kept.copy().setByte(HEAD - 1, (byte) ~kept.getByte(HEAD - 1)));
    poison.put("longer", kept.copy().setByte(33, (byte) 0x7f));
    poison.put("another key's", foreign);
    poison.put("unsealed, as it was once", kept.getBuffer(41, kept.length()));
    poison.put("another seal", Buffer.buffer(new byte[33]).appendBuffer(kept.getBuffer(33, kept.length())));
    poison.put("a key that is not there", kept.copy().setByte(0, (byte) 77));
    poison.put("cut", kept.getBuffer(0, HEAD));
    poison.put("the seal alone", kept.getBuffer(0, 33));
    poison.put("less than a seal", Buffer.buffer("x"));
    poison.put("nothing", Buffer.buffer());

    double before = forged();
    for (Map.Entry<String, Buffer> one : poison.entrySet()) {
      send(Request.cmd(Command.SET).arg(name("k")).arg(one.getValue()));
      var again = merchant.pay("k", TestMerchant.VISA);
      assertThat(again.status()).as(one.getKey()).isEqualTo(202);
      assertThat(again.body()).as(one.getKey()).isEqualTo(first);
      assertThat(again.header("Idempotent-Replayed")).as(one.getKey()).isEqualTo("true");
      Await.until(Duration.ofSeconds(5), "the true one is kept", () -> {
        merchant.pay("k", TestMerchant.VISA);
        return get("k").getBuffer(41, HEAD).equals(kept.getBuffer(41, HEAD));
      });
    }
    assertThat(forged() - before).isGreaterThanOrEqualTo(poison.size());
    assertThat(ApiSite.gateway().logText()).contains("alert=answer_forged name=" + name("k"));
    assertThat(merchant.stored()).isEqualTo(2);
  }

  /** Its answer, which Redis has from the first repetition on. */
  private String keep(String key, String body) {
    String first = merchant.pay(key, body).body();
    Await.until(Duration.ofSeconds(5), "Redis has it", () -> {
      assertThat(merchant.pay(key, body).body()).isEqualTo(first);
      return get(key) != null;
    });
    return first;
  }

  private String name(String key) {
    return "ik:" + ApiSite.site().query(
        "SELECT id FROM idempotency_key WHERE key = '" + key + "' AND merchant = '"
            + TypeId.parse(TypeId.MERCHANT, merchant.id()) + "'",
        rows -> {
          rows.next();
          return rows.getString(1);
        });
  }

  private Buffer get(String key) {
    try {
      Response response = send(Request.cmd(Command.GET).arg(name(key)));
      return response == null ? null : response.toBuffer();
    } catch (TimeoutException e) {
      throw new AssertionError(e);
    }
  }

  private Response send(Request request) throws TimeoutException {
    return redis.send(request).await(5, TimeUnit.SECONDS);
  }

  private static double forged() {
    return Http.get(ApiSite.gateway().opsUrl() + "/metrics").body().lines()
        .filter(line -> line.startsWith("millrace_idempotency_redis_forged_total"))
        .mapToDouble(line -> Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1))).sum();
  }
}
