import type { KeyRing } from '../../shared/config';
import { findWrongKeys } from '../../shared/status/keyUse';
import { keyCheckOf } from '../../shared/watches/clientState';
import type { Tenants } from '../../shared/tenants/tenants';
import type { Watch, Watches } from '../../shared/watches/watches';
import { plural } from '../output';
import type { Finding } from './checks';
import { settingCommands } from './remedies';

/** The fingerprint of each key. Two deployments that show the same one have the same key. */
export function showKeys(ring: KeyRing): Finding[] {
  return ring.map((key, place) => ({
    check: `key ${key.keyId}`,
    state: 'ok',
    seen: `${place === 0 ? 'signs' : 'verifies'}, fingerprint ${keyCheckOf(key)}`,
  }));
}

export interface KeyDeps {
  ring: KeyRing;
  tenants: Pick<Tenants, 'list'>;
  watches: Pick<Watches, 'list'>;
  /** Milliseconds since 1970. */
  now: number;
  onUnreadable: (error: Error) => void;
}

/** Whether the keys verify the subscriptions of all watches. */
export async function checkSignedWatches({ ring, tenants, watches, now, onUnreadable }: KeyDeps): Promise<Finding> {
  const check = 'keys of watches';
  const listed = [];
  for await (const tenant of tenants.list(onUnreadable)) listed.push(tenant);
  const stored: Watch[] = [];
  for await (const { watch } of watches.list(undefined, onUnreadable)) stored.push(watch);
  const wrong = findWrongKeys({ tenants: listed, watches: stored, now }, ring);
  if (wrong.length === 0) return { check, state: 'ok', seen: `${plural(stored.length, 'watch', 'watches')}` };
  const keys = [...new Set(wrong.map(({ keyId, problem }) => `${keyId} (${problem})`))].join(', ');
  const seen = `${plural(wrong.length, 'watch is', 'watches are')} signed with ${keys}. Restore the key, or replace the subscriptions`;
  return {
    check,
    state: 'failed',
    seen,
    remedies: [...settingCommands('CLIENT_STATE_KEYS'), 'subscriptions reconcile'],
  };
}
