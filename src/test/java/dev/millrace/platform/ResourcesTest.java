package dev.millrace.platform;

import static org.assertj.core.api.Assertions.assertThat;

import io.vertx.core.Future;
import io.vertx.core.Promise;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ResourcesTest {
  private final Resources resources = new Resources();
  private final List<String> closed = new ArrayList<>();

  private Future<Void> note(String name) {
    closed.add(name);
    return Future.succeededFuture();
  }

  @Test
  void resources_areClosedInReverse_eachAfterTheOneBefore() {
    Promise<Void> last = Promise.promise();
    assertThat(resources.add("first", this::note)).isEqualTo("first");
    resources.onClose(() -> closed.add("second"));
    resources.add("third", name -> note(name).compose(v -> last.future()));
    Future<Void> all = resources.close();
    assertThat(closed).containsExactly("third");
    assertThat(all.isComplete()).isFalse();
    last.complete();
    assertThat(closed).containsExactly("third", "second", "first");
    assertThat(all.succeeded()).isTrue();
  }

  @Test
  void resource_thatCannotBeClosed_keepsNoOtherOpen() {
    resources.add("first", this::note);
    resources.add("fails", name -> note(name).compose(v -> Future.failedFuture("no")));
    resources.add("throws", name -> {
      closed.add(name);
      throw new IllegalStateException("no");
    });
    assertThat(resources.close().succeeded()).isTrue();
    assertThat(closed).containsExactly("throws", "fails", "first");
  }

  @Test
  void resources_areClosedOnce() {
    resources.add("first", this::note);
    assertThat(resources.close().succeeded()).isTrue();
    assertThat(resources.close().succeeded()).isTrue();
    assertThat(closed).containsExactly("first");
  }
}
