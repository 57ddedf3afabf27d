package dev.millrace.platform;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Addresses and networks in CIDR notation (RFC 4632, RFC 4291), 192.0.2.7 or 10.0.0.0/8 for example. */
public final class Networks {
  /** None. */
  public static final Networks NONE = new Networks(List.of());

  private final List<IpSubnetFilterRule> rules;

  private Networks(List<IpSubnetFilterRule> rules) { this.rules = rules; }

  /** An {@link IllegalArgumentException} names the text that is no network. */
  public static Networks of(List<String> networks) {
    var rules = new ArrayList<IpSubnetFilterRule>(networks.size());
    for (String network : networks) rules.add(rule(network));
    return rules.isEmpty() ? NONE : new Networks(rules);
  }

  private static IpSubnetFilterRule rule(String network) {
    try {
      int slash = network.indexOf('/');
      String address = slash < 0 ? network : network.substring(0, slash);
      InetAddress known = NetUtil.createInetAddressFromIpAddressString(address);
      int bits = slash < 0
          ? known.getAddress().length * 8
          : Integer.parseInt(network.substring(slash + 1));
      return new IpSubnetFilterRule(known, bits, IpFilterRuleType.ACCEPT);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(network, e);
    }
  }

  public boolean isEmpty() { return rules.isEmpty(); }

  /** Whether one of them has it. */
  public boolean contain(InetAddress address) {
    var socket = new InetSocketAddress(address, 0);
    return rules.stream().anyMatch(rule -> rule.matches(socket));
  }

  /** The same for what may be no address. */
  public boolean contain(String address) {
    InetAddress known = address(address);
    return known != null && contain(known);
  }

  /** Of a text, without asking anybody for a name; null when it is no address. */
  public static @Nullable InetAddress address(String text) {
    return text.isEmpty() ? null : NetUtil.createInetAddressFromIpAddressString(text);
  }
}
