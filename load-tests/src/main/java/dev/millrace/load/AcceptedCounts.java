package dev.millrace.load;

import java.util.List;

/** Requests of the generator that were accepted, and those whose outcome it never heard. */
final class AcceptedCounts {
  private long accepted;
  private long unknown;

  void add(Window window) {
    accepted += window.accepted();
    unknown += window.unknown();
  }

  /** A line if Postgres keeps fewer than were accepted, or more than can have been accepted. */
  List<String> check(String things, long kept) {
    if (kept < accepted) {
      return List
          .of("LOST: " + accepted + " " + things + " were accepted, only " + kept + " are in Postgres");
    }
    if (kept > accepted + unknown) {
      return List.of("DOUBLED: Postgres has " + kept + " " + things + " for " + accepted + " accepted and "
          + unknown + " requests without an answer");
    }
    return List.of();
  }
}
