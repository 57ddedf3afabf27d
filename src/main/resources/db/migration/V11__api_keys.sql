-- What a key is called, and what it is bound to. Of a key itself only its hash and its beginning are kept.
ALTER TABLE api_key
  ADD COLUMN id        uuid NOT NULL DEFAULT gen_random_uuid(),
  ADD COLUMN prefix    text NOT NULL DEFAULT '',
  ADD COLUMN name      text NOT NULL DEFAULT '',
  ADD COLUMN networks  text[] NOT NULL DEFAULT '{}',
  -- Of a restricted key: what it may do. Null: everything.
  ADD COLUMN scopes    json,
  ADD COLUMN expires   timestamptz,
  ADD COLUMN last_used timestamptz;
CREATE UNIQUE INDEX api_key_id ON api_key (id);
CREATE INDEX api_key_merchant ON api_key (merchant, created);
