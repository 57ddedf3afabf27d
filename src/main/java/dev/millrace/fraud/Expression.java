package dev.millrace.fraud;

import dev.cel.runtime.CelEvaluationException;
import dev.cel.runtime.CelRuntime;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A compiled condition on a payment. Thread-safe. */
final class Expression {
  private static final Logger log = LoggerFactory.getLogger(Expression.class);

  private final String where;
  private final CelRuntime.Program program;
  private final Set<String> velocities;
  private final AtomicBoolean failureLogged = new AtomicBoolean();

  /** @param where file and rule, for the log */
  Expression(String where, CelRuntime.Program program, Set<String> velocities) {
    this.where = where;
    this.program = program;
    this.velocities = velocities;
  }

  /** The names of the velocities that it refers to. */
  Set<String> velocities() {
    return velocities;
  }

  /** What came of evaluating an expression for one payment. */
  enum Match {
    YES,
    NO,
    /** It cannot be evaluated: a metadata key that is not there, an overflow. */
    FAILED
  }

  /** Evaluates it. The first failure is logged; the others would be one line a payment. */
  Match match(Facts facts) {
    try {
      return (Boolean) program.eval(facts) ? Match.YES : Match.NO;
    } catch (CelEvaluationException | RuntimeException failure) {
      if (failureLogged.compareAndSet(false, true)) {
        log.warn(
            "expression_failed at=\"{}\" problem=\"{}\" advice=\"guard it: 'x' in payment.metadata && ...\"",
            where, failure.getMessage());
      }
      return Match.FAILED;
    }
  }
}
