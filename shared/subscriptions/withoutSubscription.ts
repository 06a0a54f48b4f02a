import type { Watch } from '../watches/watches';

/** The row of a watch whose subscription Graph has no more. Its URL stays: a 409 may show one that was made for it. */
export function withoutSubscription(watch: Watch): Watch {
  const { subscriptionId: _id, keyId: _keyId, expirationDateTime: _expiry, ...bare } = watch;
  return bare;
}
