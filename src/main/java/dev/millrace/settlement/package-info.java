/** Nets confirmed payments into settlement batches and rolls postings up into balances. */
package dev.millrace.settlement;
