package dev.millrace.rebuild;

import java.util.List;

/**
 * The tables that are derived from the journal. Each column is {@code name type}; the first ones, so many as
 * there are key columns, identify a row. A table with other columns than these is not one that this release
 * can rebuild.
 */
enum DerivedTable {
  PAYMENT("payment", 1,
      """
        id uuid, merchant uuid, livemode boolean, version integer, status text, amount bigint, currency text,
        reference text, updated timestamp with time zone, provider text, provider_reference text, amount_charged bigint,
        failure_code text, failure_message text, settlement uuid, amount_authorized bigint, amount_captured bigint,
        amount_refunded bigint, expires timestamp with time zone, action_url text"""),
  //
  OPERATION("operation", 1, """
    id uuid, payment_id uuid, kind text, status text, amount bigint, reason text, attempt uuid,
    provider_reference text, failure_code text, failure_message text, created timestamp with time zone,
    updated timestamp with time zone"""),
  //
  DISPUTE("dispute", 1,
      """
        id uuid, payment_id uuid, merchant uuid, livemode boolean, provider text, provider_reference text, status text,
        amount bigint, currency text, reason text, evidence_due timestamp with time zone, version integer,
        created timestamp with time zone, updated timestamp with time zone"""),
  //
  POSTING("posting", 3, """
    xid xid8, position bigint, line integer, livemode boolean, account text, currency text, amount bigint,
    memo text"""),
  //
  SETTLEMENT("settlement", 1, """
    id uuid, merchant uuid, livemode boolean, provider text, rail text, currency text, payments integer,
    amount bigint, amount_charged bigint, created timestamp with time zone"""),
  //
  BALANCE("balance", 3, "account text, livemode boolean, currency text, amount numeric");

  private final String table;
  private final int keys;
  private final String columns;

  DerivedTable(String table, int keys, String columns) {
    this.table = table;
    this.keys = keys;
    this.columns = columns;
  }

  String table() { return table; }

  int keys() { return keys; }

  /** Names, in the order of this class. */
  List<String> names() {
    return columns().stream().map(c -> c.substring(0, c.indexOf(' '))).toList();
  }

  /** {@code name type} of each. */
  List<String> columns() { return List.of(columns.split(",\\s+")); }

  String key() { return String.join(", ", names().subList(0, keys)); }
}
