package dev.millrace.payment;

import org.jspecify.annotations.Nullable;

/**
 * A capture or a refund of a payment as it was posted, so that it can be taken back by the same figures.
 *
 * @param reference the provider's name of it; for a capture that has none, empty
 * @param operation what of ours it was, null for one that nobody ordered over the gateway
 * @param amount minor units that the provider took or gave
 * @param excess what of a capture is beyond what was authorized: it stands in suspense
 * @param providerFee what of the provider's fee went with it: taken by a capture, given back by a refund
 * @param gatewayFee the same of the gateway's fee
 * @param reversed whether the provider has taken it back
 */
public record BookedMovement(String reference, @Nullable String operation, long amount, long excess,
    long providerFee, long gatewayFee, boolean reversed) {
  /** What of it is the merchant's. */
  public long share() { return amount - excess; }

  /** So much of its excess is the merchant's, for fees of so much. */
  BookedMovement filled(long more, long ofProvider, long ofGateway) {
    return new BookedMovement(reference, operation, amount, excess - more, providerFee + ofProvider,
        gatewayFee + ofGateway, reversed);
  }

  BookedMovement taken() {
    return new BookedMovement(reference, operation, amount, excess, providerFee, gatewayFee, true);
  }
}
