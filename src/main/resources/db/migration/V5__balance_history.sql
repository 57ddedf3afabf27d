-- Exact balances of the past (ledger/BalanceHistory.java says why they are). A row: what an account's transactions below
-- horizon add up to, all of which were recorded before at. All currencies of an account at once, with each roll-up that
-- has taken many of its postings since the last time.
CREATE TABLE balance_history (
  account  text NOT NULL,
  at       timestamptz NOT NULL,
  livemode boolean NOT NULL,
  currency text NOT NULL,
  horizon  xid8 NOT NULL,
  amount   numeric NOT NULL,
  PRIMARY KEY (account, at, livemode, currency)
);

-- How many postings of an account were rolled up, and how many of them by its last row of history.
CREATE TABLE balance_depth (
  account  text PRIMARY KEY,
  postings bigint NOT NULL,
  kept     bigint NOT NULL
) WITH (fillfactor = 50);

-- Once a minute. What lies below floor had ended before at; what lies from ceiling on got its id after began.
CREATE TABLE balance_mark (
  at      timestamptz PRIMARY KEY,
  began   timestamptz NOT NULL,
  floor   xid8 NOT NULL,
  ceiling xid8 NOT NULL
);
CREATE INDEX balance_mark_began ON balance_mark (began);

WITH clock AS MATERIALIZED (SELECT clock_timestamp() AS at)
INSERT INTO balance_history (account, at, livemode, currency, horizon, amount)
SELECT b.account, clock.at, b.livemode, b.currency, r.horizon, b.amount FROM balance b, rollup r, clock;

-- No transaction of the service's takes longer: only so is it known when those that began before an instant have ended.
-- Where the role is an administrator's, or the server older than 17, the past is read without that bound, and slower.
DO $$
BEGIN
  ALTER ROLE "${user}" SET transaction_timeout = '5min';
EXCEPTION WHEN insufficient_privilege OR undefined_object OR invalid_parameter_value THEN
  RAISE WARNING 'set transaction_timeout = 5min for the role ${user}: without it, balances of the past are slow to read';
END $$;

GRANT SELECT, INSERT ON balance_history, balance_mark TO "${user}";
GRANT SELECT, INSERT, UPDATE ON balance_depth TO "${user}";
