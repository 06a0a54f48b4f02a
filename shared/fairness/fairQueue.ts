import { createCache } from '../cache';
import type { Clock } from '../clock';
import { isRecord, parseJson } from '../parse';
import { isRefusalOfQueue } from '../storage/errors';
import type { MessageQueue } from '../storage/queues';
import type { MessageSigner } from '../storage/signedMessages';
import { ALLOWANCE } from './limits';

/** A message that waits longer lies in the waiting queue: the platform counts hidden messages of a triggered queue. */
const LONGEST_HIDDEN_SECONDS = 60;

/** How much of the allowance is left to each tenant, in this process. */
export interface Allowances {
  /**
   * Takes one message out of the allowance: of those that are due now, or of those that are due in the same second.
   * `last`: it was the last one for now. `none`: nothing was left.
   */
  spend(tenantId: string, delaySeconds?: number): 'left' | 'last' | 'none';
}

/** A bound on memory. A tenant that was forgotten has its whole allowance. */
const MOST_TENANTS = 2_000;
/** The same, of tenants in the seconds of the next minute in which they have messages due. */
const MOST_SECONDS = 10_000;

export function createAllowances(clock: Pick<Clock, 'now'>): Allowances {
  const known = createCache<{ left: number; at: number }>({ most: MOST_TENANTS, clock });
  const due = createCache<number>({ most: MOST_SECONDS, clock });
  return {
    spend(tenantId, delaySeconds = 0) {
      const now = clock.now();
      if (delaySeconds > 0) {
        const second = `${tenantId} ${Math.floor(now / 1_000 + delaySeconds)}`;
        const spent = (due.get(second) ?? 0) + 1;
        if (spent > ALLOWANCE.dueInASecond) return 'none';
        due.set(second, spent);
        return spent < ALLOWANCE.dueInASecond ? 'left' : 'last';
      }
      const { left, at } = known.get(tenantId) ?? { left: ALLOWANCE.burst, at: now };
      const grown = left + (Math.max(0, now - at) / 1_000) * ALLOWANCE.perSecond;
      const available = Math.min(ALLOWANCE.burst, grown);
      const taken = available >= 1;
      const rest = taken ? available - 1 : available;
      known.set(tenantId, { left: rest, at: now });
      if (!taken) return 'none';
      return rest >= 1 ? 'left' : 'last';
    },
  };
}

export interface FairQueueDeps {
  /** The queue with a trigger. */
  triggered: MessageQueue;
  waiting: MessageQueue;
  allowances: Allowances;
  signer: Pick<MessageSigner, 'sign'>;
}

/**
 * A queue whose triggered part stays short, so that a message waits behind few messages of any other tenant: what exceeds
 * the allowance of a tenant goes to the waiting queue, and workers take it from there when they have places. So does
 * what waits longer than a minute.
 *
 * A message with a delay counts in the second in which it is due. The excess of that second is due within a second of the
 * last message within the allowance, whose worker finds it.
 *
 * The last message within the allowance carries `more`: its worker looks into the waiting queue. It is outside the mac,
 * because a forged one costs one look.
 */
export function createFairQueue({ triggered, allowances, signer, ...deps }: FairQueueDeps): MessageQueue {
  const waiting = withFallback(deps.waiting, triggered);
  return {
    send(text, options = {}) {
      const { delaySeconds = 0 } = options;
      if (delaySeconds > LONGEST_HIDDEN_SECONDS) return waiting.send(signer.sign(text), options);
      const spent = allowances.spend(tenantOf(text) ?? '', delaySeconds);
      if (spent === 'none') return waiting.send(signer.sign(text), options);
      return triggered.send(spent === 'last' ? withMore(signer.sign(text)) : signer.sign(text), options);
    },
  };
}

/**
 * The waiting queue. What it refuses is hidden in the triggered queue instead, for a minute at most: a queue that is missing or
 * refuses the app must not use up the tries of a message.
 *
 * @param leastSeconds a message without a delay of its own is hidden for so long
 */
export function withFallback(waiting: MessageQueue, triggered: MessageQueue, leastSeconds = 0): MessageQueue {
  return {
    async send(text, options = {}) {
      try {
        await waiting.send(text, options);
      } catch (error) {
        if (options.signal?.aborted || !isRefusalOfQueue(error)) throw error;
        const delaySeconds = Math.min(LONGEST_HIDDEN_SECONDS, Math.max(leastSeconds, options.delaySeconds ?? 0));
        await triggered.send(text, { ...options, delaySeconds });
      }
    },
  };
}

/** The wait of a message that has to leave its worker, where the waiting queue does not take it. */
export const FALLBACK_SECONDS = LONGEST_HIDDEN_SECONDS;

/** The same message, which says that others may wait in the waiting queue. */
export function withMore(text: string): string {
  return text.endsWith(',"more":true}') ? text : `${text.slice(0, -1)},"more":true}`;
}

/** Whether a message says that others may wait in the waiting queue. */
export function saysMore(value: unknown): boolean {
  return isRecord(value) && value['more'] === true;
}

/** The tenant of a message of the app. Undefined for a text of another form. */
export function tenantOf(text: string): string | undefined {
  return tenantIn(parseJson(text));
}

/** The same for a message that the Functions library has parsed. */
export function tenantIn(value: unknown): string | undefined {
  const event = isRecord(value) ? value['event'] : undefined;
  const tenantId = isRecord(event) ? event['tenantId'] : undefined;
  return typeof tenantId === 'string' ? tenantId : undefined;
}
