import type { Clock } from '../../shared/clock';
import type { MessageQueue } from '../../shared/storage/queues';
import type { QueueContents, TakenMessage } from '../../shared/storage/queueContents';

interface Kept {
  id: string;
  text: string;
  visibleAt: number;
  receipt: number;
}

export interface VirtualQueue extends MessageQueue, Pick<QueueContents, 'take' | 'show' | 'keep' | 'remove'> {
  /** Calls to the queue so far. */
  operations(): number;
  length(): number;
}

/** A storage queue on a clock of the test: delays and leases end when that clock says so. */
export function createVirtualQueue(clock: Pick<Clock, 'now'>): VirtualQueue {
  let kept: Kept[] = [];
  let operations = 0;
  let next = 0;
  const find = ({ id, receipt }: TakenMessage) => kept.find((one) => one.id === id && String(one.receipt) === receipt);
  return {
    operations: () => operations,
    length: () => kept.length,
    send(text, { delaySeconds = 0 } = {}) {
      operations += 1;
      kept.push({ id: `m${next++}`, text, visibleAt: clock.now() + delaySeconds * 1_000, receipt: 0 });
      return Promise.resolve();
    },
    take(hideSeconds, most = 32) {
      operations += 1;
      const taken: Kept[] = [];
      for (const one of kept) {
        if (taken.length === most) break;
        if (one.visibleAt <= clock.now()) taken.push(one);
      }
      return Promise.resolve(
        taken.map((one) => {
          one.visibleAt = clock.now() + hideSeconds * 1_000;
          one.receipt = next++;
          return { id: one.id, text: one.text, insertedAt: 0, receipt: String(one.receipt) };
        }),
      );
    },
    show(message, afterSeconds = 0) {
      operations += 1;
      const found = find(message);
      if (found) found.visibleAt = clock.now() + afterSeconds * 1_000;
      return Promise.resolve(found !== undefined);
    },
    keep(message, hideSeconds) {
      operations += 1;
      const found = find(message);
      if (!found) return Promise.resolve(undefined);
      found.visibleAt = clock.now() + hideSeconds * 1_000;
      found.receipt = next++;
      return Promise.resolve({ ...message, receipt: String(found.receipt) });
    },
    remove(message) {
      operations += 1;
      const found = find(message);
      kept = kept.filter((one) => one !== found);
      return Promise.resolve(found !== undefined);
    },
  };
}
