import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { Clock } from './clock';
import type { Config } from './config';
import type { MessageQueue } from './storage/queues';
import type { Watches } from './watches/watches';
import type { ReceiveDependencies, VerifyTokens } from './webhook/receive';
import { createRecordReader } from './webhook/recordReader';
import { createSweepAllRequests } from './webhook/sweepAllRequests';
import { createTurns } from './webhook/turns';

/** What the webhook is built from. */
export interface WebhookParts {
  config: Pick<Config, 'clientStateKeys' | 'clientId'>;
  queues: { jobs: MessageQueue; subscriptions: MessageQueue };
  /** Opened by the first reading after an answer, because loading the client takes longer than an answer. */
  watches: () => Promise<Watches>;
  /** Opened by the first token, which most notifications of print do not carry. */
  verifyTokens: () => Promise<VerifyTokens>;
  clock: Clock;
}

/** The dependencies of the webhook, with the memory of this process: revoked clientStates and requests of sweeps. */
export function openWebhook({
  config: { clientStateKeys: ring, clientId },
  queues,
  watches,
  verifyTokens,
  clock,
}: WebhookParts): Omit<ReceiveDependencies, 'logger'> {
  const records = async () => (await watches()).clientStates;
  const claim = async (...asked: [number, number]) => (await records()).claimSweep(...asked);
  return {
    ring,
    clientId,
    queues,
    verifyTokens: async (...batch) => (await verifyTokens())(...batch),
    record: createRecordReader({ read: async () => (await records()).read(), clock }),
    sweepRequests: createSweepAllRequests({ queue: queues.subscriptions, claim, clock, randomBytes }),
    takeTurn: createTurns(clock, setImmediate),
    clock,
    randomBytes,
  };
}
