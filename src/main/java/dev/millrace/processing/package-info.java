/**
 * Drives accepted payments on: Kafka consumers, the steps of a payment, retry windows, dead letters, the
 * janitor.
 */
package dev.millrace.processing;
