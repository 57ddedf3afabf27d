package dev.millrace.platform;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;

/**
 * The gauge {@code millrace.tls.expiry.seconds}, of every certificate that a setting names: how long it is
 * still good, by its file as it is when the gauge is read; negative once it is over.
 */
public final class CertificateExpiry {
  private static final List<String> SETTINGS = List.of("api.tls-certificate", "api.tls-client-ca",
      "ops.tls-certificate", "ops.tls-client-ca", "postgres.tls-ca", "postgres.tls-certificate",
      "redis.tls-ca", "redis.tls-certificate", "kafka.tls-ca", "kafka.tls-certificate");

  private CertificateExpiry() {}

  public static void show(Config config, InstantSource clock, MeterRegistry registry) {
    for (String setting : SETTINGS) {
      String path = config.text(setting);
      if (path.isEmpty()) continue;
      Gauge.builder("millrace.tls.expiry.seconds", () -> seconds(setting, path, clock))
          .tag("certificate", setting).register(registry);
    }
  }

  private static double seconds(String setting, String path, InstantSource clock) {
    try {
      return Duration.between(clock.instant(), PemFiles.certificate(setting, path).getNotAfter().toInstant())
          .toSeconds();
    } catch (ConfigException e) {
      return Double.NaN; // It is being replaced, or gone: then the next start says so.
    }
  }
}
