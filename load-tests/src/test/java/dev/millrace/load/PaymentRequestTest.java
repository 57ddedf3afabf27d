package dev.millrace.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.vertx.core.json.JsonObject;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import org.junit.jupiter.api.Test;

final class PaymentRequestTest {
  @Test
  void number_everyPaymentItsOwn() {
    var request = new PaymentRequest("127.0.0.1:8080", "sk_test_millrace", "run");
    var buffer = request.newBuffer();
    var keys = new HashSet<String>();
    var references = new HashSet<String>();
    for (long number = 0; number < 20_000; number++) {
      request.number(buffer, number);
      var text = buffer.toString(StandardCharsets.US_ASCII);
      var headAndBody = text.split("\r\n\r\n");
      var body = new JsonObject(headAndBody[1]);
      keys.add(headAndBody[0].lines().filter(line -> line.startsWith("Idempotency-Key: ")).findFirst()
          .orElseThrow());
      references.add(body.getString("reference"));
      int amount = body.getInteger("amount");
      assertEquals(true, amount >= 1000 && amount <= 9999, () -> "amount " + amount);
      assertEquals(true, headAndBody[0].contains("\r\nContent-Length: " + headAndBody[1].length()));
    }
    assertEquals(20_000, keys.size());
    assertEquals(20_000, references.size());
    buffer.release();
  }

  @Test
  void loopback_anotherMachine() {
    var failure = assertThrows(IllegalArgumentException.class,
        () -> Generator.loopback(URI.create("http://192.0.2.1:8080")));
    assertEquals("refusing to load http://192.0.2.1:8080: 192.0.2.1 is not a loopback address; "
        + "this generator only loads the machine it runs on", failure.getMessage());
  }
}
