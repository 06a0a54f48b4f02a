import { explainPoison, type ExplainDeps, type PoisonMessage } from './poison';
import type { QueueContents, TakenMessage } from '../storage/queueContents';
import { QUEUE_NAMES, QUEUES_WITH_POISON } from '../storage/account';
import type { MessageQueue } from '../storage/queues';

export interface PoisonDeps extends ExplainDeps {
  /** Opens the messages of a queue by its name. */
  contents: (name: string) => Promise<QueueContents>;
}

/** Enough to read some ten thousand messages. A command that crashes hides them no longer than this. */
const HIDE_SECONDS = 300;

/** `remove` deletes the message from the poison queue. */
type Visit = (message: PoisonMessage, remove: () => Promise<void>) => Promise<void> | void;

/**
 * Passes every message that is in a poison queue now (in any, or in those of `queue`) to `visit`, and shows again what it
 * does not remove. Messages that arrive later are skipped: beside a running app, a replayed message that fails again would
 * be replayed without end. The messages are invisible to others meanwhile, for at most five minutes after a crash.
 */
export async function visitPoison(deps: PoisonDeps, visit: Visit, queue?: string): Promise<void> {
  for (const name of QUEUES_WITH_POISON) {
    if (queue !== undefined && queue !== name) continue;
    await visitQueue(deps, { queue: name, poisonName: `${name}-poison` }, visit);
    // Events that the sink has not accepted can be replayed too.
    if (name === QUEUE_NAMES.jobEvents)
      await visitQueue(deps, { queue: name, poisonName: QUEUE_NAMES.deadEvents }, visit);
  }
}

async function visitQueue(
  deps: PoisonDeps,
  { queue, poisonName }: { queue: string; poisonName: string },
  visit: Visit,
): Promise<void> {
  const poison = await deps.contents(poisonName);
  const startedAt = await poison.now();
  const kept = new Map<string, TakenMessage>();
  const removed = new Set<string>();
  try {
    for (;;) {
      const page = await poison.take(HIDE_SECONDS);
      const fresh = page.filter(({ id }) => !kept.has(id) && !removed.has(id));
      for (const taken of page) kept.set(taken.id, taken);
      // Only known messages: the queue is read, or so large that its first messages are visible again.
      if (fresh.length === 0) return;
      // The queue's times are whole seconds, so messages of the first second are included.
      const shown = fresh.filter(({ insertedAt }) => insertedAt <= startedAt);
      const explained = await Promise.all(shown.map((taken) => explainPoison(deps, { queue, poisonName }, taken)));
      for (const [index, taken] of shown.entries()) {
        const message = explained[index];
        if (!message) continue;
        await visit(message, async () => {
          // False when it became visible again before: it stays, and a second replay is harmless.
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

/** Selects messages. All conditions must hold. */
export interface PoisonFilter {
  queue?: string;
  tenantId?: string;
  cause?: string;
  /** Lower-cased. */
  ids?: readonly string[];
}

export interface ReplaySummary {
  /** Sent again and removed from the poison queue. */
  replayed: number;
  /** Left in the poison queue, because they would fail again. */
  left: { id: string; cause: string }[];
}

/**
 * Sends the messages again that match `filter`. Each is sent first and then deleted: a crash in between sends it twice and
 * loses none. The ledger makes sure that a job takes effect once. Messages that fail again meanwhile stay.
 *
 * @param onProgress called after each message with the number sent so far
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
      if (!matches(filter, message)) return;
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

function matches({ tenantId, cause, ids }: PoisonFilter, message: PoisonMessage): boolean {
  return (
    (tenantId === undefined || tenantId === message.tenantId) &&
    (cause === undefined || cause === message.cause) &&
    (ids === undefined || ids.includes(message.id.toLowerCase()))
  );
}
