package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ServersTest {
  private static Servers with(String variable, String value) {
    return new Servers(Config.load(Map.of(variable, value)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"redis://redis.example:6379", "rediss://10.0.0.1", "redis://[::1]:6379/1"})
  void redisUri_isTakenAsItIs(String uri) {
    assertThat(with("MILLRACE_REDIS_URI", uri).redisUri()).isEqualTo(uri);
    assertThat(with("MILLRACE_REDIS_URI", uri.replace("redis:", "REDIS:").replace("rediss:", "Rediss:"))
        .redisUri()).as("the scheme in any letters").isEqualTo(uri);
  }

  /** The client reads no host in these, and would go to localhost. */
  @ParameterizedTest
  @ValueSource(strings = {"redis://my_redis:6379", "redis:///1", "redis://", "redis://a b/"})
  void redisUri_withoutAHostThatTheClientReads_isRefused(String uri) {
    assertThatExceptionOfType(ConfigException.class)
        .isThrownBy(() -> with("MILLRACE_REDIS_URI", uri).redisUri())
        .withMessage(
            "`redis.uri` has no host, or one that the Redis client cannot read, as with an underscore:"
                + " give it another name, or its address");
  }

  @Test
  void postgres_onAHostWithAnUnderscore_isReached() {
    var servers = with("MILLRACE_POSTGRES_URI", "postgresql://my_db:5433/pay");
    assertThat(servers.jdbcUrl()).isEqualTo("jdbc:postgresql://my_db:5433/pay");
    var options = servers.postgres();
    assertThat(options.getHost() + " " + options.getPort() + " " + options.getDatabase())
        .isEqualTo("my_db 5433 pay");
  }
}
