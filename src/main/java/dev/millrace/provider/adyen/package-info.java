/** The connector to Adyen's Checkout API. */
package dev.millrace.provider.adyen;
