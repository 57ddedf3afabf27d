/**
 * Sends what happened on each wire to the caller's webhook endpoint, with delays, losses and retries as set.
 */
@NullMarked
package dev.millrace.simulator.webhook;

import org.jspecify.annotations.NullMarked;
