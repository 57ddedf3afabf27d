/**
 * Millrace, a payment gateway. {@link dev.millrace.Millrace} starts the roles that the configuration names.
 */
package dev.millrace;
