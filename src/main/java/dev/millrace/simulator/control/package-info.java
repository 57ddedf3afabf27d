/**
 * What whoever runs a test sees and does: the pages for the book, settings and webhooks, events that are
 * brought about by hand, and those that a payment method schedules by itself.
 */
@NullMarked
package dev.millrace.simulator.control;

import org.jspecify.annotations.NullMarked;
