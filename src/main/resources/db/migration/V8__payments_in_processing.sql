-- What its provider has taken and not decided yet, noted with the event, until it is old enough to be asked about. An
-- index of payment by status and time would say the same, and cost every update of every payment its place in the page:
-- Postgres rewrites all index entries of a row when a column of any index, or of its predicate, changes.
DROP INDEX payment_processing;
CREATE TABLE payment_processing (
  payment_id uuid PRIMARY KEY,
  since      timestamptz NOT NULL DEFAULT now()
);
INSERT INTO payment_processing SELECT id, updated FROM payment WHERE status = 'processing';
GRANT SELECT, INSERT, DELETE ON payment_processing TO "${user}";

-- A payment's timeline shows what operators did about it and its dead letters.
CREATE INDEX audit_subject ON audit (subject, id);
