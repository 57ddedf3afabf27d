package dev.millrace.documents;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers are the same but for what every run makes anew. */
class DocumentedAnswerTest {
  private static final String PAYMENT = "{\"id\":\"pay_01m8n3x13zezpan09dfmaccwa1\",\"status\":\"settled\","
      + "\"created\":1796005069,\"amount\":1999}";

  @Test
  void json_ofAnotherRun_isTheSame() {
    assertThat(DocumentedAnswer.json("{\"id\":\"pay_01m8n3x6s9ezs9tman958hedm0\",\n \"status\":\"settled\", "
        + "\"created\":1796005999,\"amount\":1999}")).isEqualTo(DocumentedAnswer.json(PAYMENT));
  }

  @ParameterizedTest
  @CsvSource({"settled,confirmed", "status,state", "1999,1998", "pay_,ref_", "'{','{\"more\":1,'"})
  void json_thatSaysSomethingElse_isNot(String said, String says) {
    String other = PAYMENT.replace(said, says);
    assertThat(other).isNotEqualTo(PAYMENT);
    assertThat(DocumentedAnswer.json(other)).isNotEqualTo(DocumentedAnswer.json(PAYMENT));
  }

  @Test
  void json_thatIsNone_isRefused() {
    assertThatThrownBy(() -> DocumentedAnswer.json("404 page not found")).hasMessageContaining("not JSON");
  }

  @Test
  void http_isComparedByStatusHeadersAndBody() {
    String http = "HTTP/1.1 201 Created\r\nRequest-Id: req_01m8n3x094eve95ypy49g0c2b9\r\n\r\n" + PAYMENT;
    assertThat(DocumentedAnswer.text(http.replace("4eve95", "4eve96")))
        .isEqualTo(DocumentedAnswer.text(http));
    assertThat(DocumentedAnswer.text(http.replace("201 Created", "202 Accepted")))
        .isNotEqualTo(DocumentedAnswer.text(http));
    assertThat(DocumentedAnswer.text(http.replace("Request-Id", "Request")))
        .isNotEqualTo(DocumentedAnswer.text(http));
    assertThat(DocumentedAnswer.text(http.replace("settled", "declined")))
        .isNotEqualTo(DocumentedAnswer.text(http));
  }

  @Test
  void lines_areComparedInTheirOrder() {
    assertThat(DocumentedAnswer.text("a\nb\n")).isEqualTo(DocumentedAnswer.text("a  \nb"));
    assertThat(DocumentedAnswer.text("b\na\n")).isNotEqualTo(DocumentedAnswer.text("a\nb"));
    assertThat(DocumentedAnswer.text("a\n")).isNotEqualTo(DocumentedAnswer.text("a\nb"));
  }
}
