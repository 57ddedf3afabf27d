package dev.millrace.simulator;

/** An answer for which nothing has to be carried out. */
record AtOnce(Answer answer) implements Refused {}
