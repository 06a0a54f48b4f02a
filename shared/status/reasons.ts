import { plural } from '../plural';
import { QUEUE_NAMES } from '../storage/account';
import type { Tenant } from '../tenants/tenants';
import { watchState } from '../watches/watches';
import type { UnreadableRules } from './jobStates';
import type { KeyUse, WrongKey } from './keyUse';
import type { QueueState } from './queueStates';
import { driftReasons } from './driftReasons';
import { earliest, type StoredRows } from './summary';
import { readUpkeep, sinceRenewed, type Upkeep } from './upkeep';

/** Why a person should look at the service. */
export interface Reason {
  /** Stays the same from version to version. */
  reason:
    | 'settingsInvalid'
    | 'wrongKeys'
    | 'missingKeys'
    | 'noSubscription'
    | 'expiring'
    | 'renewalLate'
    | 'sweepLate'
    | 'queueStuck'
    | 'poison'
    | 'deadEvents'
    | 'unreadableRules'
    | 'rulesNotDelivered'
    | 'unreadableRows'
    | 'printerGone'
    | 'definitionGone'
    | 'triggersLost'
    | 'tenantRefused';
  /** One sentence without its full stop. */
  problem: string;
  /** The command to type next, without the name of the program. */
  next: string;
}

export interface Seen extends StoredRows {
  keys: readonly KeyUse[];
  wrongKeys: readonly WrongKey[];
  queues: readonly QueueState[];
  unreadableRules: readonly UnreadableRules[];
  /** How many rows cannot be read. */
  unreadableRows: number;
}

const MINUTE_MS = 60_000;
/** Every live subscription is renewed once an hour (subscriptions/plan.ts). */
const RENEWAL_LATE_MS = 2 * 60 * MINUTE_MS;
/** Of the 70 hours of a subscription. Enough for a person to correct the cause. */
const EXPIRY_NEAR_MS = 24 * 60 * MINUTE_MS;
/** The sweep and the renewal of subscriptions run every 10 minutes. */
const SWEEP_LATE_MS = 60 * MINUTE_MS;
/** A subscription is created within the ten minutes of the timer, and again after a back-off. */
export const CREATE_LATE_MS = 30 * MINUTE_MS;
/** The host looks at a queue every 2 seconds. A message that waits for a pause or a place is not visible. */
const QUEUE_STUCK_MINUTES = 15;

/** The reasons for attention, what stops notifications first. Empty: the service is healthy, as far as storage shows. */
export function findReasons(seen: Seen): Reason[] {
  const { tenants, queues } = seen;
  const upkeep = readUpkeep(seen);
  return [
    ...keyReasons(seen),
    ...subscriptionReasons(upkeep, seen.now),
    ...sweepReasons(upkeep, seen.now),
    ...queues.flatMap(queueReasons),
    ...seen.unreadableRules.map(rulesReason),
    ...(seen.unreadableRows === 0
      ? []
      : [
          {
            reason: 'unreadableRows' as const,
            problem: `${plural(seen.unreadableRows, 'row')} cannot be read`,
            next: 'status --json',
          },
        ]),
    ...driftReasons(seen),
    ...tenants.filter(({ status }) => status === 'active').flatMap(refusalOf),
  ];
}

function rulesReason({ cause, blob, problem, tenantIds, onFailure }: UnreadableRules): Reason {
  const customers = plural(tenantIds.length, 'customer');
  if (cause === 'storage') {
    const waiting = `the jobs of ${customers} wait for it, at most until the deadline of their tasks`;
    return {
      reason: 'rulesNotDelivered',
      problem: `${blob} cannot be read: ${problem}, so ${waiting}`,
      next: 'doctor',
    };
  }
  const [first = ''] = tenantIds;
  return {
    reason: 'unreadableRules',
    problem: `${blob} cannot be read: ${problem}, so onFailure (${onFailure.join(', ')}) ends jobs of ${customers}`,
    next: blob === `rules/${first}.json` ? `rules pull --tenant ${first}` : 'rules pull',
  };
}

function refusalOf({ tenantId, lastError }: Tenant): Reason[] {
  if (lastError === undefined) return [];
  const problem = `Customer ${tenantId} refuses the app: ${lastError.replace(/\.$/, '')}`;
  return [{ reason: 'tenantRefused', problem, next: `tenants show ${tenantId}` }];
}

function keyReasons({ keys, wrongKeys }: Seen): Reason[] {
  const reasons: Reason[] = [];
  if (wrongKeys.length > 0) {
    const named = listed([...new Set(wrongKeys.map(({ keyId, problem }) => `${keyId} (${problem})`))]);
    const tenants = listed([...new Set(wrongKeys.map(({ tenantId }) => tenantId))]);
    reasons.push({
      reason: 'wrongKeys',
      problem: `CLIENT_STATE_KEYS lacks ${named}, which signed ${plural(wrongKeys.length, 'watch', 'watches')} of ${tenants}`,
      next: 'subscriptions reconcile',
    });
  }
  const missing = keys.filter(({ role, tokens, messages }) => role === 'missing' && tokens + messages > 0);
  if (missing.length > 0) {
    const count = (of: 'tokens' | 'messages') => missing.reduce((sum, key) => sum + key[of], 0);
    const signed = `${plural(count('tokens'), 'device token')} and ${plural(count('messages'), 'message')}`;
    reasons.push({
      reason: 'missingKeys',
      problem: `CLIENT_STATE_KEYS lacks ${listed(missing.map(({ keyId }) => keyId))}, which signed ${signed}`,
      // Messages wait for the key. A device needs a new token where the key is lost.
      next: count('tokens') > 0 ? 'tenants token list' : 'status --json',
    });
  }
  return reasons;
}

/** The first of several names, and how many more there are. */
function listed([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

function subscriptionReasons({ maintained, live }: Upkeep, now: number): Reason[] {
  const without = maintained.filter((watch) => {
    if (watch.status === 'pending') return sinceRenewed(watch, now) > CREATE_LATE_MS;
    return watch.status === 'createFailed' || watchState(watch, now) === 'lapsed';
  });
  const expiring = live.filter((watch) => {
    const left = Date.parse(watch.expirationDateTime ?? '') - now;
    return left < EXPIRY_NEAR_MS && sinceRenewed(watch, now) > RENEWAL_LATE_MS;
  });
  const reasons: Reason[] = [];
  if (without.length > 0) {
    reasons.push({
      reason: 'noSubscription',
      problem: `${plural(without.length, 'watch has', 'watches have')} no subscription at Graph, so the sweep alone finds jobs`,
      next: 'subscriptions reconcile --retry-now',
    });
  }
  if (expiring.length > 0) {
    const first = earliest(expiring.map(({ expirationDateTime }) => Date.parse(expirationDateTime ?? '')));
    reasons.push({
      reason: 'expiring',
      problem: `${plural(expiring.length, 'subscription')} could not be renewed, and the first expires in ${minutes(first - now)}`,
      next: 'subscriptions reconcile --retry-now',
    });
  }
  const lastRenewal = earliest(live.map((watch) => sinceRenewed(watch, now)));
  if (live.length > 0 && lastRenewal > RENEWAL_LATE_MS) {
    reasons.push({
      reason: 'renewalLate',
      problem: `The last renewal of a subscription was ${minutes(lastRenewal)} ago, and each is due every hour`,
      next: 'subscriptions reconcile',
    });
  }
  return reasons;
}

function sweepReasons({ sweptTimes }: Upkeep, now: number): Reason[] {
  const late = sweptTimes.filter((sweptAt) => now - sweptAt > SWEEP_LATE_MS);
  if (late.length === 0) return [];
  const oldest = minutes(now - earliest(late));
  const problem = `${plural(late.length, 'customer')} had no complete sweep for ${oldest}, and one is due every 10 minutes`;
  return [{ reason: 'sweepLate', problem, next: 'jobs sweep' }];
}

function queueReasons({ queue, waiting, poison = 0, oldestWaitingMinutes = 0 }: QueueState): Reason[] {
  const reasons: Reason[] = [];
  if (oldestWaitingMinutes > QUEUE_STUCK_MINUTES) {
    const problem = `A message of ${queue} has waited for ${oldestWaitingMinutes} minutes: the app does not run, or cannot keep up`;
    reasons.push({ reason: 'queueStuck', problem, next: 'doctor' });
  }
  if (poison > 0) {
    const problem = `${plural(poison, 'message')} in the poison queue of ${queue}`;
    reasons.push({ reason: 'poison', problem, next: 'poison list' });
  }
  if (queue === QUEUE_NAMES.deadEvents && waiting > 0) {
    const problem = `The sink has not accepted ${plural(waiting, 'event')} within three days`;
    reasons.push({ reason: 'deadEvents', problem, next: `poison replay --queue ${QUEUE_NAMES.jobEvents}` });
  }
  return reasons;
}

function minutes(ms: number): string {
  return plural(Math.floor(ms / MINUTE_MS), 'minute');
}
