/** What can be changed while the simulator runs: latency, faults, answers and how webhooks travel. */
@NullMarked
package dev.millrace.simulator.settings;

import org.jspecify.annotations.NullMarked;
