package dev.millrace.provider.bank;

import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Why a payer's bank sends an ACH debit back.
 *
 * @see <a href="https://www.nacha.org/rules">Nacha Operating Rules, appendix four, return entries</a>
 */
final class AchReturn {
  private static final Map<String, String> REASONS = """
    R01 Insufficient funds
    R02 Account closed
    R03 No account or unable to locate account
    R04 Invalid account number
    R05 Unauthorized debit to a consumer's account by a corporate entry
    R06 Returned at the originating bank's request
    R07 Authorization revoked by the customer
    R08 Payment stopped
    R09 Uncollected funds
    R10 Customer advises that the originator is not known or not authorized
    R11 Customer advises that the entry is not as authorized
    R12 Branch sold to another bank
    R13 Invalid routing number
    R14 Representative payee deceased or unable to act
    R15 Account holder or beneficiary deceased
    R16 Account frozen
    R17 File record edit criteria, or a questionable entry
    R20 Non-transaction account
    R21 Invalid company identification
    R22 Invalid individual identification number
    R23 Credit entry refused by the receiver
    R24 Duplicate entry
    R28 Routing number check digit error
    R29 Corporate customer advises not authorized
    R31 Permissible return entry
    R33 Return of a destroyed check entry
    R34 Limited participation bank
    R37 Source document presented for payment
    R38 Stop payment on the source document
    R39 Improper source document
    R51 Item ineligible or improper
    R61 Misrouted return""".lines()
      .collect(Collectors.toUnmodifiableMap(line -> line.substring(0, 3), line -> line.substring(4)));

  private AchReturn() {}

  /** The meaning of a code; of one that is not in the table, the bank's own words. */
  static String reason(String code, @Nullable String banksWords) {
    String known = REASONS.get(code);
    return known != null ? known : banksWords == null || banksWords.isEmpty() ? "Returned" : banksWords;
  }
}
