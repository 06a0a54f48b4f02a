import type { KeyRing } from '../config';
import type { DeviceToken } from '../deviceTokens/deviceTokens';
import { tokenState } from '../deviceTokens/issueToken';
import type { Tenant } from '../tenants/tenants';
import { hasKey } from '../watches/clientState';
import { isMaintained } from '../watches/gone';
import { watchRowKey, type Watch } from '../watches/watches';
import type { SignedMessages } from './queueStates';

/**
 * A key of the ring, or one that signed something in use. A `missing` key was removed too early: notifications of its watches
 * are answered with 503, which Graph retries for four hours, its messages wait, and its device tokens are refused.
 */
export interface KeyUse {
  keyId: string;
  role: 'signs' | 'verifies' | 'missing';
  /** Live subscriptions, and those in creation, of any tenant. Expired subscriptions send nothing and do not count. */
  watches: number;
  /** Tokens of devices that are valid now. */
  tokens: number;
  /** Messages in the queues of the app and their poison queues, as far as they can be seen. */
  messages: number;
  /** It verifies, nothing is signed with it, and no message is hidden: it may leave CLIENT_STATE_KEYS. */
  removable: boolean;
}

/** The use of each key at `now` (milliseconds since 1970). `ring` are the key ids in their order. */
export function summarizeKeys(seen: {
  tenants: readonly Tenant[];
  watches: readonly Watch[];
  tokens: readonly DeviceToken[];
  ring: readonly string[];
  signed: SignedMessages;
  now: number;
}): KeyUse[] {
  const { tenants, watches, tokens, ring, signed, now } = seen;
  const ofWatches = watchesInUse({ tenants, watches, now }).flatMap(({ keyId }) => keyId ?? []);
  const ofTokens = tokens.filter((token) => tokenState(token, now) === 'active').map(({ keyId }) => keyId);
  const count = (keyIds: readonly string[], keyId: string) => keyIds.filter((one) => one === keyId).length;
  return [...new Set([...ring, ...ofWatches, ...ofTokens, ...signed.keyIds])].map((keyId) => {
    const role = keyId === ring[0] ? 'signs' : ring.includes(keyId) ? 'verifies' : 'missing';
    const use = {
      watches: count(ofWatches, keyId),
      tokens: count(ofTokens, keyId),
      messages: count(signed.keyIds, keyId),
    };
    const removable = role === 'verifies' && use.watches + use.tokens + use.messages + signed.unseen === 0;
    return { keyId, role, ...use, removable };
  });
}

/** Watches whose notifications may arrive. */
function watchesInUse({ tenants, watches, now }: WatchesSeen): Watch[] {
  const byId = new Map(tenants.map((tenant) => [tenant.tenantId, tenant]));
  return watches.filter(({ tenantId, kind, expirationDateTime }) => {
    // A subscription in creation has no expiry yet. Nothing is created for a watch that is not reconciled.
    const end = expirationDateTime ?? (isMaintained(byId.get(tenantId), kind) ? undefined : '');
    return end === undefined || Date.parse(end) > now;
  });
}

interface WatchesSeen {
  tenants: readonly Tenant[];
  watches: readonly Watch[];
  /** Milliseconds since 1970. */
  now: number;
}

/** A watch whose subscription is signed with a key that CLIENT_STATE_KEYS does not hold: its notifications are refused. */
export interface WrongKey {
  tenantId: string;
  watch: string;
  keyId: string;
  /** `changed`: CLIENT_STATE_KEYS holds another value under this id. */
  problem: 'missing' | 'changed';
}

/** The watches in use that the keys of the settings cannot verify. */
export function findWrongKeys(seen: WatchesSeen, ring: KeyRing): WrongKey[] {
  return watchesInUse(seen).flatMap((watch) => {
    const { tenantId, keyId } = watch;
    if (keyId === undefined || hasKey(ring, watch)) return [];
    const problem = ring.some((key) => key.keyId === keyId) ? 'changed' : 'missing';
    return [{ tenantId, watch: watchRowKey(watch), keyId, problem }];
  });
}
