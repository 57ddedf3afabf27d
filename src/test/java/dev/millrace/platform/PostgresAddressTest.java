package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class PostgresAddressTest {
  @ParameterizedTest
  @CsvSource({"postgresql://db.example:5433/millrace,db.example,5433,millrace",
      "POSTGRES://my_db/pay%20ments,my_db,5432,pay ments", "postgres://u:p@10.0.0.1/m,10.0.0.1,5432,m",
      "postgresql://[::1]:5432/m,[::1],5432,m", "postgresql://millrace_db_1:15432/m,millrace_db_1,15432,m"})
  void address_isRead(String uri, String host, int port, String database) {
    assertThat(PostgresAddress.of(uri)).isEqualTo(new PostgresAddress(host, port, database));
  }

  @ParameterizedTest
  @CsvSource({"localhost,'begins with another scheme, or none'",
      "//db/m,'begins with another scheme, or none'",
      "mysql://db/m,'begins with another scheme, or none'", "postgresql:///m,'has no host, or a wrong one'",
      "postgresql://a b/m,'is no URI: Illegal character in authority'",
      "postgresql://db:0/m,has a port that is no number from 1 to 65535",
      "postgresql://db:70000/m,has a port that is no number from 1 to 65535",
      "postgresql://db:x/m,'has no host, or a wrong one'", "postgresql://db,names no database",
      "postgresql://db/,names no database", "postgresql://db/m?ssl=true,has parameters"})
  void address_thatIsNone_isRefusedWithThePartThatIsWrong(String uri, String fault) {
    assertThatExceptionOfType(ConfigException.class).isThrownBy(() -> PostgresAddress.of(uri))
        .withMessage("`postgres.uri` " + fault + "; write `embedded` or postgresql://host:port/database");
  }
}
