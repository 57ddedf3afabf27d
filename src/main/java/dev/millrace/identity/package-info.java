/** Merchants and their API keys. */
package dev.millrace.identity;
