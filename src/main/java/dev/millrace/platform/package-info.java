/**
 * What every context needs and none owns: configuration, identifiers, connections that come back by
 * themselves, leases, queue meters. Depends on no context.
 */
package dev.millrace.platform;
