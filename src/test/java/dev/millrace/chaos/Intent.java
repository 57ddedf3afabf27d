package dev.millrace.chaos;

import dev.millrace.testing.Http.Answer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Something a merchant wants done once: one key, one request, however often it is sent. Keeps the first
 * answer, which every later one must equal. The requests are valid, but for a card number now and then:
 * nothing else may be refused for good.
 */
final class Intent {
  enum Kind {
    PAYMENT, CAPTURE, CANCEL, REFUND
  }

  final Kind kind;
  final String key;
  final String path;
  final String body;
  private Answer first;
  private final List<String> oddities = new ArrayList<>();

  Intent(Kind kind, String key, String path, String body) {
    this.kind = kind;
    this.key = key;
    this.path = path;
    this.body = body;
  }

  /** Takes in an answer; null when none came. Answers whether it settles the matter. */
  synchronized boolean took(Answer answer) {
    if (answer == null || passing(answer)) return false;
    if (answer.status() >= 500) {
      oddities.add(answer.status() + " " + answer.body());
      return false;
    }
    if (!accepted(answer) && !dueRefusal(answer))
      oddities.add("refused for no reason: " + answer.status() + " " + answer.body());
    if (first == null) first = answer;
    else
      if (first.status() != answer.status()
          || accepted(first) && !Arrays.equals(first.bytes(), answer.bytes()))
        oddities.add("first " + first.status() + " " + first.body() + ", then " + answer.status() + " "
            + answer.body());
    return true;
  }

  /**
   * Whether it had to be refused, and in this way. Captures and cancellations are asked for once, of what is
   * authorized; refunds of what is settled, all together of less than the least amount; and a rival under the
   * same key waits its turn.
   */
  private boolean dueRefusal(Answer answer) {
    return kind == Kind.PAYMENT && body.contains(Driver.CARD) && answer.status() == 400
        && answer.code().equals("card_number_refused");
  }

  /** Says: not now, try again. */
  static boolean passing(Answer answer) {
    return answer.status() == 429 || answer.status() == 503 || answer.status() == 408
        || answer.status() == 409 && answer.code().equals("idempotency_key_in_use");
  }

  private static boolean accepted(Answer answer) { return answer.status() < 300; }

  /** Whether it was taken on; false also while nothing is known. */
  synchronized boolean accepted() {
    return first != null && accepted(first);
  }

  /** Whether it is known what became of it. */
  synchronized boolean known() { return first != null; }

  /** The id in the answer: of the payment, or of the refund. */
  synchronized String id() {
    return first.json().getString("id");
  }

  /** Answers that contradict each other, are none, or refuse what must not be refused. */
  synchronized List<String> oddities() {
    return oddities.stream().map(odd -> kind + " " + key + ": " + odd).toList();
  }

  @Override
  public synchronized String toString() {
    return kind + " " + key + " " + path + " " + body + " -> "
        + (first == null ? "unknown" : first.status() + " " + first.body());
  }
}
