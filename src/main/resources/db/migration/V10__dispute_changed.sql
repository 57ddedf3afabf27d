-- What settlement nets (settlement/Settler.java): with disputes of which the amount changed.
DROP INDEX journal_movement;
CREATE INDEX journal_movement ON journal (xid, position) WHERE type IN ('payment.confirmed', 'payment.captured',
  'payment.refunded', 'payment.returned', 'payment.disputed', 'payment.dispute_won', 'payment.charged_back',
  'payment.capture_reversed', 'payment.refund_reversed', 'payment.dispute_reopened', 'payment.chargeback_reversed',
  'payment.dispute_changed', 'payment.return_reversed', 'payment.corrected');
