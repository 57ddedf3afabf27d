package dev.millrace.identity;

import dev.millrace.idempotency.Fingerprint;
import dev.millrace.platform.Networks;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Who a key belongs to. Keys are known by their SHA-256 only. Looked up in Postgres once, then remembered for
 * {@value #FRESH_MS} ms (a revoked key works that long at most); while Postgres is away, what is remembered
 * goes on being used. Unknown keys are remembered too, so that guessing does not load Postgres. Owned by one
 * event loop.
 */
public final class Credentials {
  static final long FRESH_MS = 10_000;
  private static final int REMEMBERED_MAX = 10_000;

  /**
   * A merchant in one mode. {@code rate}: requests a second, null for what is set for all; {@code expires}:
   * milliseconds since 1970; {@code networks}: from where it may be used, none for anywhere.
   */
  public record Credential(UUID key, UUID merchant, boolean livemode, @Nullable Integer rate, long expires,
      Networks networks, Scopes scopes) {
    /** Whether it lets a caller in who calls from {@code address} at {@code now}. */
    public boolean admits(String address, long now) {
      return now < expires && (networks.isEmpty() || networks.contain(address));
    }
  }

  private record Remembered(@Nullable Credential credential, long untilNanos) {}

  private final MerchantStore merchants;
  private final Fingerprint sha256 = new Fingerprint();
  private final Map<Buffer, Remembered> remembered = new LinkedHashMap<>(256, 0.75f, true) {
    private static final long serialVersionUID = 1;

    @Override
    protected boolean removeEldestEntry(Map.Entry<Buffer, Remembered> eldest) {
      return size() > REMEMBERED_MAX;
    }
  };

  private final Set<UUID> used = new HashSet<>();

  public Credentials(MerchantStore merchants) { this.merchants = merchants; }

  /** The key of an {@code Authorization} header, or null when it is not {@code Bearer <key>}. */
  public static @Nullable String bearer(@Nullable String authorization) {
    if (authorization == null || authorization.length() < 8 || authorization.length() > 300) return null;
    return authorization.regionMatches(true, 0, "Bearer ", 0, 7) ? authorization.substring(7).trim() : null;
  }

  /** Whether it is known whose the key is, without a look into Postgres. */
  public boolean remembers(String key) {
    Remembered known = remembered.get(sha256.of(key));
    return known != null && known.credential != null;
  }

  /** The credential of a key; null when it is unknown or revoked. Completes at once when it is remembered. */
  public Future<@Nullable Credential> of(String key) {
    Buffer hash = sha256.of(key);
    Remembered known = remembered.get(hash);
    if (known != null && System.nanoTime() - known.untilNanos < 0)
      return Future.succeededFuture(known.credential);
    return merchants.find(hash)
        .map(found -> {
          remembered.put(hash,
              new Remembered(found, System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(FRESH_MS)));
          return found;
        }).recover(failure -> known == null || known.credential == null
            ? Future.failedFuture(failure)
            : Future.succeededFuture(known.credential));
  }

  /** Somebody was let in by this one. */
  public void used(Credential credential) { used.add(credential.key); }

  /** Writes down which keys were used since the last time; nothing where none was. */
  public Future<Void> noteUse() {
    if (used.isEmpty()) return Future.succeededFuture();
    var noted = Set.copyOf(used);
    used.clear();
    return merchants.used(noted);
  }
}
