/** Adyen's wire, under {@code /adyen/v71/}: its calls, their parameters, its answers and notifications. */
@NullMarked
package dev.millrace.simulator.adyen;

import org.jspecify.annotations.NullMarked;
