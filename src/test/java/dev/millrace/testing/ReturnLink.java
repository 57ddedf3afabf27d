package dev.millrace.testing;

import dev.millrace.platform.TypeId;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Where a provider sends a payer back to, as only the provider and the site's owner know it. */
public final class ReturnLink {
  private ReturnLink() {}

  /** The path, from a payment's id. */
  public static String path(Site site, String payment) {
    String key = site.query("SELECT encode(key, 'base64') FROM event_id_key", rows -> {
      rows.next();
      return rows.getString(1);
    });
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Base64.getMimeDecoder().decode(key), "HmacSHA256"));
      byte[] whole = mac.doFinal(("return/" + payment).getBytes(StandardCharsets.US_ASCII));
      return "/return/" + payment + "/"
          + Base64.getUrlEncoder().withoutPadding().encodeToString(Arrays.copyOf(whole, 16));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Of a payment that is none. */
  public static String ofNobody(Site site) {
    return path(site, TypeId.format(TypeId.PAYMENT, new UUID(0, 1)));
  }
}
