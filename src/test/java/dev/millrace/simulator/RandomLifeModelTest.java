package dev.millrace.simulator;

import static dev.millrace.simulator.RunningSimulator.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.simulator.book.Wire;
import io.vertx.core.json.JsonObject;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Thousands of seeded operations on all wires, many sent twice or three times at once or again much later,
 * with restarts in between: the book comes to what a plain model of the same operations comes to.
 */
class RandomLifeModelTest extends SimulatorTestBase {
  private static final int OPERATIONS = 1_500;
  private static final int RESTART_EVERY = 500;

  private Random dice;
  private int keys;
  private final List<ModelPayment> payments = new ArrayList<>();
  private final List<Call> calls = new ArrayList<>();

  /** A call that moves money, as it can be sent again. */
  private record Call(String key, String path, String type, String body, int status, String answer) {}

  @ParameterizedTest
  @ValueSource(longs = {1, 20_26, 777_777})
  void book_comesToWhatTheModelComesTo(long seed) throws Exception {
    dice = new Random(seed);
    for (int i = 1; i <= OPERATIONS; i++) {
      operate();
      if (i % RESTART_EVERY == 0) {
        assertBookIsTheModel();
        restart();
        assertBookIsTheModel();
      }
    }
  }

  private void operate() throws Exception {
    int what = dice.nextInt(100);
    if (payments.isEmpty() || what < 25) {
      begin(Wire.values()[dice.nextInt(3)]);
      return;
    }
    ModelPayment payment = payments.get(payments.size() - 1 - dice.nextInt(Math.min(payments.size(), 30)));
    long amount = 1 + dice.nextInt(700);
    if (what < 45) {
      if (payment.wire != Wire.BANK) {
        modify(payment, "capture", amount, payment.capture(amount));
      }
    } else if (what < 52) {
      modify(payment, "cancel", 0, payment.cancel());
    } else if (what < 72) {
      modify(payment, "refund", amount, payment.refund(amount));
    } else if (what < 80) {
      pass(payment, dice.nextInt(4) > 0);
    } else if (what < 92) {
      byHand(payment, dice.nextInt(4), amount);
    } else if (!calls.isEmpty()) {
      again(calls.get(dice.nextInt(calls.size())));
    }
  }

  private void begin(Wire wire) throws Exception {
    String reference = "ref-" + payments.size();
    int kind = wire == Wire.BANK ? dice.nextInt(5) : dice.nextInt(8);
    boolean manual = wire != Wire.BANK && dice.nextBoolean();
    String status = switch (kind) {
      case 0 -> "declined";
      case 5, 6, 7 -> "requires_action";
      default -> manual ? "authorized" : "succeeded";
    };
    String method = switch (status) {
      case "declined" -> "pm_sim_unavailable";
      case "requires_action" -> "pm_card_authenticationRequired";
      default -> "pm_test_review";
    };
    long amount = 1 + dice.nextInt(1_000);
    JsonObject answer = begun(wire, reference, method, manual, amount, status);
    String id = switch (wire) {
      case STRIPE -> status.equals("declined")
          ? answer.getJsonObject("error").getJsonObject("payment_intent").getString("id")
          : answer.getString("id");
      case ADYEN -> answer.getString("pspReference");
      case BANK -> answer.getString("id", "db_none");
    };
    payments.add(new ModelPayment(wire, reference, id, manual, amount, status));
  }

  private JsonObject begun(Wire wire, String reference, String method, boolean manual, long amount,
      String status) throws Exception {
    boolean declined = status.equals("declined");
    return switch (wire) {
      case STRIPE -> post(reference, "/v1/payment_intents", "form",
          RunningSimulator.form(amount, method, reference)
              + "&return_url=" + URLEncoder.encode("https://shop.example/", StandardCharsets.UTF_8)
              + (manual ? "&capture_method=manual" : ""),
          declined ? 402 : 200);
      case ADYEN -> post(reference, "/adyen/v71/payments", "json", adyen(reference, amount)
          .put("returnUrl", "https://shop.example/")
          .put("paymentMethod", new JsonObject().put("type", "scheme").put("storedPaymentMethodId", method))
          .put("additionalData", new JsonObject().put("manualCapture", String.valueOf(manual))).encode(),
          200);
      case BANK -> post(reference, "/bank/debits", "json", new JsonObject().put("reference", reference)
          .put("amount", amount).put("currency", "usd").put("account_token", method).encode(),
          declined ? 422 : 201);
    };
  }

  private static JsonObject adyen(String reference, long amount) {
    var body = new JsonObject().put("merchantAccount", "MillraceTest").put("reference", reference);
    return amount == 0
        ? body
        : body.put("amount", new JsonObject().put("value", amount).put("currency", "USD"));
  }

  /** {@code good}: whether the provider should carry it out. */
  private void modify(ModelPayment payment, String act, long amount, boolean good) throws Exception {
    String key = act + "-" + keys++;
    switch (payment.wire) {
      case STRIPE -> {
        boolean refund = act.equals("refund");
        String intents = "/v1/payment_intents/" + payment.id + "/" + act;
        String name = refund ? "payment_intent=" + payment.id + "&amount=" : "amount_to_capture=";
        post(key, refund ? "/v1/refunds" : intents, "form", amount == 0 ? "" : name + amount,
            good ? 200 : 400);
      }
      case ADYEN -> post(key, "/adyen/v71/payments/" + payment.id + "/" + act + "s", "json",
          adyen(key, amount).encode(), 201);
      case BANK -> {
        var body = new JsonObject().put("reference", key);
        boolean known = !payment.id.equals("db_none");
        if (act.equals("refund")) {
          post(key, "/bank/credits", "json", body.put("debit", payment.id).put("amount", amount).encode(),
              good ? 201 : known ? 422 : 404);
        } else {
          post(key, "/bank/debits/" + payment.id + "/cancel", "json", body.encode(),
              good ? 200 : known ? 422 : 404);
        }
      }
    }
  }

  private void pass(ModelPayment payment, boolean passed) throws Exception {
    if (!payment.act(passed)) {
      return;
    }
    HttpResponse<String> back = provider.send(provider.request("/3ds/" + payment.id)
        .POST(BodyPublishers.ofString("outcome=" + (passed ? "succeed" : "fail"))).build());
    assertThat(back.statusCode()).isEqualTo(303);
    String location = back.headers().firstValue("location").orElseThrow();
    if (payment.wire == Wire.ADYEN) {
      var details = new JsonObject().put("redirectResult", location.substring(location.indexOf('=') + 1));
      post("details-" + keys++, "/adyen/v71/payments/details", "json",
          new JsonObject().put("details", details).encode(), 200);
    }
  }

  private void byHand(ModelPayment payment, int what, long amount) throws Exception {
    var body = new JsonObject().put("reference", payment.reference);
    boolean won = dice.nextBoolean();
    switch (what) {
      case 0 -> control("/disputes", body.put("amount", amount), payment.dispute(amount));
      case 1 -> {
        // Deciding anew is tried by itself.
        if (payment.disputeOpen() || !payment.disputedOnce()) {
          control("/disputes/close", body.put("outcome", won ? "won" : "lost"), payment.close(won));
        }
      }
      case 2 -> control("/returns", body.put("code", "R01"), payment.giveBack());
      default -> control("/expire", body, payment.expire());
    }
  }

  private void control(String path, JsonObject body, boolean good) throws Exception {
    HttpResponse<String> answer = provider
        .send(provider.request(path).POST(BodyPublishers.ofString(body.encode())).build());
    assertThat(answer.statusCode()).as(path + " " + body).isEqualTo(good ? 200 : 400);
  }

  /** Sends a call, one time in three several times at once, and keeps it to be sent again. */
  private JsonObject post(String key, String path, String type, String body, int status) throws Exception {
    var sent = new ArrayList<CompletableFuture<HttpResponse<String>>>();
    for (int copies = dice.nextInt(3) == 0 ? 3 : 1; copies > 0; copies--) {
      sent.add(provider.sendLater(request(key, path, type, body)));
    }
    HttpResponse<String> done = null;
    for (CompletableFuture<HttpResponse<String>> one : sent) {
      HttpResponse<String> answer = one.get();
      if (answer.statusCode() != 409) {
        assertThat(answer.statusCode()).as(path + " " + body + " " + answer.body()).isEqualTo(status);
        assertThat(done == null ? answer.body() : done.body()).isEqualTo(answer.body());
        done = answer;
      }
    }
    assertThat(done).isNotNull();
    if (status != 404) { // What is not there leaves no trace.
      calls.add(new Call(key, path, type, body, status, done.body()));
    }
    return json(done);
  }

  private void again(Call call) throws Exception {
    HttpResponse<String> answer = provider.send(request(call.key(), call.path(), call.type(), call.body()));
    assertThat(answer.statusCode()).isEqualTo(call.status());
    assertThat(answer.body()).isEqualTo(call.answer());
  }

  private HttpRequest request(String key, String path, String type, String body) {
    return provider.request(path).header("Idempotency-Key", key).header("x-api-key", RunningSimulator.API_KEY)
        .header("Content-Type",
            type.equals("form") ? "application/x-www-form-urlencoded" : "application/json")
        .POST(BodyPublishers.ofString(body)).build();
  }

  private void assertBookIsTheModel() throws Exception {
    List<JsonObject> lines = provider.get("/book").body().lines().map(JsonObject::new).toList();
    assertThat(lines).hasSameSizeAs(payments);
    var sums = new JsonObject().put("captured", 0L).put("refunded", 0L).put("disputed", 0L)
        .put("returned", 0L);
    for (int i = 0; i < lines.size(); i++) {
      ModelPayment payment = payments.get(i);
      JsonObject line = lines.get(i);
      assertThat(line.getString("reference")).isEqualTo(payment.reference);
      assertThat(line.getString("status")).as(line.encode()).isEqualTo(payment.word());
      assertThat(line.getLong("amount_authorized")).as(line.encode()).isEqualTo(payment.authorized);
      assertThat(line.getLong("amount_captured")).as(line.encode()).isEqualTo(payment.captured);
      assertThat(line.getLong("amount_refunded")).as(line.encode()).isEqualTo(payment.refunded);
      assertThat(line.getLong("amount_disputed")).as(line.encode()).isEqualTo(payment.disputed);
      assertThat(line.getLong("amount_returned")).as(line.encode()).isEqualTo(payment.returned);
      add(sums, "captured", payment.captured);
      add(sums, "refunded", payment.refunded);
      add(sums, "disputed", payment.disputed);
      add(sums, "returned", payment.returned);
    }
    JsonObject summary = provider.summary();
    for (String name : sums.fieldNames()) {
      assertThat(summary.getJsonObject("by_currency").getJsonObject("usd").getLong(name)).as(name)
          .isEqualTo(sums.getLong(name));
    }
    assertThat(summary.getInteger("duplicate_references")).isZero();
    assertThat(summary.getInteger("entries")).isEqualTo(payments.size());
  }

  private static void add(JsonObject sums, String name, long amount) {
    sums.put(name, sums.getLong(name) + amount);
  }
}
