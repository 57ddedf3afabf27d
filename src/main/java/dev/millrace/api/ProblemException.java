package dev.millrace.api;

/** Carries a {@link Problem} to the place that answers. Without a stack trace: refusing must stay cheap. */
final class ProblemException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient Problem problem;

  ProblemException(Problem problem) {
    super(problem.code(), null, false, false);
    this.problem = problem;
  }

  Problem problem() { return problem; }
}
