/**
 * Double entry: accounts, postings, and which event posts what. Pure rules; balances are read from Postgres.
 */
package dev.millrace.ledger;
