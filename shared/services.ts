import { randomBytes } from 'node:crypto';
import { systemClock } from './clock';
import { readConfig, type Config } from './config';
import { createBoundedQueue, type SendPatience } from './storage/boundedQueue';
import type { MessageQueue } from './storage/messageQueue';
import { QUEUE_NAMES } from './storage/queueNames';
import type { ReceiveDependencies } from './webhook/receive';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What functions and CLI work with. Each member is built on first use and rejects with what hindered it. */
export interface Services {
  /** @throws ReceiverError `configInvalid` */
  config(): Promise<Config>;
  /** What the webhook needs apart from the logger of its invocation. */
  webhook(): Promise<Omit<ReceiveDependencies, 'logger'>>;
  /** A queue for workers, timers and the CLI, by its name. */
  queue(name: string): Promise<MessageQueue>;
}

/** Two tries stay well inside the 3 seconds that Graph waits (concepts/change-notifications-delivery-webhooks.md). */
const WEBHOOK_PATIENCE: SendPatience = { tries: 2, tryTimeoutMs: 800 };
const WORKER_PATIENCE: SendPatience = { tries: 3, tryTimeoutMs: 10_000 };

let current: { env: Environment; services: Services } | undefined;

/** The services of this process: built once, the only singleton. Never throws; its members reject. */
export function getServices(env: Environment): Services {
  if (current?.env !== env) current = { env, services: createServices(env) };
  return current.services;
}

/** Services over an environment, nothing shared with any other. */
export function createServices(env: Environment): Services {
  const config = once(() => Promise.resolve(readConfig(env)));
  const openQueue = once(async () => {
    const { storage } = await config();
    const { openQueueService } = await import('./storage/queueService');
    return openQueueService(storage);
  });
  return {
    config,
    webhook: once(async () => {
      const { clientStateKeys } = await config();
      const open = await openQueue();
      const bounded = (name: string) => createBoundedQueue(open(name), WEBHOOK_PATIENCE);
      return {
        ring: clientStateKeys,
        queues: { jobs: bounded(QUEUE_NAMES.jobs), subscriptions: bounded(QUEUE_NAMES.subscriptions) },
        verifyTokens: () => Promise.resolve(false),
        clock: systemClock,
        randomBytes,
      };
    }),
    queue: async (name) => createBoundedQueue((await openQueue())(name), WORKER_PATIENCE),
  };
}

/** Runs `make` on the first call and again only after it failed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= Promise.resolve()
      .then(make)
      .catch((error: unknown) => {
        made = undefined;
        throw error;
      });
    return made;
  };
}
