package dev.millrace.load;

import java.util.ArrayList;

/**
 * A `payment_intent.succeeded` event as Stripe sends it, some 1.7 KB of ASCII: the intent has the fields that
 * the simulator gives it, and a description, shipping and metadata such as a merchant would add.
 *
 * @see <a href="https://docs.stripe.com/api/events/object">Stripe's Event</a>
 */
final class StripeEvent {
  /** Digits of a number in the template. */
  static final int DIGITS = 12;
  private static final String NUMBER = "0".repeat(DIGITS);
  private static final String TEMPLATE = """
    {"id":"evt_$id","object":"event","api_version":"2025-03-31.basil","created":$created,"data":{"object":
    {"id":"pi_$id","object":"payment_intent","amount":4999,"amount_capturable":0,"amount_details":{"tip":{}},
    "amount_received":4999,"application":null,"application_fee_amount":null,"automatic_payment_methods":null,
    "canceled_at":null,"cancellation_reason":null,"capture_method":"automatic",
    "client_secret":"pi_$id_secret_1y2p0ij32e8e7","confirmation_method":"automatic","created":$created,
    "currency":"usd","customer":null,"description":"Order of two annual passes","last_payment_error":null,
    "latest_charge":"ch_$id","livemode":false,"metadata":{"millrace_reference":"att_$id",
    "millrace_payment":"pay_$id","shop":"north","cart":"c-48151623"},"next_action":null,"on_behalf_of":null,
    "payment_method":"pm_card_visa","payment_method_options":{"card":{"installments":null,
    "mandate_options":null,"network":null,"request_three_d_secure":"automatic"}},
    "payment_method_types":["card"],"processing":null,"receipt_email":null,"review":null,
    "setup_future_usage":null,"shipping":{"address":{"city":"Ghent","country":"BE","line1":"Korenmarkt 16",
    "line2":null,"postal_code":"9000","state":null},"carrier":null,"name":"A. Janssens","phone":null,
    "tracking_number":null},"source":null,"statement_descriptor":null,"statement_descriptor_suffix":null,
    "status":"succeeded","transfer_data":null,"transfer_group":null}},"livemode":false,"pending_webhooks":1,
    "request":{"id":"req_$id","idempotency_key":"att_$id"},"type":"payment_intent.succeeded"}
    """.replace("\n", "");

  private StripeEvent() {}

  /**
   * The event with number 0. The time makes its ids different from those of other runs; the gateway's own two
   * among them are in the form that it gives out, `att_` and 26 digits of Crockford's base 32. {@link
   * #numberOffsets} says where the number stands.
   */
  static String template(long createdMillis) {
    return TEMPLATE.replace("$id", String.format("01%011xx", createdMillis) + NUMBER)
        .replace("$created", Long.toString(createdMillis / 1000));
  }

  /** Where the number's digits begin in the template. */
  static int[] numberOffsets(String template) {
    var offsets = new ArrayList<Integer>();
    for (int at = template.indexOf(NUMBER); at >= 0; at = template.indexOf(NUMBER, at + DIGITS)) {
      offsets.add(at);
    }
    return offsets.stream().mapToInt(Integer::intValue).toArray();
  }
}
