package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.webhook.AddressPolicy;
import io.vertx.core.json.JsonObject;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which URLs a webhook endpoint may have, where private addresses are refused and where they are not. */
class EndpointSettingsTest {
  private static void read(boolean privateAllowed, String url) {
    var fields = BodyFields.of(new JsonObject().put("url", url).toBuffer(), EndpointSettings.FIELDS);
    var named = new EndpointSettings(new AddressPolicy(privateAllowed)).read(fields);
    fields.check();
    assertThat(named.url()).hasToString(url);
  }

  @ParameterizedTest
  @ValueSource(strings = {"https://shop.example", "https://shop.example:8443/a?b=c", "https://8.8.8.8/",
      "https://[2606:4700::1111]/", "https://localhost.example/", "https://10.shop.example/",
      "https://my_shop.example.com/h", "HTTPS://Shop.Example/h", "https://SHOP.example:/h"})
  void url_public_isTaken(String url) {
    read(false, url);
    read(true, url);
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://shop.example", "https://127.0.0.1/", "https://10.0.0.1:8443/",
      "https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[::ffff:127.0.0.1]/",
      "https://[fe80::1]/", "https://0.0.0.0/", "https://[64:ff9b::a00:1]/"})
  void url_privateOrPlain_isTakenOnlyWherePrivateAddressesAre(String url) {
    assertThatThrownBy(() -> read(false, url)).isInstanceOf(ProblemException.class);
    read(true, url);
  }

  @ParameterizedTest
  @CsvSource(quoteCharacter = '`', value = {
      "https://a:b@shop.example/, has a user or a password before its host",
      "https://shop.example/#a, has a fragment", "https://shop.example/ü, has characters in its path",
      "https://shop.example/?ü, has characters in its query", "http://shop.example/, has the scheme http.",
      "HTTP://Shop.Example/, has the scheme http.", "ftp://shop.example/, has a scheme that is neither",
      "https://shop.example:0/, has a port", "https://127.0.0.1/, has a host that is a private",
      "https://[::1]/, has a host that is a private", "https://0x7f.1/, has a host whose last part",
      "https://[1.2.3.4]/, has a host in brackets", "shop.example, has no scheme",
      "https:///h, has no host", "https://shop.example/{id}, has in its path a character"})
  void url_refused_namesThePart(String url, String message) {
    ProblemException refusal = catchThrowableOfType(ProblemException.class, () -> read(false, url));
    assertThat(refusal.problem().errors()).extracting(Problem.FieldError::param).containsExactly("url");
    assertThat(refusal.problem().message()).startsWith("`url` " + message);
  }

  /** Forms that some resolvers take for an address. */
  @ParameterizedTest
  @ValueSource(strings = {"https://2130706433/", "https://127.1/", "https://0x7f.1/", "https://0x7f000001/",
      "https://127.0.0.1.:80/", "https://0177.0.0.1/", "https://0x7f000001:80/", "https://a.0x1/",
      "https://1.2.3.4.5/"})
  void url_ofAddressInAnotherForm_isRefused(String url) {
    assertThatThrownBy(() -> read(false, url)).isInstanceOf(ProblemException.class);
    assertThatThrownBy(() -> read(true, url)).isInstanceOf(ProblemException.class);
  }
}
