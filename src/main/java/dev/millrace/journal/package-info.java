/**
 * The source of truth: appending payments and events in group commits, reading them back, relaying them to
 * Kafka.
 */
package dev.millrace.journal;
