package dev.millrace.load;

import java.util.List;

/** What the generator was promised: requests accepted, and those whose outcome it never heard. */
final class AcceptedCounts {
  private long promised;
  private long unknown;

  void add(Window window) {
    promised += window.accepted();
    unknown += window.unknown();
  }

  /** A line if Postgres keeps fewer than were promised, or more than can have been accepted. */
  List<String> check(String things, long kept) {
    if (kept < promised) {
      return List
          .of("LOST: " + promised + " " + things + " were accepted, only " + kept + " are in Postgres");
    }
    if (kept > promised + unknown) {
      return List.of("DOUBLED: Postgres has " + kept + " " + things + " for " + promised + " accepted and "
          + unknown + " requests without an answer");
    }
    return List.of();
  }
}
