package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import org.junit.jupiter.api.Test;

final class NodeStateTest {
  @Test
  void node_hasStarted_onceEachRoleIsUp() {
    var node = new NodeState(Set.of("processor", "api"));
    assertThat(node.starting()).containsExactly("api", "processor");
    node.up("api");
    node.up("nobody");
    assertThat(node.starting()).containsExactly("processor");
    node.up("processor");
    node.up("processor");
    assertThat(node.starting()).isEmpty();
    assertThat(node.leaving()).isFalse();
  }

  @Test
  void node_thatLeaves_staysSo() {
    var node = new NodeState(Set.of("api"));
    node.leave();
    node.up("api");
    assertThat(node.leaving()).isTrue();
  }
}
