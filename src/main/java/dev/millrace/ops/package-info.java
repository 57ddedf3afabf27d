/** The operators' listener: health, metrics, and the acts that need a person. Loopback by default. */
package dev.millrace.ops;
