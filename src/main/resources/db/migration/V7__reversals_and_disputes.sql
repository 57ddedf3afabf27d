-- Disputes: objects of their own, of which a payment may have several. Written in the transaction of the event.
-- id: name-based (MD5) of '<payment uuid>/<provider_reference>'. version: of the dispute's own events.
CREATE TABLE dispute (
  id                 uuid PRIMARY KEY,
  payment_id         uuid NOT NULL,
  merchant           uuid NOT NULL,
  livemode           boolean NOT NULL,
  provider           text NOT NULL,
  provider_reference text NOT NULL,
  status             text NOT NULL CHECK (status IN ('open', 'won', 'lost')),
  amount             bigint NOT NULL CHECK (amount > 0),
  currency           text NOT NULL,
  reason             text,
  evidence_due       timestamptz,
  version            integer NOT NULL,
  created            timestamptz NOT NULL DEFAULT now(),
  updated            timestamptz NOT NULL DEFAULT now()
) WITH (fillfactor = 70);
CREATE INDEX dispute_payment ON dispute (payment_id);
CREATE INDEX dispute_merchant ON dispute (merchant, livemode, created, id);
GRANT SELECT, INSERT, UPDATE ON dispute TO "${user}";

-- Those that there are: what a payment's events say of each.
WITH e AS (
  SELECT subject, merchant, livemode, version, type, recorded, data::jsonb AS d, data ->> 'dispute' AS name FROM journal
   WHERE type IN ('payment.disputed', 'payment.dispute_won', 'payment.charged_back')
)
INSERT INTO dispute (id, payment_id, merchant, livemode, provider, provider_reference, status, amount, currency, reason,
                     evidence_due, version, created, updated)
SELECT (overlay(overlay(h PLACING '3' FROM 13 FOR 1)
          PLACING to_hex((('x' || substr(h, 17, 1))::bit(4)::int & 3) | 8) FROM 17 FOR 1))::uuid,
       o.subject, o.merchant, o.livemode, o.d ->> 'provider', o.name,
       CASE last.type WHEN 'payment.disputed' THEN 'open' WHEN 'payment.dispute_won' THEN 'won' ELSE 'lost' END,
       (o.d ->> 'amount')::bigint, o.d ->> 'currency', o.d ->> 'reason', to_timestamp((o.d ->> 'evidence_due')::bigint),
       last.n, o.recorded, last.recorded
  FROM (SELECT e.*, md5(e.subject || '/' || e.name) AS h FROM e WHERE type = 'payment.disputed') o,
       LATERAL (SELECT x.type, x.recorded, (SELECT count(*) FROM e y WHERE y.subject = o.subject AND y.name = o.name) AS n
                  FROM e x WHERE x.subject = o.subject AND x.name = o.name ORDER BY x.version DESC LIMIT 1) last;

ALTER TABLE operation DROP CONSTRAINT operation_kind_check,
  ADD CONSTRAINT operation_kind_check CHECK (kind IN ('capture', 'cancel', 'refund', 'reversal'));

-- What settlement nets (settlement/Settler.java): with what is taken back and corrected.
DROP INDEX journal_movement;
CREATE INDEX journal_movement ON journal (xid, position) WHERE type IN ('payment.confirmed', 'payment.captured',
  'payment.refunded', 'payment.returned', 'payment.disputed', 'payment.dispute_won', 'payment.charged_back',
  'payment.capture_reversed', 'payment.refund_reversed', 'payment.dispute_reopened', 'payment.chargeback_reversed',
  'payment.return_reversed', 'payment.corrected');

-- What its provider has taken and not decided yet is asked about once in a while.
CREATE INDEX payment_processing ON payment (updated) WHERE status = 'processing';

-- A letter may be closed by an operator, with what was done. The task inquiry is an operator's order to ask the provider
-- again about a payment: nothing has failed; its outcome_note says what was answered and booked.
ALTER TABLE dead_letter DROP CONSTRAINT dead_letter_status_check,
  ADD CONSTRAINT dead_letter_status_check CHECK (status IN ('open', 'replaying', 'replayed', 'discarded', 'closed')),
  ADD COLUMN done text;
GRANT UPDATE (done) ON dead_letter TO "${user}";
DROP INDEX dead_letter_old;
CREATE INDEX dead_letter_old ON dead_letter (greatest(created, decided, outcome_at))
  WHERE status IN ('replayed', 'discarded', 'closed');

-- Whether a letter is closed when the payment comes to rest: it only told that this took long.
ALTER TABLE dead_letter ADD COLUMN passing boolean NOT NULL DEFAULT false;
GRANT UPDATE (passing) ON dead_letter TO "${user}";
