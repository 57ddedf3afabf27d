package dev.millrace.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A class of tests that takes long, mostly because it waits, and has servers or at least databases of its
 * own. Two classes run at a time, of which at most one is none of these.
 *
 * <p>Each holds a {@code ResourceLock} with its own name, for which nobody else asks: JUnit runs the tests of
 * a class that holds one in one thread. One that was shared would have it start another thread for each class
 * that waits.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Execution(ExecutionMode.CONCURRENT)
public @interface ConcurrentTests {}
