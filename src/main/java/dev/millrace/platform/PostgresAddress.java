package dev.millrace.platform;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a database of Postgres is. A host may hold underscores, as names of containers do; {@link URI} sees
 * no host in those.
 *
 * @param database its name, decoded
 */
record PostgresAddress(String host, int port, String database) {

  private static final int OWN_PORT = 5432;
  private static final int PORT_MAX = 65_535;
  private static final Pattern AUTHORITY = Pattern
      .compile("(?:[^@]*@)?(\\[[0-9A-Fa-f:.]+]|[A-Za-z0-9_.-]+)(?::([0-9]{1,5}))?");

  /**
   * Reads {@code postgresql://host:port/database}; user and password in it are passed over.
   *
   * @throws ConfigException that names the part which is wrong
   */
  static PostgresAddress of(String text) {
    try {
      var uri = new URI(text);
      if (uri.getScheme() == null || !uri.getScheme().matches("(?i)postgres(ql)?"))
        throw wrong("begins with another scheme, or none");
      Matcher authority = AUTHORITY.matcher(String.valueOf(uri.getRawAuthority()));
      if (uri.getRawAuthority() == null || !authority.matches()) throw wrong("has no host, or a wrong one");
      int port = authority.group(2) == null ? OWN_PORT : Integer.parseInt(authority.group(2));
      if (port < 1 || port > PORT_MAX) throw wrong("has a port that is no number from 1 to " + PORT_MAX);
      if (uri.getPath().length() < 2) throw wrong("names no database");
      if (uri.getQuery() != null) throw wrong("has parameters");
      return new PostgresAddress(authority.group(1), port, uri.getPath().substring(1));
    } catch (URISyntaxException e) {
      throw wrong("is no URI: " + e.getReason());
    }
  }

  private static ConfigException wrong(String what) {
    return new ConfigException(
        "`postgres.uri` " + what + "; write `embedded` or postgresql://host:port/database");
  }
}
