package dev.millrace.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;

/**
 * `POST /v1/payments` as bytes, built once for a run. A payment differs from the next only in the digits of
 * its idempotency key, amount and reference, which {@link #number} writes in place: no allocation per
 * request.
 */
final class PaymentRequest implements Request {
  private static final int DIGITS = 12;
  private static final String ZEROES = "0".repeat(DIGITS);

  private final byte[] template;
  private final int keyOffset;
  private final int amountOffset;
  private final int referenceOffset;
  private final byte[] digits = new byte[DIGITS];

  /** `run` makes the keys of this run different from those of every other run against the same database. */
  PaymentRequest(String host, String apiKey, String run) {
    var body = "{\"amount\":1000,\"currency\":\"usd\",\"payment_method\":\"pm_card_visa\","
        + "\"reference\":\"order-"
        + ZEROES + "\"}";
    var text = "POST /v1/payments HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + apiKey
        + "\r\nIdempotency-Key: load-" + run + "-" + ZEROES
        + "\r\nContent-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    template = text.getBytes(StandardCharsets.US_ASCII);
    keyOffset = text.indexOf(ZEROES);
    amountOffset = text.indexOf("1000,");
    referenceOffset = text.lastIndexOf(ZEROES);
  }

  @Override
  public int acceptedStatus() {
    return 202;
  }

  @Override
  public ByteBuf newBuffer() {
    return Unpooled.directBuffer(template.length).writeBytes(template);
  }

  /** Amounts run through 10.00 to 99.99. */
  @Override
  public void number(ByteBuf buffer, long number) {
    Digits.write(digits, 0, DIGITS, number);
    buffer.readerIndex(0);
    buffer.setBytes(keyOffset, digits);
    buffer.setBytes(referenceOffset, digits);
    buffer.setByte(amountOffset, '1' + (int) (number % 9));
    buffer.setBytes(amountOffset + 1, digits, DIGITS - 3, 3);
  }
}
