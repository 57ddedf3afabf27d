/** The connector to Stripe's Payment Intents. */
package dev.millrace.provider.stripe;
