-- What becomes of dead letters. status: open; replaying, which a processor takes from due on and holds until taken_until;
-- replayed; discarded. decided: the last act of an operator; its letters have it in common. rate: how many of those that an
-- act ordered may be taken a second. errors: of the last tries, oldest first, [{at, error}]. record: what was in hand, as it
-- came when it is a text (form), else in Base64, cut after 256 KiB; size: its bytes; record_key, headers: of the Kafka
-- record. outcome: of the last replay: done; waits, which is in a retry window or the park again; failed.
ALTER TABLE dead_letter
  ADD COLUMN status       text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'replaying', 'replayed', 'discarded')),
  ADD COLUMN errors       jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN record_key   text,
  ADD COLUMN record_form  text NOT NULL DEFAULT 'text' CHECK (record_form IN ('text', 'base64')),
  ADD COLUMN record_size  integer,
  ADD COLUMN headers      jsonb NOT NULL DEFAULT '{}',
  ADD COLUMN due          timestamptz,
  ADD COLUMN rate         integer,
  ADD COLUMN taken_until  timestamptz,
  ADD COLUMN replays      integer NOT NULL DEFAULT 0,
  ADD COLUMN outcome      text CHECK (outcome IN ('done', 'waits', 'failed')),
  ADD COLUMN outcome_note text,
  ADD COLUMN outcome_at   timestamptz,
  ADD COLUMN decided_by   text,
  ADD COLUMN decided      timestamptz,
  ADD COLUMN reason       text;

-- Since when its provider says that it has no record of it; for so long, and answering, it has not carried it out.
ALTER TABLE attempt ADD COLUMN absent_since timestamptz;

-- Why it was parked, the last times: as in dead_letter.
ALTER TABLE provider_event_parked ADD COLUMN errors jsonb NOT NULL DEFAULT '[]';

UPDATE dead_letter SET errors = jsonb_build_array(jsonb_build_object('at', created, 'error', error)),
       record_form = CASE task WHEN 'poison' THEN 'base64' ELSE 'text' END,
       task = CASE WHEN task NOT IN ('resume', 'payment') THEN task
                   WHEN error ~ '^(cap|can|re)_' THEN 'operation' ELSE 'charge' END;

CREATE INDEX dead_letter_status ON dead_letter (status, id);
CREATE INDEX dead_letter_task ON dead_letter (task, id);
CREATE INDEX dead_letter_payment ON dead_letter (payment_id, id) WHERE payment_id IS NOT NULL;
CREATE INDEX dead_letter_created ON dead_letter (created);
CREATE INDEX dead_letter_turns ON dead_letter (decided, id) WHERE status = 'replaying';
CREATE INDEX dead_letter_old ON dead_letter (greatest(created, decided, outcome_at)) WHERE status IN ('replayed', 'discarded');

-- What a letter is about stays as it was written, only that the payment of a webhook may become known.
GRANT UPDATE (payment_id, status, attempts, error, errors, due, rate, taken_until, replays, outcome, outcome_note,
              outcome_at, decided_by, decided, reason) ON dead_letter TO "${user}";
GRANT DELETE ON dead_letter TO "${user}";
