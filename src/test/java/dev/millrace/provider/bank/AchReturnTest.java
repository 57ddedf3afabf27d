package dev.millrace.provider.bank;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class AchReturnTest {
  @ParameterizedTest
  @CsvSource(delimiter = '|', textBlock = """
    R01 | Insufficient funds
    R02 | Account closed
    R03 | No account or unable to locate account
    R04 | Invalid account number
    R05 | Unauthorized debit to a consumer's account by a corporate entry
    R06 | Returned at the originating bank's request
    R07 | Authorization revoked by the customer
    R08 | Payment stopped
    R09 | Uncollected funds
    R10 | Customer advises that the originator is not known or not authorized
    R11 | Customer advises that the entry is not as authorized
    R12 | Branch sold to another bank
    R13 | Invalid routing number
    R14 | Representative payee deceased or unable to act
    R15 | Account holder or beneficiary deceased
    R16 | Account frozen
    R17 | File record edit criteria, or a questionable entry
    R20 | Non-transaction account
    R21 | Invalid company identification
    R22 | Invalid individual identification number
    R23 | Credit entry refused by the receiver
    R24 | Duplicate entry
    R28 | Routing number check digit error
    R29 | Corporate customer advises not authorized
    R31 | Permissible return entry
    R33 | Return of a destroyed check entry
    R34 | Limited participation bank
    R37 | Source document presented for payment
    R38 | Stop payment on the source document
    R39 | Improper source document
    R51 | Item ineligible or improper
    R61 | Misrouted return
    """)
  void reason_ofACode(String code, String reason) {
    assertThat(AchReturn.reason(code, "other words")).isEqualTo(reason);
  }

  @Test
  void reason_ofAnotherCode_isTheBanksOwn() {
    assertThat(AchReturn.reason("R99", "Something new")).isEqualTo("Something new");
    assertThat(AchReturn.reason("R99", "")).isEqualTo("Returned");
    assertThat(AchReturn.reason("", null)).isEqualTo("Returned");
  }
}
