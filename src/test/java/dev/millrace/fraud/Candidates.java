package dev.millrace.fraud;

import java.util.Map;

/** Payments for the tests: a small one with a simulated card in test mode, and what may differ from it. */
record Candidates(String merchant, boolean livemode, long amount, String currency, String paymentMethod,
    Map<String, String> metadata) {

  static Candidates payment() {
    return new Candidates("acct_1", false, 1_000, "usd", "pm_card_visa", Map.of());
  }

  Candidates merchant(String id) {
    return new Candidates(id, livemode, amount, currency, paymentMethod, metadata);
  }

  Candidates live() {
    return new Candidates(merchant, true, amount, currency, paymentMethod, metadata);
  }

  Candidates amount(long minorUnits, String code) {
    return new Candidates(merchant, livemode, minorUnits, code, paymentMethod, metadata);
  }

  Candidates method(String id) {
    return new Candidates(merchant, livemode, amount, currency, id, metadata);
  }

  Candidates metadata(String key, String value) {
    return new Candidates(merchant, livemode, amount, currency, paymentMethod, Map.of(key, value));
  }

  Candidate build() {
    return new Candidate("pay_1", merchant, livemode, amount, currency, paymentMethod, metadata);
  }
}
