package dev.millrace.fraud;

import org.jspecify.annotations.Nullable;

/**
 * Adds up what the rules say of one payment. The most severe decision wins; between a rule's own decision and
 * the score's equal one, the rule's; between rules, the first. Owned by one screening; not thread-safe.
 */
final class Verdict {
  private final int reviewAtScore;
  private final int blockAtScore;
  private int score;
  private @Nullable String blockedBy;
  private @Nullable String reviewedBy;
  private @Nullable String blockedByScoreOf;
  private @Nullable String reviewedByScoreOf;

  Verdict(int reviewAtScore, int blockAtScore) {
    this.reviewAtScore = reviewAtScore;
    this.blockAtScore = blockAtScore;
  }

  /** A rule that cannot be evaluated sends the payment to review, whatever it would have decided. */
  void apply(Rule rule, Facts facts) {
    switch (rule.when().match(facts)) {
      case NO -> {
      }
      case FAILED -> decide(rule.name(), Decision.REVIEW);
      case YES -> {
        if (rule.decision() != null) {
          decide(rule.name(), rule.decision());
        } else {
          score(rule.name(), rule.score());
        }
      }
    }
  }

  private void decide(String rule, Decision decision) {
    switch (decision) {
      case CLEAR -> {
      }
      case REVIEW -> reviewedBy = reviewedBy == null ? rule : reviewedBy;
      case BLOCK -> blockedBy = blockedBy == null ? rule : blockedBy;
    }
  }

  private void score(String rule, int points) {
    score += points;
    if (score >= reviewAtScore && reviewedByScoreOf == null) {
      reviewedByScoreOf = rule;
    }
    if (score >= blockAtScore && blockedByScoreOf == null) {
      blockedByScoreOf = rule;
    }
  }

  boolean blocked() {
    return blockedBy != null || blockedByScoreOf != null;
  }

  Screening screening(boolean velocityKnown) {
    if (blocked()) {
      return new Screening(Decision.BLOCK, blockedBy != null ? blockedBy : blockedByScoreOf, score,
          velocityKnown);
    }
    String review = reviewedBy != null ? reviewedBy : reviewedByScoreOf;
    return new Screening(review != null ? Decision.REVIEW : Decision.CLEAR, review, score, velocityKnown);
  }
}
