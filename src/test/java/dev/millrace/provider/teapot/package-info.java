/** A provider as somebody else would add one: this package, and one line of configuration. */
package dev.millrace.provider.teapot;
