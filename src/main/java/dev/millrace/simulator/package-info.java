/**
 * A stand-in payment provider: the part of Stripe's wire protocol a connector needs, over a durable book of
 * its own. The book is the final judge of "charged exactly once", so nothing here depends on the gateway.
 *
 * <p>
 * One event loop owns all state; a charge or decline is on disk before it is answered, or told by a webhook.
 */
@NullMarked
package dev.millrace.simulator;

import org.jspecify.annotations.NullMarked;
