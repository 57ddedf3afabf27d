package dev.millrace.platform;

/** What became of reading a URL: its parts, or why it has none. */
public sealed interface HttpUrlReading permits HttpUrl, HttpUrl.Fault {}
