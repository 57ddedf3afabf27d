package dev.millrace.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class AddressPolicyTest {
  private final AddressPolicy policy = new AddressPolicy(false);

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "127.255.255.255", "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1",
      "100.127.255.255", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.0.0.1",
      "192.0.2.1",
      "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
      "255.255.255.255", "::1", "::", "fe80::1", "febf::1", "fec0::1", "fc00::1", "fd12:3456::1", "ff02::1",
      "2001:db8::1", "2001::1", "100::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
      "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::",
      "2002:c0a8:1::1", "::ffff:0:7f00:1", "::ffff:0:a9fe:a9fe", "100:0:0:1::1", "100:0:0:2::", "200::1",
      "1::1",
      "4000::1", "5f00::1", "8000::1", "3fff::1", "2606:4700::5efe:7f00:1", "2606:4700::200:5efe:a00:1",
      "fe00::1", "0:1::1", "64:ff9b:0:1::808:808"})
  void special_refused(String address) throws UnknownHostException {
    assertThat(policy.permits(InetAddress.getByName(address))).isFalse();
    assertThat(new AddressPolicy(true).permits(InetAddress.getByName(address))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.15.255.255",
      "172.32.0.1",
      "169.253.1.1", "192.167.1.1", "198.17.1.1", "198.20.0.1", "11.0.0.1", "223.255.255.255",
      "2606:4700::1111",
      "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1", "::ffff:0:808:808",
      "2606:4700::5efe:808:808"})
  void public_permitted(String address) throws UnknownHostException {
    assertThat(policy.permits(InetAddress.getByName(address))).isTrue();
  }

  /** As it comes off a socket or out of a resolver that does not turn it into an IPv4 address. */
  @Test
  void mapped_asSixteenBytes_isJudgedByTheAddressInside() throws UnknownHostException {
    assertThat(policy.permits(mapped(127, 0, 0, 1))).isFalse();
    assertThat(policy.permits(mapped(192, 168, 1, 1))).isFalse();
    assertThat(policy.permits(mapped(8, 8, 8, 8))).isTrue();
  }

  private static InetAddress mapped(int... octets) throws UnknownHostException {
    var bytes = new byte[16];
    bytes[10] = (byte) 0xff;
    bytes[11] = (byte) 0xff;
    for (int i = 0; i < 4; i++) bytes[12 + i] = (byte) octets[i];
    return Inet6Address.getByAddress(null, bytes, -1);
  }
}
