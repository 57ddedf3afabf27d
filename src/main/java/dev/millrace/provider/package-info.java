/**
 * The {@link dev.millrace.provider.Provider} port, and what stands before every provider: bulkhead and
 * breaker.
 */
package dev.millrace.provider;
