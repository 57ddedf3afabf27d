package dev.millrace.load;

import java.util.ArrayList;
import java.util.List;

/**
 * Compares, once the load has stopped, what was accepted from the generator with what the gateway and the
 * simulator hold. Every 202 must be in Postgres; nothing may be there that was not asked for; with a
 * simulator, everything must come to rest and every settled payment must have been charged exactly once.
 * Counts what was there before the load apart.
 */
final class LoadAudit {
  private final Installation site;
  private final boolean simulated;
  private final Ops.Work workBefore;
  private final long succeededBefore;
  private final AcceptedCounts accepted = new AcceptedCounts();
  private final List<String> problems = new ArrayList<>();

  LoadAudit(Installation site, boolean simulated) {
    this.site = site;
    this.simulated = simulated;
    workBefore = site.ops.work();
    succeededBefore = simulated ? site.ops.succeeded() : 0;
  }

  void add(Window window) {
    accepted.add(window);
  }

  void problem(String problem) {
    problems.add(problem);
  }

  /** Each line a payment lost or doubled, or miscounted; empty if all is well. */
  List<String> problems() {
    var work = site.ops.work();
    problems.addAll(accepted.check("payments", work.accepted() - workBefore.accepted()));
    if (simulated) {
      charges(work);
    }
    return List.copyOf(problems);
  }

  private void charges(Ops.Work work) {
    long settled = work.settled() - workBefore.settled();
    long charged = site.ops.succeeded() - succeededBefore;
    long duplicates = site.ops.duplicateReferences();
    if (work.open() > 0) {
      problems.add("NOT AT REST: " + work.open() + " payments still open");
    }
    if (charged != settled) {
      problems.add((charged > settled ? "DOUBLED OR LOST: " : "LOST: ") + settled
          + " payments settled, the simulator's book has " + charged + " successful charges");
    }
    if (duplicates > 0) {
      problems.add("DOUBLED: the simulator charged " + duplicates + " references more than once");
    }
  }
}
