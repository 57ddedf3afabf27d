/**
 * Screens a payment by rules before it reaches an acquirer: clear, review or block. The rules are CEL
 * expressions in {@code config/fraud-rules.yaml}; counts of recent payments live in Redis. Nothing here
 * blocks the event loop.
 */
package dev.millrace.fraud;
