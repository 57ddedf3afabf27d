/**
 * Idempotency keys: their syntax, the fingerprint of a request, the answers kept in Redis and in Postgres.
 */
package dev.millrace.idempotency;
