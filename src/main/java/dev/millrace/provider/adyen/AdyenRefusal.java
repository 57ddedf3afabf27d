package dev.millrace.provider.adyen;

import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Adyen's refusal reasons, and whether another provider may accept what Adyen refused so: where the acquirer
 * failed or did not reach the issuer. What the issuer, the cardholder or a fraud check refused is refused for
 * good, as is every reason that is not in the table.
 *
 * @param code {@code refusalReasonCode}
 * @param reason {@code refusalReason}, in Adyen's words
 * @see <a href="https://docs.adyen.com/development-resources/refusal-reasons">Adyen, refusal reasons</a>
 */
record AdyenRefusal(String code, String reason, boolean elsewhere) {

  /** {@code >}: an error on the acquirer's end; the issuer out of its reach; never submitted by it. */
  private static final String TABLE = """
      2  Refused
      3  Referral
    > 4  Acquirer Error
      5  Blocked Card
      6  Expired Card
      7  Invalid Amount
      8  Invalid Card Number
    > 9  Issuer Unavailable
      10 Not supported
      11 3D Not Authenticated
      12 Not enough balance
      14 Acquirer Fraud
      15 Cancelled
      16 Shopper Cancelled
      17 Invalid Pin
      18 Pin tries exceeded
      19 Pin validation not possible
      20 FRAUD
    > 21 Not Submitted
      22 FRAUD-CANCELLED
      23 Transaction Not Permitted
      24 CVC Declined
      25 Restricted Card
      26 Revocation Of Auth
      27 Declined Non Generic
      28 Withdrawal amount exceeded
      29 Withdrawal count exceeded
      31 Issuer Suspected Fraud
      32 AVS Declined
      33 Card requires online pin
      34 No checking account available on Card
      35 No savings account available on Card
      36 Mobile pin required
      37 Contactless fallback
      38 Authentication required
      39 RReq not received from DS
      40 Current AID is in Penalty Box
      41 CVM Required Restart Payment
      42 3DS Authentication Error
      43 Online PIN required
      44 Try another interface
      45 Chip downgrade mode
      46 Transaction blocked by Adyen to prevent excessive retry fees""";

  private static final Map<String, AdyenRefusal> BY_CODE = TABLE.lines().map(AdyenRefusal::parse)
      .collect(Collectors.toMap(AdyenRefusal::code, Function.identity()));
  private static final Map<String, AdyenRefusal> BY_REASON = BY_CODE.values().stream()
      .collect(Collectors.toMap(r -> r.reason.toLowerCase(Locale.ROOT), Function.identity()));

  private static AdyenRefusal parse(String line) {
    String[] words = line.replace('>', ' ').trim().split(" +", 2);
    return new AdyenRefusal(words[0], words[1], line.indexOf('>') >= 0);
  }

  /** By the code, which the answer has; else by the words, which are all that a notification has. */
  static @Nullable AdyenRefusal of(@Nullable String code, @Nullable String reason) {
    AdyenRefusal known = code == null ? null : BY_CODE.get(code);
    return known != null || reason == null ? known : BY_REASON.get(reason.toLowerCase(Locale.ROOT));
  }

  static Iterable<AdyenRefusal> all() { return BY_CODE.values(); }

  /** {@code not_enough_balance}: how merchants see it. */
  String declineCode() {
    return reason.toLowerCase(Locale.ROOT).replace(' ', '_').replace('-', '_');
  }
}
