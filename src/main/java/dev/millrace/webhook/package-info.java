/**
 * Webhooks: what providers tell us, made durable ({@link dev.millrace.inbox.InboxWriter}), and what we tell
 * merchants: endpoints, the notifier that follows the journal for them, and its log.
 */
package dev.millrace.webhook;
