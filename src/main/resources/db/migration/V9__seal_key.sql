-- What goes through Kafka and Redis is sealed with the newest of these keys (platform/Seal.java), which neither of them
-- has; what was sealed with an older one is known as long as that one stands here.
CREATE TABLE seal_key (
  id      smallint PRIMARY KEY CHECK (id BETWEEN 0 AND 127),
  key     bytea NOT NULL CHECK (length(key) = 32),
  created timestamptz NOT NULL DEFAULT now()
);
INSERT INTO seal_key (id, key)
SELECT 0, sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()));
GRANT SELECT ON seal_key TO "${user}";
