/**
 * A stand-in payment provider: the parts of Stripe's and Adyen's wire protocols a connector needs, and a
 * bank's, over one durable book of its own. The book is the final judge of "charged exactly once", so nothing
 * here depends on the gateway.
 *
 * <p>
 * One event loop owns all state; whatever moves a payment is a line on disk before it is answered, or told by
 * a webhook. What a payment has come to is computed from its lines, and so is every answer.
 *
 * <p>
 * This package starts it and wires the sub-packages, which depend on each other in one direction only:
 * {@code stripe}, {@code adyen}, {@code bank}, {@code webhook} and {@code control} on {@code wire}, that one
 * on {@code book} and {@code settings}.
 */
@NullMarked
package dev.millrace.simulator;

import org.jspecify.annotations.NullMarked;
