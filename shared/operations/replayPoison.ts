import type { Ledger } from '../jobs/ledger';
import { explainPoison, type PoisonMessage } from './poison';
import type { QueueContents, TakenMessage } from '../storage/queueContents';
import { QUEUE_NAMES } from '../storage/account';
import type { MessageQueue } from '../storage/queues';

export interface PoisonDeps {
  ledger: Pick<Ledger, 'get'>;
  /** What waits in a queue, by its name. */
  contents: (name: string) => Promise<QueueContents>;
}

/** Long enough to read some ten thousand messages, short enough that a command that died hides nothing for long. */
const HIDE_SECONDS = 300;

/** Takes the message out of the poison queue; what comes of it is known when this resolves. */
type Remove = () => Promise<void>;

/**
 * Shows every message that is in a poison queue now (in any, or in that of `queue`) to `visit`, and puts back what it does
 * not remove. What comes in meanwhile is passed over: a replay beside a running app would meet what it has sent again, as
 * often as the worker gives it up again. While it runs nobody else sees them; if it dies they are back after five minutes.
 */
export async function visitPoison(
  deps: PoisonDeps,
  visit: (message: PoisonMessage, remove: Remove) => Promise<void> | void,
  queue?: string,
): Promise<void> {
  for (const name of Object.values(QUEUE_NAMES)) {
    if (queue === undefined || queue === name) await visitQueue(deps, name, visit);
  }
}

async function visitQueue(
  { ledger, contents }: PoisonDeps,
  queue: string,
  visit: (message: PoisonMessage, remove: Remove) => Promise<void> | void,
): Promise<void> {
  const poison = await contents(`${queue}-poison`);
  const begunAt = await poison.now();
  const kept = new Map<string, TakenMessage>();
  const removed = new Set<string>();
  try {
    for (;;) {
      const page = await poison.take(HIDE_SECONDS);
      const fresh = page.filter(({ id }) => !kept.has(id) && !removed.has(id));
      for (const taken of page) kept.set(taken.id, taken);
      // Nothing new: the queue is read, or so large that its first messages are visible again.
      if (fresh.length === 0) return;
      // Times are kept to the second, so that what came in during the first one is shown too.
      const shown = fresh.filter(({ insertedAt }) => insertedAt <= begunAt);
      const explained = await Promise.all(shown.map((taken) => explainPoison(ledger, queue, taken)));
      for (const [index, taken] of shown.entries()) {
        const message = explained[index];
        if (!message) continue;
        await visit(message, async () => {
          // False when its time had run out: it stays and may be replayed again, which does no harm.
          if (!(await poison.remove(taken))) return;
          kept.delete(taken.id);
          removed.add(taken.id);
        });
      }
    }
  } finally {
    for (const taken of kept.values()) await poison.show(taken);
  }
}

/** Which messages; all conditions must hold. */
export interface PoisonFilter {
  queue?: string;
  tenantId?: string;
  cause?: string;
  /** Lower-cased. */
  ids?: readonly string[];
}

export interface ReplaySummary {
  /** Sent again and taken out of the poison queue. */
  replayed: number;
  /** Left in the poison queue, because no replay can help them. */
  left: { id: string; cause: string }[];
}

/**
 * Sends the messages again that `filter` takes. Each is sent first and then deleted, so a death in between sends it
 * twice and loses none; the ledger sees to it that a job takes effect once. What is given up anew meanwhile is left, so
 * this ends however fast the worker gives up.
 *
 * @param onProgress hears after each message how many were sent again
 */
export async function replayPoison(
  deps: PoisonDeps & { queue: (name: string) => Promise<MessageQueue> },
  filter: PoisonFilter,
  onProgress: (replayed: number) => void = () => undefined,
): Promise<ReplaySummary> {
  const summary: ReplaySummary = { replayed: 0, left: [] };
  await visitPoison(
    deps,
    async (message, remove) => {
      if (!takes(filter, message)) return;
      if (message.replay === undefined) {
        summary.left.push({ id: message.id, cause: message.cause });
        return;
      }
      await (await deps.queue(message.queue)).send(message.replay);
      await remove();
      summary.replayed += 1;
      onProgress(summary.replayed);
    },
    filter.queue,
  );
  return summary;
}

function takes({ tenantId, cause, ids }: PoisonFilter, message: PoisonMessage): boolean {
  return (
    (tenantId === undefined || tenantId === message.tenantId) &&
    (cause === undefined || cause === message.cause) &&
    (ids === undefined || ids.includes(message.id.toLowerCase()))
  );
}
