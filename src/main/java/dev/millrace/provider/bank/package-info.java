/** The connector to a bank that collects ACH debits. */
package dev.millrace.provider.bank;
