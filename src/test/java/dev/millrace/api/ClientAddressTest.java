package dev.millrace.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.platform.ConfigException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ClientAddressTest {
  /** What anybody can write stands before what our proxies wrote: it is not believed. */
  @ParameterizedTest
  @CsvSource(delimiter = '|', nullValues = "-", textBlock = """
    203.0.113.7 | 198.51.100.1                          | 203.0.113.7
    10.1.2.3    | -                                     | 10.1.2.3
    10.1.2.3    | 198.51.100.1                          | 198.51.100.1
    10.1.2.3    | 192.0.2.9, 198.51.100.1               | 198.51.100.1
    10.1.2.3    | 192.0.2.9, 198.51.100.1, 10.9.9.9     | 198.51.100.1
    10.1.2.3    | 192.0.2.9; 198.51.100.1 ; 10.9.9.9    | 198.51.100.1
    10.1.2.3    | 10.7.7.7                              | 10.7.7.7
    10.1.2.3    | 198.51.100.1:4711                     | 198.51.100.1
    10.1.2.3    | [2001:db8::1]:4711                    | 2001:db8:0:0:0:0:0:1
    10.1.2.3    | 198.51.100.1, nonsense                | 10.1.2.3
    10.1.2.3    | 198.51.100.1, localhost               | 10.1.2.3
    10.1.2.3    | 198.51.100.1,                         | 10.1.2.3
    fd00:0:0:0:0:0:0:5 | 198.51.100.1                   | 198.51.100.1
    11.1.2.3    | 198.51.100.1                          | 11.1.2.3
    192.0.2.200 | 198.51.100.1                          | 198.51.100.1
    192.0.2.201 | 198.51.100.1                          | 192.0.2.201
    """)
  void address_isTheLastThatIsNoProxyOfOurs(String peer, String forwarded, String expected) {
    var addresses = new ClientAddress("x", List.of("10.0.0.0/8", "fd00::/8", "192.0.2.200"));
    var values = forwarded == null ? List.<String>of() : Arrays.asList(forwarded.split("; ?"));
    assertThat(addresses.of(peer, values)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(strings = {"proxy.example", "10.0.0.0/33", "10.0.0.0/x", "", "10.0.0"})
  void proxy_thatIsNoAddress_isRefused(String proxy) {
    assertThatThrownBy(() -> new ClientAddress("api.trusted-proxies", List.of(proxy)))
        .isInstanceOf(ConfigException.class).hasMessageContaining("`api.trusted-proxies`");
  }
}
