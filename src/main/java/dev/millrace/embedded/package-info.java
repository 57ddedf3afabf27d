/**
 * Postgres, Redis and Kafka started from Maven artefacts, for trying Millrace out and for its tests.
 *
 * <p>Depends on no other package of Millrace. Every method blocks, for seconds at worst: call from a worker,
 * never from an event loop. Linux only: the servers' processes are told apart by what {@code /proc} says of
 * them.
 */
@NullMarked
package dev.millrace.embedded;

import org.jspecify.annotations.NullMarked;
