package dev.millrace.platform;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;

/** How far this node has come: which of its roles do not work yet, and whether it goes. Thread-safe. */
public final class NodeState {
  private final Set<String> starting;
  private volatile boolean leaving;

  /** {@code roles}: all that this node has. */
  public NodeState(Set<String> roles) {
    this.starting = new ConcurrentSkipListSet<>(roles);
  }

  /** A role does all that it is there for: it listens, and has joined those that it shares its work with. */
  public void up(String role) {
    starting.remove(role);
  }

  /** The roles that are not up yet, in the order of their names. */
  public List<String> starting() {
    return List.copyOf(starting);
  }

  /** It has been told to stop: no more requests should be sent to it, whatever else is the case. */
  public void leave() {
    leaving = true;
  }

  public boolean leaving() { return leaving; }
}
