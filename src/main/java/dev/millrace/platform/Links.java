package dev.millrace.platform;

/** Addresses of this gateway as others see it. */
public final class Links {
  /** The path to which payers come back from a provider's page, followed by its payment's id and token. */
  public static final String RETURN_PATH = "/return/";

  private Links() {}

  /** Where merchants and payers reach the API, without a slash at the end. */
  public static String api(Config config) {
    String url = config.text("api.public-url");
    if (!url.isEmpty()) return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
    String host = config.text("api.host");
    return (config.text("api.tls-certificate").isEmpty() ? "http://" : "https://")
        + (host.contains(":") ? "[" + host + "]" : host) + ":" + config.port("api.port");
  }

  /** Where payers come back to, to be followed by the payment's id and token. */
  public static String returns(Config config) {
    return api(config) + RETURN_PATH;
  }
}
