package dev.millrace.webhook;

import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * Which addresses a delivery may go to: only those of the public Internet, so that nobody can make the
 * gateway call what stands behind its firewall (server-side request forgery). Judges the address that is
 * connected to, not the name, which may resolve to another one every time (DNS rebinding). Of IPv6 only
 * global unicast addresses (2000::/3) are public, but for those that are reserved in it; addresses that carry
 * an IPv4 one are judged by that.
 *
 * @see <a href="https://www.iana.org/assignments/iana-ipv4-special-registry">IANA IPv4 special-purpose
 *   addresses</a>
 * @see <a href="https://www.iana.org/assignments/iana-ipv6-special-registry">IANA IPv6 special-purpose
 *   addresses</a>
 */
public final class AddressPolicy {
  private static final class Block {
    private final byte[] prefix;
    private final int bits;

    Block(byte[] prefix, int bits) {
      this.prefix = prefix;
      this.bits = bits;
    }

    boolean holds(byte[] address) {
      int whole = bits / 8;
      if (address.length != prefix.length
          || !Arrays.equals(address, 0, whole, prefix, 0, whole))
        return false;
      int rest = bits % 8;
      return rest == 0 || (address[whole] ^ prefix[whole]) >> (8 - rest) == 0;
    }
  }

  private static final Block[] REFUSED = blocks("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8",
      "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24",
      "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24",
      "203.0.113.0/24",
      "224.0.0.0/4", "240.0.0.0/4", "2001::/23", "2001:db8::/32", "3fff::/20");
  private static final Block GLOBAL_UNICAST = block("2000::/3");
  /**
   * IPv6 with an IPv4 address in it: mapped, compatible, translated (RFC 2765), NAT64, 6to4, and the
   * interface identifiers of ISATAP (RFC 5214).
   */
  private static final Block MAPPED = block("0:0:0:0:0:ffff:0:0/96");
  private static final Block COMPATIBLE = block("::/96");
  private static final Block TRANSLATED = block("::ffff:0:0:0/96");
  private static final Block NAT64 = block("64:ff9b::/96");
  private static final Block SIX_TO_FOUR = block("2002::/16");

  private final boolean privateAllowed;

  /** {@code privateAllowed}: every address may be called; for trying out, and inside one's own network. */
  public AddressPolicy(boolean privateAllowed) {
    this.privateAllowed = privateAllowed;
  }

  /** Whether every address may be called. */
  public boolean privateAllowed() { return privateAllowed; }

  /** Whether this address may be called. */
  public boolean permits(InetAddress address) {
    return privateAllowed || isPublic(address.getAddress());
  }

  private static boolean isPublic(byte[] address) {
    if (address.length == 16) {
      byte[] last = Arrays.copyOfRange(address, 12, 16);
      if (MAPPED.holds(address) || COMPATIBLE.holds(address) || TRANSLATED.holds(address)
          || NAT64.holds(address))
        return isPublic(last);
      if (!GLOBAL_UNICAST.holds(address) || (isatap(address) && !isPublic(last))) return false;
      if (SIX_TO_FOUR.holds(address)) return isPublic(Arrays.copyOfRange(address, 2, 6));
    }
    for (Block block : REFUSED) if (block.holds(address)) return false;
    return true;
  }

  private static boolean isatap(byte[] address) {
    return (address[8] & 0xfd) == 0 && address[9] == 0 && address[10] == 0x5e && address[11] == (byte) 0xfe;
  }

  private static Block[] blocks(String... texts) {
    return Arrays.stream(texts).map(AddressPolicy::block).toArray(Block[]::new);
  }

  private static Block block(String text) {
    int slash = text.indexOf('/');
    try {
      InetAddress address = InetAddress.getByName(text.substring(0, slash));
      byte[] bytes = address.getAddress();
      // The JDK turns a mapped address into the IPv4 one inside.
      if (address instanceof Inet4Address && text.indexOf(':') >= 0) {
        var mapped = new byte[16];
        mapped[10] = (byte) 0xff;
        mapped[11] = (byte) 0xff;
        System.arraycopy(bytes, 0, mapped, 12, 4);
        bytes = mapped;
      } else if (!(address instanceof Inet4Address || address instanceof Inet6Address)) {
        throw new IllegalStateException(text);
      }
      return new Block(bytes, Integer.parseInt(text.substring(slash + 1)));
    } catch (UnknownHostException e) {
      throw new IllegalStateException("a literal address cannot be unknown: " + text, e);
    }
  }
}
