package dev.millrace.simulator;

/** What checking a request's parameters comes to. */
sealed interface Checked permits ChargeParams, Act, Refused {}
