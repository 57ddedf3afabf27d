package dev.millrace.simulator.wire;

/** What a call that moves money asks for. */
sealed interface CallParameters permits ChargeParams, Instruction {}
