package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What of a URL is read, and of one that is none, which part is said to be wrong. */
final class HttpUrlTest {
  private static HttpUrl url(String text) {
    assertThat(HttpUrl.read(text)).as(text).isInstanceOf(HttpUrl.class);
    return (HttpUrl) HttpUrl.read(text);
  }

  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {
      "https://shop.example, true, shop.example, 443, /",
      "http://shop.example, false, shop.example, 80, /",
      "https://my_shop.example.com/h, true, my_shop.example.com, 443, /h",
      "https://_acme.my_shop_.example/, true, _acme.my_shop_.example, 443, /",
      "HTTPS://Shop.Example/H, true, shop.example, 443, /H",
      "hTTp://MY_SHOP:8080/h?A=B, false, my_shop, 8080, /h?A=B",
      "https://shop.example:/a, true, shop.example, 443, /a",
      "https://shop.example:65535, true, shop.example, 65535, /",
      "https://shop.example./a, true, shop.example., 443, /a",
      "https://shop.example?a=b, true, shop.example, 443, /?a=b",
      "https://8.8.8.8/, true, 8.8.8.8, 443, /",
      "https://[2606:4700::1111]:8443/a, true, [2606:4700::1111], 8443, /a",
      "https://[::FFFF:1.2.3.4], true, [::ffff:1.2.3.4], 443, /",
      "https://a--b.xn--bcher-kva.example/%C3%BC, true, a--b.xn--bcher-kva.example, 443, /%C3%BC",
      "https://2130706433/, true, 2130706433, 443, /"})
  void url_isTakenApart(String text, boolean https, String host, int port, String target) {
    assertThat(url(text))
        .isEqualTo(new HttpUrl(text, https, null, host, port, target, null));
  }

  @Test
  void userAndFragment_areTold() {
    assertThat(url("https://a:b@shop.example:1/x#y"))
        .isEqualTo(new HttpUrl("https://a:b@shop.example:1/x#y", true, "a:b", "shop.example", 1, "/x", "y"));
    assertThat(url("https://shop.example#y@z").userInfo()).isNull();
    assertThat(url("https://shop.example/a@b").userInfo()).isNull();
    assertThat(url("https://@shop.example/").userInfo()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"https://a.example, https://a.example", "https://a.example:443/b, https://a.example",
      "HTTP://A_B.example:443/b?c, http://a_b.example:443"})
  void origin_isSchemeHostAndPort(String text, String origin) {
    assertThat(url(text).origin()).isEqualTo(origin);
  }

  @ParameterizedTest
  @CsvSource(nullValues = "-", value = {"https://a.example/b?c#d, -", "https://a.example/ü, path",
      "https://a.example/b?ü, query", "https://a.example/b?c#ü, fragment",
      "https://a.example/b#ü?, fragment"})
  void notAscii_isThePart(String text, String part) {
    assertThat(url(text).notAscii()).isEqualTo(part);
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        of("has no scheme", "", "shop.example", "//shop.example", "/h", "1https://shop.example", "://a"),
        of("white space", " https://shop.example", "https://shop.example\n", "https://shop.example/\t"),
        of("has a scheme", "ftp://shop.example", "javascript:alert(1)", "mailto:a@b.c", "file:///etc/passwd",
            "httpss://shop.example", "localhost:8080/h"),
        of("has no host", "https:shop.example", "https:/shop.example", "https://", "https:///h",
            "https://:80/",
            "https://?a", "https://#a", "https://a:b@/h", "https:\\\\shop.example", "http:"),
        of("has a host with characters that are not ASCII", "https://shöp.example", "https://shop。example/",
            "https://shop\u200b.example"),
        of("has a host with a character", "https://shop example/", "https://shop%41.example/",
            "https://sh*p.example", "https://shop,example", "https://a@b\"c/", "https://<shop>/"),
        of("has a host that no name server knows", "https://a..b/", "https://.example/",
            "https://-a.example/",
            "https://a-.example/", "https://" + "a".repeat(64) + ".example/", "https://./"),
        of("has a host of more than 253 characters", "https://" + "abc.".repeat(64) + "example/"),
        of("has a host in brackets", "https://[1.2.3.4]/", "https://[::1/", "https://[]/", "https://[::g]/",
            "https://[fe80::1%25eth0]/", "https://[::1]a:80/"),
        of("has a port", "https://shop.example:0/", "https://shop.example:65536", "https://shop.example:80a/",
            "https://shop.example:-1/", "https://shop.example:99999999999", "https://[::1]:x/",
            "https://a:1:2/"),
        of("has in its user info a character", "https://a b@shop.example/", "https://<a>@shop.example/"),
        of("has in its path a character", "https://shop.example/a b", "https://shop.example/{id}",
            "https://shop.example/a|b", "https://shop.example/\u0000x", "https://shop.example/a\r\nX: y",
            "https://shop.example/[a]", "https://shop.example\\h"),
        of("has in its path a percent sign", "https://shop.example/100%", "https://shop.example/%zz?a=%41"),
        of("has in its query a character", "https://shop.example/?a b", "https://shop.example?a=\"b\"",
            "https://shop.example/h?a=<b>#c"),
        of("has in its query a percent sign", "https://shop.example/?a=%", "https://shop.example/?%4"),
        of("has in its fragment a character", "https://shop.example/#a b", "https://shop.example/?a#b?c d"),
        of("has in its fragment a percent sign", "https://shop.example/#%x"))
        .flatMap(s -> s);
  }

  private static Stream<Arguments> of(String message, String... texts) {
    return Stream.of(texts).map(text -> Arguments.of(text, message));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void other_isRefused_byThePartThatIsWrong(String text, String message) {
    assertThat(HttpUrl.read(text)).as(text).isInstanceOfSatisfying(HttpUrl.Fault.class, fault -> {
      assertThat(fault.message()).contains(message);
      if (text.length() > 20) assertThat(fault.message()).doesNotContain(text);
    });
  }
}
