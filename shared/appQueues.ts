import { systemClock } from './clock';
import { once } from './concurrency';
import type { Config, QueueOwner, QueueStorageConfig } from './config';
import type { BringBackDeps } from './fairness/bringBack';
import type { Carrier } from './fairness/carryWaiting';
import type { PlacesAndTurns } from './fairness/openFairQueues';
import type { DeliverDeps } from './sinks/deliver';
import {
  isEventsQueue,
  isFairQueue,
  isSignedQueue,
  QUEUE_NAMES,
  type FairQueue,
  type SignedQueue,
} from './storage/account';
import type { QueueContents } from './storage/queueContents';
import type { MessageQueue, Queues, SendPatience } from './storage/queues';
import type { AdmitDeps, MessageSigner } from './storage/signedMessages';

/** The queues as functions and CLI work with them. */
export interface AppQueues {
  /** A queue for workers, timers and the CLI, by its name. What it sends to a queue of the app is signed. */
  queue: (name: string, patience?: SendPatience) => Promise<MessageQueue>;
  /** Signs and checks the messages of the queues of the app. */
  signers(): Promise<Record<SignedQueue, MessageSigner>>;
  /** The waiting queue as it is, for messages of this queue. It opens although settings other than those of its account are wrong. */
  unsignedWaiting(queue: SignedQueue): Promise<MessageQueue>;
  /** The waiting queue for messages of a queue of the app, which it signs. */
  waiting: (queue: FairQueue) => Promise<MessageQueue>;
  /**
   * Moves waiting messages to the queues of the app, or events that wait for a sink to theirs. It opens although settings
   * other than those of the account of these queues are wrong.
   */
  bringBack(what: 'messages' | 'events'): Promise<BringBackDeps>;
  /** What delivers events to the sink of the settings, apart from the logger of the invocation. */
  eventDelivery(): Promise<Omit<DeliverDeps, 'logger'>>;
  /** Works on what waits, in the places that are free. */
  carrier(): Promise<Carrier>;
  /** What decides whether a message of a queue of the app may be processed, apart from clock and logger of the invocation. */
  admission(queue: SignedQueue): Promise<Omit<AdmitDeps, 'clock' | 'logger'>>;
  /** What waits in a queue, by its name; for the CLI. */
  queueContents(name: string): Promise<QueueContents>;
}

/** Two tries stay well inside the 3 seconds that Graph waits (concepts/change-notifications-delivery-webhooks.md). */
export const WEBHOOK_PATIENCE: SendPatience = { tries: 2, tryTimeoutMs: 800, pauseMs: 0 };
const WORKER_PATIENCE: SendPatience = { tries: 3, tryTimeoutMs: 10_000, pauseMs: 500 };
/** One try: when it fails the original message stays, and each further try might add a copy. */
export const REQUEUE_PATIENCE: SendPatience = { tries: 1, tryTimeoutMs: 10_000, pauseMs: 0 };

/** The queues of one environment, each account opened on first use. */
export function openAppQueues(deps: {
  config: () => Promise<Config>;
  /** The account of these queues, whatever other settings say. */
  queueStorage: (owner: QueueOwner) => QueueStorageConfig;
  places: () => Promise<PlacesAndTurns>;
}): AppQueues {
  // One client where both are one account.
  const opened = new Map<string, () => Promise<Queues>>();
  const accountOf = (owner: QueueOwner) =>
    once(async () => {
      const storage = deps.queueStorage(owner);
      const name = JSON.stringify(storage);
      const open = opened.get(name) ?? once(async () => (await import('./storage/queues')).openQueues(storage));
      opened.set(name, open);
      return open();
    });
  const own = accountOf('app');
  const events = accountOf('events');
  const accountWith = (queue: string) => (isEventsQueue(queue) ? events() : own());
  const signers = once(async () => {
    const { createSigners } = await import('./storage/signedMessages');
    return createSigners((await deps.config()).clientStateKeys);
  });
  const fairQueuesIn = (account: () => Promise<Queues>) =>
    once(async () => {
      const [queues, { openFairQueues }] = await Promise.all([account(), import('./fairness/openFairQueues')]);
      return openFairQueues(queues, systemClock);
    });
  const fairQueues = fairQueuesIn(own);
  const eventQueues = fairQueuesIn(events);
  const unsignedWaiting = async (name: SignedQueue) => {
    const [queues, { withFallback }] = await Promise.all([own(), import('./fairness/fairQueue')]);
    return withFallback(queues.queue(QUEUE_NAMES.waiting, WORKER_PATIENCE), queues.queue(name, WORKER_PATIENCE));
  };
  return {
    async queue(name, patience = WORKER_PATIENCE) {
      if (isFairQueue(name)) return (await fairQueues()).open(name, (await signers())[name], patience);
      const plain = (await accountWith(name)).queue(name, patience);
      if (!isSignedQueue(name)) return plain;
      const { createSignedQueue } = await import('./storage/signedMessages');
      return createSignedQueue(plain, (await signers())[name]);
    },
    signers,
    unsignedWaiting,
    waiting: async (name) => (await fairQueues()).waiting(name, (await signers())[name], REQUEUE_PATIENCE),
    bringBack: async (what) =>
      what === 'events'
        ? (await eventQueues()).bringBackEvents(REQUEUE_PATIENCE)
        : (await fairQueues()).bringBack(REQUEUE_PATIENCE),
    eventDelivery: once(async () => {
      const { openDelivery } = await import('./sinks/openDelivery');
      return openDelivery((await deps.config()).eventSink, await events(), WORKER_PATIENCE);
    }),
    carrier: once(async () => (await fairQueues()).openCarrier(await deps.places(), REQUEUE_PATIENCE)),
    async admission(name) {
      const queues = await own();
      return {
        name,
        signer: (await signers())[name],
        waiting: await unsignedWaiting(name),
        poison: queues.queue(`${name}-poison`, WORKER_PATIENCE),
      };
    },
    queueContents: async (name) => (await accountWith(name)).contents(name),
  };
}
