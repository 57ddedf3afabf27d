import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import shop.ApiClient;
import shop.ApiException;
import shop.api.EventsApi;
import shop.api.IdempotencyApi;
import shop.api.LedgerApi;
import shop.api.PaymentsApi;
import shop.api.WebhooksApi;
import shop.model.Event;
import shop.model.EventPattern;
import shop.model.Payment;
import shop.model.PaymentCreation;
import shop.model.PaymentList;
import shop.model.PaymentOfEvent;
import shop.model.PaymentPosting;
import shop.model.Problem;
import shop.model.Refund;
import shop.model.RefundOrder;
import shop.model.Timeline;
import shop.model.WebhookEndpointCreation;
import shop.model.WebhookEndpointWithSecret;

/** One payment by the generated Java client; what came of it is printed as one line of JSON. */
final class Pay {
  private Pay() {}

  public static void main(String[] arguments) throws Exception {
    String url = arguments[0];
    String key = arguments[1];
    String run = arguments[2];
    ApiClient millrace = new ApiClient();
    millrace.updateBaseUri(url);
    millrace.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + key));
    PaymentsApi payments = new PaymentsApi(millrace);

    // Neither `capture` nor another field that has a default.
    Payment payment = payments.createPayment(run + "-payment", new PaymentCreation().amount(99_999_999_999L)
        .currency("jpy").paymentMethod("pm_card_visa").reference(run).metadata(Map.of("run", run)),
        "wait=10", null);
    Refund refund = payments.createRefund(payment.getId(), run + "-refund", "wait=10", null,
        new RefundOrder().amount(500L));
    Payment read = payments.readPayment(payment.getId(), null);
    PaymentList page = payments.listPayments(10, null, null, null, null, null, null, run, null);
    List<Event> events = new EventsApi(millrace).listEvents(10, null, null, payment.getId(), null).getData();
    PaymentOfEvent first = events.get(0).getData().getObject().getPaymentOfEvent();
    Timeline timeline = payments.readTimeline(payment.getId(), null);
    Refund operation = payments.listOperations(payment.getId(), 10, null, null).getData().get(0).getRefund();
    LedgerApi ledger = new LedgerApi(millrace);
    String account = ledger.readBalances(null, null).getPending().get(0).getAccount();
    PaymentPosting posting = ledger.listPostings(account, 10, null, null, null, null).getData().get(0)
        .getPaymentPosting();
    WebhookEndpointWithSecret endpoint = new WebhooksApi(millrace).createWebhookEndpoint(run + "-endpoint",
        new WebhookEndpointCreation().url(java.net.URI.create("https://shop.example/hooks"))
            .addEnabledEventsItem(EventPattern.PAYMENT_SETTLED),
        null);

    Map<String, Object> result = new LinkedHashMap<>();
    result.put("id", payment.getId());
    result.put("status", payment.getStatus().getValue());
    result.put("amount", payment.getAmount());
    result.put("charged", read.getAmountCharged());
    result.put("reference", read.getReference());
    result.put("action", read.getNextAction());
    result.put("listed", page.getData().stream().map(Payment::getId).collect(Collectors.toList()));
    result.put("next", page.getNext());
    result.put("event", events.get(0).getType().getValue());
    result.put("subject", first.getId());
    result.put("moment", timeline.getData().get(0).getInitiatedMoment().getName().getValue());
    result.put("refund", refund.getStatus().getValue());
    result.put("operation", operation.getId().equals(refund.getId()));
    result.put("posting", posting.getPayment());
    result.put("key", new IdempotencyApi(millrace).readIdempotencyKey(run + "-payment", null).getState().getValue());
    result.put("endpoint", endpoint.getId());
    result.put("secret", endpoint.getSecret());
    try {
      payments.readPayment("pay_01jd3w5ynkfxmrx1v0a9s2e4zg", null);
    } catch (ApiException e) {
      Problem problem = millrace.getObjectMapper().readValue(e.getResponseBody(), Problem.class);
      result.put("errorStatus", e.getCode());
      result.put("errorCode", problem.getError().getCode().getValue());
    }
    System.out.println(new ObjectMapper().writeValueAsString(result));
  }
}
