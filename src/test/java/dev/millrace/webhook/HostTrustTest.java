package dev.millrace.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class HostTrustTest {
  @ParameterizedTest
  @CsvSource({"my_shop.example.com, my_shop.example.com, true", "*.example.com, my_shop.example.com, true",
      "*.EXAMPLE.com, my_shop.Example.com., true", "*.example.com, a.my_shop.example.com, false",
      "*.example.com, example.com, false", "*.com, my_shop.com, false", "*, my_shop, false",
      "my*.example.com, my_shop.example.com, false", "*.*.com, my_shop.example.com, false",
      "*.example.com, my_shop.example.com.evil.org, false", "*.example.com, my_shop.badexample.com, false",
      "myxshop.example.com, my_shop.example.com, false", "'', my_shop.example.com, false"})
  void name_covers(String name, String host, boolean covers) {
    assertThat(HostTrust.covers(name, host)).isEqualTo(covers);
  }
}
