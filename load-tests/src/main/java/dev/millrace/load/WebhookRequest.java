package dev.millrace.load;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.InstantSource;
import java.util.HexFormat;
import javax.crypto.Mac;
import javax.crypto.ShortBufferException;
import javax.crypto.spec.SecretKeySpec;

/**
 * `POST /webhooks/stripe/default` as bytes: a `payment_intent.succeeded` event, signed as it is sent. One
 * event differs from the next only in the digits of its id and its intent's ids, the timestamp and the hex of
 * the signature, which {@link #number} writes in place: no allocation per request. Never the same event
 * twice.
 *
 * @see <a href="https://docs.stripe.com/webhooks#verify-manually">Stripe, verify webhook signatures</a>
 */
final class WebhookRequest implements Request {
  static final String SECRET = "whsec_simulator";
  private static final int SECONDS_DIGITS = 10;
  private static final int SIGNATURE_BYTES = 32;
  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private final InstantSource clock;
  private final Mac mac;
  private final byte[] template;
  private final int timestampOffset;
  private final int signatureOffset;
  private final int bodyOffset;
  private final int[] idOffsets;
  /** What is signed: `<timestamp>.<body>`. */
  private final byte[] signed;
  private final byte[] digest = new byte[SIGNATURE_BYTES];
  private final byte[] hex = new byte[2 * SIGNATURE_BYTES];

  /** Its events are different from those of every other run; `host` as in the header. */
  WebhookRequest(String host, String secret, InstantSource clock) {
    this.clock = clock;
    mac = mac(secret);
    var body = StripeEvent.template(clock.millis());
    var head = "POST /webhooks/stripe/default HTTP/1.1\r\nHost: " + host
        + "\r\nUser-Agent: Stripe/1.0 (+https://stripe.com/docs/webhooks)\r\nAccept: */*"
        + "\r\nContent-Type: application/json; charset=utf-8\r\nStripe-Signature: t="
        + "0".repeat(SECONDS_DIGITS) + ",v1=" + HexFormat.of().formatHex(digest) + "\r\nContent-Length: "
        + body.length() + "\r\n\r\n";
    template = (head + body).getBytes(StandardCharsets.US_ASCII);
    timestampOffset = head.indexOf("Signature: t=") + 13;
    signatureOffset = head.indexOf(",v1=") + 4;
    bodyOffset = head.length();
    idOffsets = StripeEvent.numberOffsets(body);
    signed = ("0".repeat(SECONDS_DIGITS) + "." + body).getBytes(StandardCharsets.US_ASCII);
  }

  private static Mac mac(String secret) {
    try {
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(secret.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      return mac;
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("this JDK has no HmacSHA256", e);
    }
  }

  @Override
  public int acceptedStatus() {
    return 200;
  }

  @Override
  public ByteBuf newBuffer() {
    return Unpooled.directBuffer(template.length).writeBytes(template);
  }

  @Override
  public void number(ByteBuf buffer, long number) {
    Digits.write(signed, 0, SECONDS_DIGITS, clock.millis() / 1000);
    for (int offset : idOffsets) {
      Digits.write(signed, SECONDS_DIGITS + 1 + offset, StripeEvent.DIGITS, number);
    }
    sign();
    buffer.readerIndex(0);
    buffer.setBytes(timestampOffset, signed, 0, SECONDS_DIGITS);
    buffer.setBytes(signatureOffset, hex);
    for (int offset : idOffsets) {
      buffer.setBytes(bodyOffset + offset, signed, SECONDS_DIGITS + 1 + offset, StripeEvent.DIGITS);
    }
  }

  private void sign() {
    mac.update(signed);
    try {
      mac.doFinal(digest, 0);
    } catch (ShortBufferException impossible) {
      throw new IllegalStateException(impossible);
    }
    for (int i = 0; i < SIGNATURE_BYTES; i++) {
      hex[2 * i] = HEX[(digest[i] & 0xf0) >> 4];
      hex[2 * i + 1] = HEX[digest[i] & 0x0f];
    }
  }
}
