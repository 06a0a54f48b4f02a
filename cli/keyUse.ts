import type { Tenant } from '../shared/tenants/tenants';
import type { DeviceToken } from '../shared/deviceTokens/deviceTokens';
import { tokenState } from '../shared/deviceTokens/issueToken';
import { isMaintained, type Watch } from '../shared/watches/watches';
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
  const byId = new Map(tenants.map((tenant) => [tenant.tenantId, tenant]));
  const isInUse = ({ tenantId, kind, expirationDateTime }: Watch) => {
    // A subscription in creation has no expiry yet. Nothing is created for a watch that is not reconciled.
    const end = expirationDateTime ?? (isMaintained(byId.get(tenantId), kind) ? undefined : '');
    return end === undefined || Date.parse(end) > now;
  };
  const ofWatches = watches.filter(isInUse).flatMap(({ keyId }) => keyId ?? []);
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
