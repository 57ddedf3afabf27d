package dev.millrace.simulator.wire;

/** What a payment has come to already, told again. */
public record KnownResult(Answer answer) implements DirectAnswer {}
