-- Event ids are the journal's (xid, position) under this key, so that they tell nobody how much the gateway does.
CREATE TABLE event_id_key (key bytea NOT NULL CHECK (length(key) = 16));
INSERT INTO event_id_key
SELECT substr(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 16);

-- A merchant's own events, in the order in which readers follow the journal.
CREATE INDEX journal_merchant ON journal (merchant, livemode, xid, position);

-- Where the journal stood at a time: what lies before the last one that is old enough is no longer promised.
CREATE TABLE journal_milestone (
  at       timestamptz PRIMARY KEY,
  xid      xid8 NOT NULL,
  position bigint NOT NULL
);

-- What a key made: a payment, or what `object` says.
ALTER TABLE idempotency_key RENAME COLUMN payment_id TO resource;
ALTER TABLE idempotency_key ADD COLUMN object text NOT NULL DEFAULT 'payment';

-- Where a merchant wants to be told. version: of its own events in the journal. xid: events older than it are not for it.
-- While old_secret_until lies ahead, both secrets sign. failing_since: the first failure since the last success; broken:
-- its breaker has opened since; recovered: when it last closed again: what was dead by then is delivered once more.
-- changed moves with everything the notifier must hear of.
CREATE TABLE webhook_endpoint (
  id               uuid PRIMARY KEY,
  merchant         uuid NOT NULL REFERENCES merchant,
  livemode         boolean NOT NULL,
  version          integer NOT NULL DEFAULT 0,
  url              text NOT NULL,
  description      text,
  enabled_events   text[] NOT NULL,
  headers          text NOT NULL,
  api_version      text NOT NULL,
  stripe_signature boolean NOT NULL,
  ordered          boolean NOT NULL,
  max_in_flight    integer NOT NULL CHECK (max_in_flight > 0),
  rate             integer CHECK (rate > 0),
  secret           text NOT NULL,
  old_secret       text,
  old_secret_until timestamptz,
  status           text NOT NULL DEFAULT 'enabled' CHECK (status IN ('enabled', 'disabled')),
  disabled_reason  text,
  failing_since    timestamptz,
  broken           boolean NOT NULL DEFAULT false,
  recovered        timestamptz,
  xid              xid8 NOT NULL DEFAULT pg_current_xact_id(),
  created          timestamptz NOT NULL DEFAULT now(),
  changed          timestamptz NOT NULL DEFAULT clock_timestamp(),
  deleted          timestamptz
);
CREATE INDEX webhook_endpoint_merchant ON webhook_endpoint (merchant, livemode, id);
CREATE INDEX webhook_endpoint_changed ON webhook_endpoint (changed);

-- The bytes that are signed and sent, once an event and API version.
CREATE TABLE webhook_message (
  xid         xid8 NOT NULL,
  position    bigint NOT NULL,
  api_version text NOT NULL,
  body        bytea NOT NULL,
  PRIMARY KEY (xid, position, api_version)
);

-- One event for one endpoint. tries: attempts since it was due first or replayed, which choose the retry window;
-- attempts: all there were. held: its endpoint was disabled when the event came.
CREATE TABLE webhook_delivery (
  id          uuid PRIMARY KEY,
  endpoint    uuid NOT NULL,
  xid         xid8 NOT NULL,
  position    bigint NOT NULL,
  api_version text NOT NULL,
  subject     uuid NOT NULL,
  type        text NOT NULL,
  traceparent text NOT NULL,
  ordered     boolean NOT NULL,
  status      text NOT NULL CHECK (status IN ('pending', 'delivered', 'dead', 'held')),
  tries       integer NOT NULL DEFAULT 0,
  attempts    integer NOT NULL DEFAULT 0,
  next_at     timestamptz NOT NULL,
  last_status integer,
  last_error  text,
  created     timestamptz NOT NULL,
  finished    timestamptz,
  CONSTRAINT webhook_delivery_once UNIQUE (endpoint, xid, position)
) WITH (fillfactor = 80);
CREATE INDEX webhook_delivery_due ON webhook_delivery (endpoint, next_at, xid, position) WHERE status = 'pending';
CREATE INDEX webhook_delivery_ordered ON webhook_delivery (endpoint, subject, xid, position) WHERE status = 'pending' AND ordered;
CREATE INDEX webhook_delivery_dead ON webhook_delivery (endpoint, xid, position) WHERE status = 'dead';

-- The log of calls. response: the first 4 KiB of the answer's body.
CREATE TABLE webhook_attempt (
  delivery   uuid NOT NULL,
  number     integer NOT NULL,
  at         timestamptz NOT NULL,
  status     integer,
  error      text,
  latency_ms integer NOT NULL,
  response   bytea,
  PRIMARY KEY (delivery, number)
);

-- Events of a range to be delivered again; (xid, position) is how far it has come. Null arrays: any.
CREATE TABLE webhook_replay (
  id             uuid PRIMARY KEY,
  endpoint       uuid NOT NULL,
  types          text[],
  statuses       text[],
  created_gte    timestamptz,
  created_lt     timestamptz,
  xid            xid8 NOT NULL,
  position       bigint NOT NULL,
  until_xid      xid8 NOT NULL,
  until_position bigint NOT NULL,
  replayed       bigint NOT NULL DEFAULT 0,
  created        timestamptz NOT NULL DEFAULT now(),
  finished       timestamptz
);
CREATE INDEX webhook_replay_open ON webhook_replay (created) WHERE finished IS NULL;

-- What providers told us, to the byte. A journal of its own: append-only, followed in (xid, position) order.
-- form: 0, body as it came; 1, zstd with the dictionary zstd/webhook.1.dict. size: of the body as it came.
CREATE TABLE provider_event (
  position bigint GENERATED ALWAYS AS IDENTITY (CACHE 128),
  xid      xid8 NOT NULL DEFAULT pg_current_xact_id(),
  provider text COLLATE "C" NOT NULL,
  account  text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  received timestamptz NOT NULL DEFAULT now(),
  form     smallint NOT NULL DEFAULT 0,
  size     integer NOT NULL DEFAULT 0,
  body     bytea NOT NULL,
  CONSTRAINT provider_event_once UNIQUE (event_id, account, provider)
);
ALTER TABLE provider_event SET (toast_tuple_target = 8160, autovacuum_vacuum_insert_scale_factor = 1, autovacuum_analyze_scale_factor = 0.5);
CREATE UNIQUE INDEX provider_event_order ON provider_event (xid, position);
CREATE INDEX provider_event_received ON provider_event USING brin (received);

-- What became of it: applied, unchanged, ignored, unreadable, unmatched.
CREATE TABLE provider_event_result (
  xid        xid8 NOT NULL,
  position   bigint NOT NULL,
  payment_id uuid,
  type       text NOT NULL,
  outcome    text NOT NULL,
  detail     text,
  processed  timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (xid, position)
);
CREATE INDEX provider_event_result_processed ON provider_event_result USING brin (processed);
CREATE INDEX provider_event_result_payment ON provider_event_result (payment_id) WHERE payment_id IS NOT NULL;

-- Those whose payment is not known yet.
CREATE TABLE provider_event_parked (
  xid      xid8 NOT NULL,
  position bigint NOT NULL,
  tries    integer NOT NULL DEFAULT 0,
  next_try timestamptz NOT NULL,
  since    timestamptz NOT NULL,
  PRIMARY KEY (xid, position)
);
CREATE INDEX provider_event_parked_due ON provider_event_parked (next_try);

INSERT INTO journal_cursor
SELECT name, pg_snapshot_xmin(pg_current_snapshot()), 0, 0 FROM (VALUES ('notifier'), ('inbox')) AS t (name);

GRANT SELECT ON event_id_key TO "${user}";
GRANT SELECT, INSERT, DELETE ON provider_event, provider_event_result, webhook_message, webhook_attempt TO "${user}";
GRANT SELECT, INSERT, UPDATE ON webhook_endpoint, webhook_replay TO "${user}";
GRANT SELECT, INSERT, UPDATE, DELETE ON webhook_delivery, journal_milestone, provider_event_parked TO "${user}";
