package dev.millrace.endtoend;

import dev.millrace.testing.Site;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Headers;

/** Seals records as a gateway of the site does, by what is written of it and with the site's own key. */
public final class Seals {
  static final String HEADER = "millrace-seal";

  private Seals() {}

  /** The same record, sealed as an event. */
  public static ProducerRecord<String, byte[]> sealed(Site site, ProducerRecord<String, byte[]> record) {
    var headers = record.headers();
    String name = record.key() + "\n" + text(headers, "ce_type") + "\n" + text(headers, "ce_version") + "\n"
        + text(headers, "traceparent");
    byte[] value = record.value() == null ? new byte[0] : record.value();
    headers.remove(HEADER);
    headers.add(HEADER, seal(site, 'e', name, value));
    return record;
  }

  private static String text(Headers headers, String name) {
    var header = headers.lastHeader(name);
    return header == null || header.value() == null
        ? null
        : new String(header.value(), StandardCharsets.US_ASCII);
  }

  private static byte[] seal(Site site, char purpose, String name, byte[] value) {
    var newest = SiteSql
        .rows(site, "SELECT id, encode(key, 'base64') FROM seal_key ORDER BY id DESC LIMIT 1").getFirst();
    try {
      var key = new SecretKeySpec(Base64.getMimeDecoder().decode(newest.get(1)), "HmacSHA256");
      var mac = Mac.getInstance("HmacSHA256");
      mac.init(key);
      var input = new ByteArrayOutputStream();
      var out = new DataOutputStream(input);
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      out.writeByte(purpose);
      out.writeInt(bytes.length);
      out.write(bytes);
      out.write(value);
      var seal = new ByteArrayOutputStream();
      seal.write(Integer.parseInt(newest.get(0)));
      seal.writeBytes(mac.doFinal(input.toByteArray()));
      return seal.toByteArray();
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalStateException(e);
    }
  }
}
