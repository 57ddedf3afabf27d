/** Stripe's wire, under {@code /v1/}: its calls, their parameters, its objects and errors. */
@NullMarked
package dev.millrace.simulator.stripe;

import org.jspecify.annotations.NullMarked;
