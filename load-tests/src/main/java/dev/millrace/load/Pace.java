package dev.millrace.load;

/** Decides when the next request is sent. Lives on the generator's event loop, like everything it touches. */
sealed interface Pace permits ClosedPace, OpenPace {
  void start();

  /** `connection` has nothing in flight; `status` is its last answer, 0 for none. */
  void free(Connection connection, int status);

  /** `connection` broke; it is free again once it is reconnected. */
  void lost(Connection connection);

  /** No new requests; those already due are still sent. */
  void stop();

  /** Due, but not yet sent. */
  int waiting();
}
