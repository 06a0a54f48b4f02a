import type { MessageQueue } from '../storage/queues';
import type { PoisonMessage } from './poisonMessage';
import { visitPoison, type PoisonDeps } from './visitPoison';

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
