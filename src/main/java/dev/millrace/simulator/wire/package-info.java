/**
 * What the wires share: reading requests, carrying out the calls that move money at most once an idempotency
 * key, answering them, and the page on which a payer passes 3-D Secure. Each wire says the same things in its
 * own words by {@link dev.millrace.simulator.wire.WireAnswers}.
 */
@NullMarked
package dev.millrace.simulator.wire;

import org.jspecify.annotations.NullMarked;
