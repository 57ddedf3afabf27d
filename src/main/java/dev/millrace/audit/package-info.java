/** The record of what operators, and others who matter, have done. */
package dev.millrace.audit;
