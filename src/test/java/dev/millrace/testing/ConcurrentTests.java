package dev.millrace.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/**
 * A class of tests that takes long, mostly because it waits, and has servers or at least databases of its
 * own. Those that are marked run one after the other, at the same time as the others, which do so too: by a
 * common lock, as JUnit replaces each thread that joins a future, so that without it all would run at once.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock("concurrent tests")
public @interface ConcurrentTests {}
