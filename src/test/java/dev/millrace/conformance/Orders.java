package dev.millrace.conformance;

import dev.millrace.platform.TypeId;
import dev.millrace.provider.Order;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** One order of every variant that a connector words in its own way. */
final class Orders {
  static final String RETURN = "https://pay.example.com/return/pay_1?a=b";
  private static final UUID PAYMENT = TypeId.next();
  private static final String TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

  private Orders() {}

  static String reference() { return TypeId.format(TypeId.ATTEMPT, TypeId.next()); }

  static Order.Charge charge(String method, boolean manual) {
    return charge(method, manual, "usd", "Two tickets & a drink");
  }

  private static Order.Charge charge(String method, boolean manual, String currency, String description) {
    String type = method.startsWith("pm_ach") ? "ach" : "card";
    return new Order.Charge(PAYMENT, false, reference(), 2_000, currency, method, type, manual, description,
        RETURN, TRACE);
  }

  static Order.Capture capture(String charge, long amount) {
    return new Order.Capture(PAYMENT, false, reference(), charge, amount, "usd", TRACE);
  }

  static Order.Cancel cancel(String charge) {
    return new Order.Cancel(PAYMENT, false, reference(), charge, TRACE);
  }

  static Order.Refund refund(String charge, long amount, String reason) {
    return new Order.Refund(PAYMENT, false, reference(), charge, amount, "usd", reason, TRACE);
  }

  /** {@code charge}: a payment's name at the provider, {@code result}: what its page gives the payer back. */
  static List<Order> all(String charge, String result) {
    var orders = new ArrayList<Order>();
    for (String method : List.of("pm_card_visa", "tok_8416038790273850_shopper_1", "pm_ach_success"))
      for (boolean manual : new boolean[]{false, true}) orders.add(charge(method, manual));
    for (String currency : List.of("eur", "jpy", "clp", "kwd"))
      orders.add(charge("pm_card_visa", false, currency, null));
    for (boolean manual : new boolean[]{false, true})
      orders.add(new Order.Complete(charge("pm_card_visa", manual), charge, result));
    orders.add(capture(charge, 1_500));
    orders.add(cancel(charge));
    orders.add(cancel(reference()));
    for (String reason : new String[]{null, "duplicate", "fraudulent", "requested_by_customer", "too small"})
      orders.add(refund(charge, 500, reason));
    return orders;
  }
}
