package dev.millrace.chaos;

import dev.millrace.testing.Http;
import dev.millrace.testing.Http.Answer;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * One merchant's servers: begin lives of payments at a steady rate, ask for what a life needs, send a part of
 * all requests twice, at once or after an answer that did not come, always under the same key. What a life
 * does follows from seed and number alone.
 */
final class Driver {
  private static final int LANES = 24;
  private static final long AGAIN_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(300);
  /** How long a client waits for an answer before it asks again: less than a node may sleep. */
  private static final Duration ANSWER = Duration.ofSeconds(3);
  private static final Duration PATIENCE = Duration.ofSeconds(12);
  static final String CARD = "4242424242424242";
  /** What a payment says of its payer; not for logs. */
  static final String PAYER = "marked-payer-5b7e";

  private final Balancer nodes;
  private final String merchantKey;
  private final List<String> currencies;
  private final long seed;
  private final int perSecond;
  private final Queue<Intent> intents = new ConcurrentLinkedQueue<>();
  private final Queue<ForeignWebhook> webhooks = new ConcurrentLinkedQueue<>();
  private final Queue<String> refusedWrongly = new ConcurrentLinkedQueue<>();
  private final Queue<String> errors = new ConcurrentLinkedQueue<>();
  private final Queue<String> late = new ConcurrentLinkedQueue<>();
  private final Map<Integer, AtomicInteger> statuses = new ConcurrentHashMap<>();
  private final AtomicInteger next = new AtomicInteger();
  private final ExecutorService lanes = Executors.newVirtualThreadPerTaskExecutor();
  private final long began = System.nanoTime();
  /** What those pay by who want to pay. */
  private volatile String method = "pm_card_visa";
  private volatile boolean stopped;

  private Driver(Balancer nodes, String merchantKey, List<String> currencies, long seed, int perSecond) {
    this.currencies = currencies;
    this.nodes = nodes;
    this.merchantKey = merchantKey;
    this.seed = seed;
    this.perSecond = perSecond;
  }

  /** Begins to pay at these nodes, {@code perSecond} payments. */
  static Driver start(Balancer nodes, String merchantKey, List<String> currencies, long seed,
      int perSecond) {
    var driver = new Driver(nodes, merchantKey, currencies, seed, perSecond);
    for (int i = 0; i < LANES; i++) driver.lanes.execute(driver::lane);
    return driver;
  }

  /** From now on whoever wants to pay does so by this. */
  void payBy(String other) {
    method = other;
  }

  private void lane() {
    while (!stopped) {
      int n = next.getAndIncrement();
      long due = began + n * TimeUnit.SECONDS.toNanos(1) / perSecond;
      while (!stopped && due - System.nanoTime() > 0) LockSupport.parkNanos(due - System.nanoTime());
      if (!stopped) new Life(n).live();
    }
  }

  /** What one payment goes through. */
  private final class Life {
    final int n;
    final Random dice;
    int steps;

    Life(int n) {
      this.n = n;
      this.dice = new Random(seed ^ n * 0x9e3779b97f4a7c15L);
    }

    void live() {
      switch (dice.nextInt(16)) {
        case 0, 1 -> hold("capture", Intent.Kind.CAPTURE, "{\"amount\":%d}");
        case 2 -> hold("cancel", Intent.Kind.CANCEL, "{}");
        case 3, 4, 5 -> refund();
        case 6 -> pay("pm_card_visa_chargeDeclined", "");
        case 7 -> pay("pm_sim_charge_then_hang", "");
        // At Stripe: Adyen has no way to be asked but to repeat the request, and would answer 500 for ever.
        case 8 -> pay("usd", "pm_sim_500", "");
        case 9 -> card();
        case 10 -> webhook();
        default -> pay(method, "");
      }
    }

    private String currency() { return currencies.get(dice.nextInt(currencies.size())); }

    private Intent pay(String method, String more) { return pay(currency(), method, more); }

    private Intent pay(String currency, String method, String more) {
      long amount = 100 + dice.nextInt(100_000);
      return ask(Intent.Kind.PAYMENT, "/v1/payments", "{\"amount\":" + amount + ",\"currency\":\"" + currency
          + "\",\"payment_method\":\"" + method + "\",\"metadata\":{\"payer\":\"" + PAYER + "\"}" + more
          + "}");
    }

    /** Holds, and then captures a part or cancels. */
    private void hold(String act, Intent.Kind kind, String body) {
      Intent held = pay(method, ",\"capture\":\"manual\"");
      if (held.accepted() && awaited(held.id(), "authorized"))
        ask(kind, "/v1/payments/" + held.id() + "/" + act, body.formatted(1 + dice.nextInt(100)));
    }

    private void refund() {
      Intent paid = pay(method, "");
      if (!paid.accepted() || !awaited(paid.id(), "settled")) return;
      for (int i = 0; i <= dice.nextInt(2); i++)
        ask(Intent.Kind.REFUND, "/v1/payments/" + paid.id() + "/refunds",
            "{\"amount\":" + (1 + dice.nextInt(50)) + "}");
    }

    /** A card number, where none may be: it must be refused, and found nowhere afterwards. */
    private void card() {
      Intent refused = pay("pm_card_visa", ",\"description\":\"" + CARD + "\"");
      if (refused.accepted()) refusedWrongly.add("a card number was accepted: " + refused);
    }

    /** The provider tells something, to one node or to both at once. */
    private void webhook() {
      var webhook = new ForeignWebhook(webhookPrefix() + n);
      webhooks.add(webhook);
      int node = dice.nextInt(Deployment.NODES.size());
      if (dice.nextBoolean()) Thread.ofVirtual().start(() -> webhook.sendTo(nodes.url(node + 1)));
      tell(webhook, node, PATIENCE);
    }

    /** Whether it comes so far before patience ends. */
    private boolean awaited(String payment, String status) {
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (!stopped && System.nanoTime() - end < 0) {
        try {
          var answer = Http.send("GET", nodes.url(n) + "/v1/payments/" + payment,
              Map.of("Authorization", "Bearer " + merchantKey), null, ANSWER);
          judge(answer.status(), answer);
          if (answer.status() == 200 && answer.json().getString("status").equals(status)) return true;
        } catch (UncheckedIOException e) {
          // That node is away just now.
        }
        LockSupport.parkNanos(LOOK_NANOS);
      }
      return false;
    }

    private Intent ask(Intent.Kind kind, String path, String body) {
      var intent = new Intent(kind, "chaos-" + seed + "-" + n + "-" + steps++, path, body);
      intents.add(intent);
      int node = dice.nextInt(Deployment.NODES.size());
      boolean twice = dice.nextInt(5) == 0;
      if (twice) {
        var rival = Thread.ofVirtual().start(() -> insist(intent, node + 1, PATIENCE));
        insist(intent, node, PATIENCE);
        try {
          rival.join();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      } else {
        insist(intent, node, PATIENCE);
      }
      return intent;
    }
  }

  /** Sends it, to one node after the other, until it is known what became of it or the time is up. */
  private boolean insist(Intent intent, int node, Duration bound) {
    long end = System.nanoTime() + bound.toNanos();
    for (int i = node; System.nanoTime() - end < 0; i++) {
      if (intent.took(send(nodes.url(i), intent, intent.body))) return true;
      LockSupport.parkNanos(AGAIN_NANOS);
    }
    return false;
  }

  private void tell(ForeignWebhook webhook, int node, Duration bound) {
    long end = System.nanoTime() + bound.toNanos();
    for (int i = node; System.nanoTime() - end < 0 && !webhook.sendTo(nodes.url(i)); i++)
      LockSupport.parkNanos(AGAIN_NANOS);
  }

  private Answer send(String url, Intent intent, String body) {
    try {
      var answer = Http.send("POST", url + intent.path, Http.create(merchantKey, intent.key), body, ANSWER);
      count(answer.status(), answer);
      return answer;
    } catch (UncheckedIOException e) {
      // Nobody listens: whatever spreads requests over nodes goes to the next one.
      if (e.getCause() instanceof HttpTimeoutException) late.add(intent.toString());
      else if (!(e.getCause() instanceof ConnectException)) errors.add(intent + ": " + e.getCause());
      count(0, null);
      return null;
    }
  }

  private void count(int status, Answer answer) {
    statuses.computeIfAbsent(status, s -> new AtomicInteger()).incrementAndGet();
    if (answer != null) judge(status, answer);
  }

  /** What no client should see: a failure that does not say when to come back. */
  private void judge(int status, Answer answer) {
    boolean wait = status == 429 || status == 503;
    if ((status >= 500 || wait) && !(wait && answer.header("Retry-After") != null))
      errors.add(status + " " + answer.body());
  }

  /** Begins nothing more, and asks again for everything of which it is not known what became of it. */
  void stop() {
    stopped = true;
    lanes.close();
    inParallel(intent -> {
      if (!intent.known()) insist(intent, 0, Duration.ofSeconds(30));
    });
    webhooks.forEach(webhook -> {
      if (!webhook.taken()) tell(webhook, 0, Duration.ofSeconds(30));
    });
  }

  /**
   * Everything that was accepted, once more at every node: it must be answered as it was; another body never.
   */
  void repeatAll() {
    inParallel(intent -> {
      if (!intent.accepted()) return;
      for (int node = 0; node < Deployment.NODES.size(); node++)
        if (!insist(intent, node, Duration.ofSeconds(20)))
          refusedWrongly.add("never answered again: " + intent);
      var other = otherBody(intent, Duration.ofSeconds(20));
      if (other == null || other.status() != 422)
        refusedWrongly.add("another body under " + intent + ": "
            + (other == null ? "no answer" : other.status() + " " + other.body()));
    });
  }

  /** The last answer to another body under the same key, the first that is not: try again. */
  private Answer otherBody(Intent intent, Duration bound) {
    long end = System.nanoTime() + bound.toNanos();
    Answer answer = null;
    for (int i = 0; System.nanoTime() - end < 0; i++) {
      answer = send(nodes.url(i), intent, otherThan(intent.body));
      if (answer != null && !Intent.passing(answer)) break;
      LockSupport.parkNanos(AGAIN_NANOS);
    }
    return answer;
  }

  private static String otherThan(String body) {
    return body.equals("{}")
        ? "{\"reason\":\"duplicate\"}"
        : body.replaceFirst("\"amount\":", "\"amount\":1");
  }

  private void inParallel(Consumer<Intent> act) {
    try (var pool = Executors.newFixedThreadPool(16, Thread.ofVirtual().factory())) {
      intents.forEach(intent -> pool.execute(() -> act.accept(intent)));
    }
  }

  /** Gives up without asking what became of anything. */
  void abandon() {
    stopped = true;
    lanes.shutdownNow();
  }

  List<Intent> intents() { return List.copyOf(intents); }

  /** From now on these count as its own: for whoever tests what is said of them. */
  void adopt(List<Intent> others, List<ForeignWebhook> told) {
    intents.addAll(others);
    webhooks.addAll(told);
  }

  void disown(List<Intent> others, List<ForeignWebhook> told) {
    intents.removeAll(others);
    webhooks.removeAll(told);
  }

  /** What the provider told. */
  List<ForeignWebhook> webhooks() {
    return List.copyOf(webhooks);
  }

  /** How the ids of all of those begin. */
  String webhookPrefix() {
    return "evt_chaos" + Long.toHexString(seed) + "n";
  }

  /** What was accepted that must not be, or answered otherwise than it must be. */
  List<String> refusedWrongly() {
    return List.copyOf(refusedWrongly);
  }

  /**
   * What a client saw that it should never see, as long as one node is there: cut connections, failures
   * without Retry-After.
   */
  List<String> errors() {
    return List.copyOf(errors);
  }

  /** Requests whose answers were not waited for to the end. */
  List<String> late() {
    return List.copyOf(late);
  }

  /** Requests that were to be sent again later. */
  long refused() {
    return statuses.entrySet().stream().filter(e -> e.getKey() == 429 || e.getKey() == 503)
        .mapToLong(e -> e.getValue().get()).sum();
  }

  String merchantKey() { return merchantKey; }

  /** Requests sent, repetitions and all. */
  long sent() {
    return statuses.values().stream().mapToLong(AtomicInteger::get).sum();
  }

  long accepted() { return intents.stream().filter(Intent::accepted).count(); }

  Map<Integer, AtomicInteger> statuses() { return statuses; }
}
