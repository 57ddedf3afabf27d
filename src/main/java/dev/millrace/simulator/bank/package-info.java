/** The bank's wire, under {@code /bank/}: ACH debits and the credits that give them back. */
@NullMarked
package dev.millrace.simulator.bank;

import org.jspecify.annotations.NullMarked;
