-- The service's own role. Outside the embedded default an administrator may have made it already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${user}') THEN
    CREATE ROLE "${user}" LOGIN PASSWORD '${password}';
  END IF;
END $$;

CREATE TABLE merchant (
  id      uuid PRIMARY KEY,
  name    text NOT NULL,
  created timestamptz NOT NULL DEFAULT now()
);

-- Keys are kept as SHA-256 only. rate: requests a second, null for no limit.
CREATE TABLE api_key (
  hash     bytea PRIMARY KEY,
  merchant uuid NOT NULL REFERENCES merchant,
  livemode boolean NOT NULL,
  rate     integer CHECK (rate > 0),
  created  timestamptz NOT NULL DEFAULT now(),
  revoked  timestamptz
);

-- The source of truth: append-only, one row an event. subject: the payment, or the settlement batch.
-- (xid, position) is the order in which readers follow it, below the snapshot horizon.
CREATE TABLE journal (
  position    bigint GENERATED ALWAYS AS IDENTITY,
  xid         xid8 NOT NULL DEFAULT pg_current_xact_id(),
  subject     uuid NOT NULL,
  version     integer NOT NULL,
  type        text NOT NULL,
  merchant    uuid NOT NULL,
  livemode    boolean NOT NULL,
  actor       text NOT NULL,
  traceparent text NOT NULL,
  recorded    timestamptz NOT NULL DEFAULT now(),
  data        json NOT NULL,
  CONSTRAINT journal_subject_version UNIQUE (subject, version)
);
CREATE UNIQUE INDEX journal_order ON journal (xid, position);
CREATE INDEX journal_confirmed ON journal (xid, position) WHERE type = 'payment.confirmed';
CREATE INDEX journal_review ON journal (position) WHERE type = 'payment.screened' AND data ->> 'decision' = 'review';

-- The current state, written in the transaction of the event. What was asked for stands in the journal's version 1.
-- The creation time is the identifier's. Status is in no index, so that a move stays on its page.
CREATE TABLE payment (
  id                 uuid PRIMARY KEY,
  merchant           uuid NOT NULL,
  livemode           boolean NOT NULL,
  version            integer NOT NULL,
  status             text NOT NULL,
  amount             bigint NOT NULL CHECK (amount > 0),
  currency           text NOT NULL,
  reference          text,
  updated            timestamptz NOT NULL DEFAULT now(),
  provider           text,
  provider_reference text,
  amount_charged     bigint,
  failure_code       text,
  failure_message    text,
  settlement         uuid
) WITH (fillfactor = 45);
CREATE INDEX payment_merchant ON payment (merchant, livemode, id);
CREATE INDEX payment_reference ON payment (merchant, reference) WHERE reference IS NOT NULL;

-- wait_until: until then the first caller may still be waiting for another answer than the stored one.
CREATE TABLE idempotency_key (
  merchant    uuid NOT NULL,
  livemode    boolean NOT NULL,
  key         text NOT NULL,
  fingerprint bytea NOT NULL,
  payment_id  uuid NOT NULL,
  status      integer NOT NULL,
  answer      bytea NOT NULL,
  wait_until  timestamptz,
  created     timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (merchant, livemode, key)
);
CREATE INDEX idempotency_key_created ON idempotency_key USING brin (created);

-- One row a provider call: committed before it, completed after it. reference is also the provider's idempotency key.
CREATE TABLE attempt (
  reference          uuid PRIMARY KEY,
  payment_id         uuid NOT NULL,
  number             integer NOT NULL,
  provider           text NOT NULL,
  started            timestamptz NOT NULL DEFAULT now(),
  finished           timestamptz,
  outcome            text,
  provider_reference text,
  detail             text
) WITH (fillfactor = 50);
CREATE INDEX attempt_payment ON attempt (payment_id);

-- Double entry. Debits are positive, credits negative; every position sums to zero per currency.
CREATE TABLE posting (
  position bigint NOT NULL,
  line     integer NOT NULL,
  xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
  livemode boolean NOT NULL,
  account  text NOT NULL,
  currency text NOT NULL,
  amount   bigint NOT NULL CHECK (amount <> 0),
  PRIMARY KEY (xid, position, line)
);
CREATE INDEX posting_account ON posting (account, xid, position, line);

-- Sums of the postings of transactions below rollup.horizon; a read adds the tail.
CREATE TABLE balance (
  account  text NOT NULL,
  livemode boolean NOT NULL,
  currency text NOT NULL,
  amount   numeric NOT NULL,
  PRIMARY KEY (account, livemode, currency)
);
CREATE TABLE rollup (horizon xid8 NOT NULL);
INSERT INTO rollup VALUES ('0');

CREATE TABLE settlement (
  id             uuid PRIMARY KEY,
  merchant       uuid NOT NULL,
  livemode       boolean NOT NULL,
  provider       text NOT NULL,
  rail           text NOT NULL,
  currency       text NOT NULL,
  payments       integer NOT NULL,
  amount         bigint NOT NULL,
  amount_charged bigint NOT NULL,
  created        timestamptz NOT NULL DEFAULT now()
);

-- Who may act alone. epoch grows with every change of hands; the holder's writes name it and fail when it is past.
CREATE TABLE lease (
  name    text PRIMARY KEY,
  holder  text NOT NULL,
  epoch   bigint NOT NULL,
  expires timestamptz NOT NULL
);

-- How far a reader of the journal has come.
CREATE TABLE journal_cursor (
  name     text PRIMARY KEY,
  xid      xid8 NOT NULL,
  position bigint NOT NULL,
  passed   bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO journal_cursor VALUES ('relay', '0', 0, 0), ('settlement', '0', 0, 0);

-- Counters of work, one row a writer so that no two writers meet on a row.
CREATE TABLE work (
  writer   text PRIMARY KEY,
  accepted bigint NOT NULL DEFAULT 0,
  rested   bigint NOT NULL DEFAULT 0,
  settled  bigint NOT NULL DEFAULT 0,
  events   bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- The janitor has looked at every payment up to watermark; those it found unfinished stand in unresolved.
CREATE TABLE janitor (watermark uuid NOT NULL);
INSERT INTO janitor VALUES ('00000000-0000-0000-0000-000000000000');
CREATE TABLE unresolved (
  payment_id uuid PRIMARY KEY,
  tries      integer NOT NULL DEFAULT 0,
  next_try   timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE dead_letter (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  payment_id  uuid,
  task        text NOT NULL,
  attempts    integer NOT NULL,
  error       text NOT NULL,
  traceparent text NOT NULL,
  record      text NOT NULL,
  source      text NOT NULL,
  created     timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT dead_letter_source UNIQUE (source)
);

-- What operators did.
CREATE TABLE audit (
  id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  recorded timestamptz NOT NULL DEFAULT now(),
  operator text NOT NULL,
  act      text NOT NULL,
  subject  text NOT NULL,
  data     json NOT NULL
);

GRANT USAGE ON SCHEMA public TO "${user}";
GRANT SELECT, INSERT ON journal, posting, settlement, merchant, audit, dead_letter TO "${user}";
GRANT SELECT, INSERT, UPDATE ON payment, attempt, api_key, balance, rollup, lease, journal_cursor, work, janitor TO "${user}";
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_key, unresolved TO "${user}";
