package dev.millrace.simulator.wire;

/** What checking a request's parameters comes to. */
public sealed interface CheckResult permits ChargeParams, Instruction, DirectAnswer {}
