/** What could not go on: kept with its reasons, searched, replayed and discarded by operators. */
package dev.millrace.deadletter;
