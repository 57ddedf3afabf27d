/** Providers' webhooks: kept as they came, worked off in order, parked while their payment is not known. */
package dev.millrace.inbox;
