package dev.millrace.load;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.asLongAs;
import static io.gatling.javaapi.core.CoreDsl.constantUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.details;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.jsonPath;
import static io.gatling.javaapi.core.CoreDsl.percent;
import static io.gatling.javaapi.core.CoreDsl.rampUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import io.gatling.javaapi.core.ChainBuilder;
import io.gatling.javaapi.core.ScenarioBuilder;
import io.gatling.javaapi.core.Simulation;
import io.gatling.javaapi.http.HttpProtocolBuilder;
import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Payments as merchants send them: users arrive at a rate that does not care how the gateway is doing (open
 * model), each creates one payment, and one in a hundred follows it until it is settled and reads its
 * timeline. System properties: `rate` (payments a second), `seconds`, `baseUrl`, `key`, `p99Ms` (bound on
 * creating one, ms).
 */
public final class PaymentSimulation extends Simulation {
  private static final double RATE = Double.parseDouble(System.getProperty("rate", "500"));
  private static final int SECONDS = Integer.getInteger("seconds", 60);
  private static final String BASE_URL = System.getProperty("baseUrl", "http://127.0.0.1:8080");
  private static final String KEY = System.getProperty("key", "sk_test_millrace");
  private static final int P99_MS_MAX = Integer.getInteger("p99Ms", 250);
  private static final double FOLLOWED_PERCENT = 1;
  private static final int POLLS_MAX = 60;

  private final HttpProtocolBuilder protocol = http.baseUrl(BASE_URL).shareConnections()
      .header("Authorization", "Bearer " + KEY).acceptHeader("application/json")
      .contentTypeHeader("application/json");

  private final ChainBuilder create = exec(
      session -> session.set("key", UUID.randomUUID().toString()).set("amount",
          ThreadLocalRandom.current().nextInt(1000, 10_000)))
      .exec(http("create payment").post("/v1/payments").header("Idempotency-Key", "#{key}").body(StringBody(
          """
            {"amount":#{amount},"currency":"usd","payment_method":"pm_card_visa","reference":"gatling-#{key}"}"""))
          .check(status().is(202), jsonPath("$.id").saveAs("id")))
      .exitHereIfFailed();

  private final ChainBuilder follow = asLongAs(
      session -> !"settled".equals(session.getString("status")) && session.getInt("poll") < POLLS_MAX, "poll")
      .on(
          exec(http("read payment").get("/v1/payments/#{id}")
              .check(status().is(200), jsonPath("$.status").saveAs("status")))
              .pause(Duration.ofMillis(500)))
      .exec(http("read settled payment").get("/v1/payments/#{id}")
          .check(status().is(200), jsonPath("$.status").is("settled")))
      .exec(http("read timeline").get("/v1/payments/#{id}/timeline").check(status().is(200)));

  private final ScenarioBuilder payments = scenario("payments").exec(create)
      .randomSwitch().on(percent(FOLLOWED_PERCENT).then(follow));

  public PaymentSimulation() {
    Generator.loopback(URI.create(BASE_URL));
    setUp(payments.injectOpen(rampUsersPerSec(1).to(RATE).during(Math.max(1, SECONDS / 4)),
        constantUsersPerSec(RATE).during(SECONDS))).protocols(protocol)
        .maxDuration(SECONDS + SECONDS / 4 + 2 * POLLS_MAX)
        .assertions(global().failedRequests().percent().lt(0.1),
            details("create payment").responseTime().percentile(99.0).lt(P99_MS_MAX));
  }
}
