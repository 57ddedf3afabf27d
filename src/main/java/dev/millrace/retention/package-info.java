/** Forgets what is too old, of all tables that do not keep everything. */
package dev.millrace.retention;
