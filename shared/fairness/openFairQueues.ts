import type { Clock } from '../clock';
import { QUEUE_NAMES, type FairQueue } from '../storage/account';
import type { MessageQueue, Queues, SendPatience } from '../storage/queues';
import { createSignedQueue, type MessageSigner } from '../storage/signedMessages';
import { queueOf, type BringBackDeps } from './bringBack';
import { createAllowances, createFairQueue, FALLBACK_SECONDS, withFallback, withMore } from './fairQueue';
import type { Carrier } from './carryWaiting';
import type { HostPlaces } from './hostPlaces';
import type { Places } from './places';
import type { Turns } from './turns';

/** How many messages of each tenant this process works on, and when its others have their turn. */
export interface PlacesAndTurns {
  places: Places;
  hostPlaces: HostPlaces;
  turns: Turns;
}

/** The queues that tenants share, with their waiting queue. */
export interface FairQueues {
  /** The queue `name`: what exceeds the allowance of a tenant goes to the waiting queue. */
  open(name: FairQueue, signer: MessageSigner, patience: SendPatience): MessageQueue;
  /** The waiting queue, for messages of the queue `name`, which `signer` signs. */
  waiting(name: FairQueue, signer: MessageSigner, patience: SendPatience): MessageQueue;
  /** What the timer needs to move what is due. */
  bringBack(patience: SendPatience): BringBackDeps;
  /** The same for events that wait for a sink, and the queue of events. */
  bringBackEvents(patience: SendPatience): BringBackDeps;
  /** Works on what waits in free places of this process. */
  openCarrier(shared: Pick<PlacesAndTurns, 'places' | 'turns'>, patience: SendPatience): Promise<Carrier>;
}

/** The queues of one process: their senders share one allowance for each tenant. */
export function openFairQueues(queues: Queues, clock: Clock): FairQueues {
  const allowances = createAllowances(clock);
  const plainWaiting = (patience: SendPatience) => queues.queue(QUEUE_NAMES.waiting, patience);
  const bringBack: FairQueues['bringBack'] = (patience) => ({
    waiting: queues.contents(QUEUE_NAMES.waiting),
    sendBack: (text) => queues.queue(queueOf(text), patience).send(withMore(text)),
  });
  return {
    bringBack,
    bringBackEvents: (patience) => ({
      waiting: queues.contents(QUEUE_NAMES.waitingEvents),
      sendBack: (text) => queues.queue(QUEUE_NAMES.jobEvents, patience).send(text),
    }),
    open: (name, signer, patience) => {
      const triggered = queues.queue(name, patience);
      return createFairQueue({ triggered, waiting: plainWaiting(patience), allowances, signer });
    },
    waiting: (name, signer, patience) => {
      const triggered = queues.queue(name, patience);
      return createSignedQueue(withFallback(plainWaiting(patience), triggered, FALLBACK_SECONDS), signer);
    },
    async openCarrier(shared, patience) {
      const { createCarrier } = await import('./carryWaiting');
      const waiting = plainWaiting(patience);
      const postpone = (text: string, delayMs: number) =>
        waiting.send(text, { delaySeconds: Math.ceil(delayMs / 1_000) });
      const contents = queues.contents(QUEUE_NAMES.waiting);
      return createCarrier({ ...bringBack(patience), ...shared, waiting: contents, postpone, clock });
    },
  };
}
