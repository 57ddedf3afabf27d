package dev.millrace.fraud;

import java.util.List;
import java.util.Map;

/**
 * A rules file that has been read and compiled.
 *
 * @param lists the entries of each list as keys, so that {@code in} is one look-up whatever the length of the
 *     list
 * @param velocities in the order in which {@link Facts} numbers their counts
 */
record Rules(Map<String, Map<String, Boolean>> lists, List<Velocity> velocities, List<Rule> rules,
    int reviewAtScore,
    int blockAtScore) {}
