/**
 * The payment itself: its states, the events that move it and which moves are permitted. Pure Java, no I/O.
 */
package dev.millrace.payment;
