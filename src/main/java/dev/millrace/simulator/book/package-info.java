/**
 * The durable book: one line for each payment and for each later movement of it, on disk before anybody is
 * told, and what a payment has come to, computed from its lines. Knows nothing of HTTP or of any wire's
 * words.
 */
@NullMarked
package dev.millrace.simulator.book;

import org.jspecify.annotations.NullMarked;
