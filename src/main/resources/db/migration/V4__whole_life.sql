-- amount_captured: the merchant's part of amount_charged. expires: when an authorization, or the time for the payer's
-- action, runs out; null in every other status. action_url: where the payer has to go.
ALTER TABLE payment
  ADD COLUMN amount_authorized bigint,
  ADD COLUMN amount_captured   bigint,
  ADD COLUMN amount_refunded   bigint,
  ADD COLUMN expires           timestamptz,
  ADD COLUMN action_url        text;
UPDATE payment SET amount_authorized = amount, amount_captured = least(amount, amount_charged) WHERE amount_charged IS NOT NULL;
CREATE INDEX payment_expires ON payment (expires) WHERE expires IS NOT NULL;

-- Captures, cancellations and refunds: how far each has come, written in the transaction of the event.
CREATE TABLE operation (
  id                 uuid PRIMARY KEY,
  payment_id         uuid NOT NULL,
  kind               text NOT NULL CHECK (kind IN ('capture', 'cancel', 'refund')),
  status             text NOT NULL CHECK (status IN ('requested', 'submitted', 'unknown', 'succeeded', 'failed')),
  amount             bigint NOT NULL,
  reason             text,
  attempt            uuid,
  provider_reference text,
  failure_code       text,
  failure_message    text,
  created            timestamptz NOT NULL DEFAULT now(),
  updated            timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE INDEX operation_payment ON operation (payment_id, id);
CREATE INDEX operation_open ON operation (updated) WHERE status IN ('requested', 'submitted', 'unknown');

-- kind: charge, complete, capture, cancel, refund. reason: why this provider was called.
ALTER TABLE attempt
  ADD COLUMN kind      text NOT NULL DEFAULT 'charge',
  ADD COLUMN operation uuid,
  ADD COLUMN reason    text;

-- What providers call our payments: how a dispute or a return finds its payment.
CREATE TABLE provider_object (
  provider   text COLLATE "C" NOT NULL,
  reference  text COLLATE "C" NOT NULL,
  payment_id uuid NOT NULL,
  CONSTRAINT provider_object_once PRIMARY KEY (reference, provider)
);
INSERT INTO provider_object
SELECT provider, provider_reference, id FROM payment WHERE provider_reference IS NOT NULL ON CONFLICT DO NOTHING;

-- What a payer brought back from the provider's page, until the provider has been told.
CREATE TABLE payer_return (
  payment_id uuid PRIMARY KEY,
  result     text NOT NULL,
  received   timestamptz NOT NULL DEFAULT now()
);

-- How an amount came about.
ALTER TABLE posting ADD COLUMN memo text;

-- What settlement nets: every event that moves a merchant's money. (A constant of settlement/Settler.java.)
DROP INDEX journal_confirmed;
CREATE INDEX journal_movement ON journal (xid, position) WHERE type IN ('payment.confirmed', 'payment.refunded',
  'payment.returned', 'payment.disputed', 'payment.dispute_won', 'payment.charged_back');

-- Which form the common answer had when it was given. Nodes of the release before say nothing, and give form 1.
ALTER TABLE idempotency_key ADD COLUMN form smallint NOT NULL DEFAULT 1;

GRANT SELECT, INSERT, UPDATE ON operation TO "${user}";
GRANT SELECT, INSERT ON provider_object TO "${user}";
GRANT SELECT, INSERT, UPDATE, DELETE ON payer_return TO "${user}";
