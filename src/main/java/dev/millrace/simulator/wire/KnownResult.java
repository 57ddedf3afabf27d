package dev.millrace.simulator.wire;

/** An answer for which nothing has to be carried out. */
public record KnownResult(Answer answer) implements DirectAnswer {}
