package dev.millrace.provider.adyen;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against Adyen's public list of refusal reasons, written down a second time. */
final class AdyenRefusalTest {
  @ParameterizedTest
  @CsvSource(textBlock = """
    2,Refused,refused,false
    3,Referral,referral,false
    4,Acquirer Error,acquirer_error,true
    5,Blocked Card,blocked_card,false
    6,Expired Card,expired_card,false
    7,Invalid Amount,invalid_amount,false
    8,Invalid Card Number,invalid_card_number,false
    9,Issuer Unavailable,issuer_unavailable,true
    10,Not supported,not_supported,false
    11,3D Not Authenticated,3d_not_authenticated,false
    12,Not enough balance,not_enough_balance,false
    14,Acquirer Fraud,acquirer_fraud,false
    15,Cancelled,cancelled,false
    16,Shopper Cancelled,shopper_cancelled,false
    17,Invalid Pin,invalid_pin,false
    18,Pin tries exceeded,pin_tries_exceeded,false
    19,Pin validation not possible,pin_validation_not_possible,false
    20,FRAUD,fraud,false
    21,Not Submitted,not_submitted,true
    22,FRAUD-CANCELLED,fraud_cancelled,false
    23,Transaction Not Permitted,transaction_not_permitted,false
    24,CVC Declined,cvc_declined,false
    25,Restricted Card,restricted_card,false
    26,Revocation Of Auth,revocation_of_auth,false
    27,Declined Non Generic,declined_non_generic,false
    28,Withdrawal amount exceeded,withdrawal_amount_exceeded,false
    29,Withdrawal count exceeded,withdrawal_count_exceeded,false
    31,Issuer Suspected Fraud,issuer_suspected_fraud,false
    32,AVS Declined,avs_declined,false
    33,Card requires online pin,card_requires_online_pin,false
    34,No checking account available on Card,no_checking_account_available_on_card,false
    35,No savings account available on Card,no_savings_account_available_on_card,false
    36,Mobile pin required,mobile_pin_required,false
    37,Contactless fallback,contactless_fallback,false
    38,Authentication required,authentication_required,false
    39,RReq not received from DS,rreq_not_received_from_ds,false
    40,Current AID is in Penalty Box,current_aid_is_in_penalty_box,false
    41,CVM Required Restart Payment,cvm_required_restart_payment,false
    42,3DS Authentication Error,3ds_authentication_error,false
    43,Online PIN required,online_pin_required,false
    44,Try another interface,try_another_interface,false
    45,Chip downgrade mode,chip_downgrade_mode,false
    46,Transaction blocked by Adyen to prevent excessive retry fees,transaction_blocked_by_adyen_to_prevent_excessive_retry_fees,false
    """)
  void refusal_byCodeAndByWords(String code, String reason, String declineCode, boolean elsewhere) {
    var refusal = new AdyenRefusal(code, reason, elsewhere);
    assertThat(AdyenRefusal.of(code, null)).isEqualTo(refusal);
    assertThat(AdyenRefusal.of(null, reason)).isEqualTo(refusal);
    assertThat(AdyenRefusal.of(null, reason.toUpperCase(java.util.Locale.ROOT))).isEqualTo(refusal);
    assertThat(AdyenRefusal.of(code, "in other words")).isEqualTo(refusal);
    assertThat(Objects.requireNonNull(AdyenRefusal.of(code, null)).declineCode()).isEqualTo(declineCode);
  }

  @Test
  void table_hasNoOthers() {
    assertThat(StreamSupport.stream(AdyenRefusal.all().spliterator(), false)).hasSize(43);
    assertThat(AdyenRefusal.of("1", null)).isNull();
    assertThat(AdyenRefusal.of(null, "A new one")).isNull();
    assertThat(AdyenRefusal.of(null, null)).isNull();
  }
}
