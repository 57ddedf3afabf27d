package dev.millrace.simulator;

/** What a call that moves money asks for. */
sealed interface Asked permits ChargeParams, Act {}
