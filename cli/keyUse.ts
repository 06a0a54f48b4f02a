import type { Tenant } from '../shared/tenants/tenants';
import type { DeviceToken } from '../shared/deviceTokens/deviceTokens';
import { tokenState } from '../shared/deviceTokens/issueToken';
import type { KeyRing } from '../shared/config';
import { hasKey } from '../shared/watches/clientState';
import { isMaintained, watchRowKey, type Watch } from '../shared/watches/watches';
import { plural } from './output';
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
interface WrongKey {
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

/** Beyond this, `status --json` names the others. */
const TENANTS_SHOWN = 2;

/** Which customers receive nothing because of a key, and what to do. No lines when there are none. */
export function describeWrongKeys(wrong: readonly WrongKey[]): string[] {
  if (wrong.length === 0) return [];
  const keys = [...new Set(wrong.map(({ keyId, problem }) => `${keyId} (${problem})`))];
  const tenants = [...new Set(wrong.map(({ tenantId }) => tenantId))];
  const shown = tenants.slice(0, TENANTS_SHOWN).join(', ');
  const more = tenants.length > TENANTS_SHOWN ? `, and ${tenants.length - TENANTS_SHOWN} more` : '';
  const [first = '', ...others] = keys;
  const named = others.length === 0 ? `the key ${first}` : `${keys.length} keys, such as ${first}`;
  return [
    `${plural(wrong.length, 'watch', 'watches')} of ${shown}${more}: signed with ${named}.`,
    'Their notifications are refused. Restore the key in CLIENT_STATE_KEYS, or run subscriptions reconcile.',
  ];
}

/** The keys on one line. */
export function describeKeys(keys: readonly KeyUse[], { unseen }: SignedMessages): string {
  return keys
    .map(({ keyId, role, watches, tokens, messages, removable }) => {
      const words = [role, plural(watches, 'watch', 'watches')];
      if (tokens > 0) words.push(plural(tokens, 'device token'));
      if (role !== 'signs' && messages > 0) words.push(plural(messages, 'message'));
      if (role === 'verifies' && unseen > 0)
        words.push(`perhaps some of ${plural(unseen, 'message')} that cannot be seen`);
      if (removable) words.push('may be removed');
      return `${keyId}: ${words.join(', ')}`;
    })
    .join('; ');
}
