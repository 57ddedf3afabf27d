/**
 * The command {@code rebuild}: makes the tables that are derived from the journal anew and compares them with
 * the live ones.
 */
package dev.millrace.rebuild;
