import { randomUUID } from 'node:crypto';
import type { MessageQueue } from '../../shared/storage/queues';
import type { QueueContents } from '../../shared/storage/queueContents';

interface Kept {
  id: string;
  text: string;
  insertedAt: number;
  receipt: string;
  hidden: boolean;
  /** Set where it becomes visible by itself. */
  visibleAt?: number;
}

/** A queue in memory that can be looked into; what is taken stays hidden until it is put back. */
export function createMemoryQueueContents(
  now: () => number = Date.now,
): MessageQueue & QueueContents & { texts(): string[]; lapse(): void } {
  const kept = new Map<string, Kept>();
  const visible = () => {
    for (const message of kept.values())
      if (message.visibleAt !== undefined && message.visibleAt <= now()) show(message);
    return [...kept.values()].filter(({ hidden }) => !hidden);
  };
  const show = (message: Kept) => {
    message.hidden = false;
    delete message.visibleAt;
  };
  const held = (id: string, receipt: string) => {
    const found = kept.get(id);
    return found?.hidden && found.receipt === receipt ? found : undefined;
  };
  return {
    send: (text, { delaySeconds = 0 } = {}) => {
      const id = randomUUID();
      const sent = { id, text, insertedAt: now(), receipt: '' };
      kept.set(
        id,
        delaySeconds > 0
          ? { ...sent, hidden: true, visibleAt: now() + delaySeconds * 1_000 }
          : { ...sent, hidden: false },
      );
      return Promise.resolve();
    },
    now: () => Promise.resolve(now()),
    count: () => Promise.resolve(kept.size),
    peek: () => Promise.resolve(visible().slice(0, 32)),
    take: (_hideSeconds, most = 32) => {
      const taken = visible().slice(0, most);
      for (const message of taken) Object.assign(message, { hidden: true, receipt: randomUUID() });
      return Promise.resolve(taken.map(({ id, text, insertedAt, receipt }) => ({ id, text, insertedAt, receipt })));
    },
    show: ({ id, receipt }, afterSeconds = 0) => {
      const found = held(id, receipt);
      if (found && afterSeconds > 0) found.visibleAt = now() + afterSeconds * 1_000;
      else if (found) show(found);
      return Promise.resolve(found !== undefined);
    },
    keep: (message) => {
      const found = held(message.id, message.receipt);
      if (!found) return Promise.resolve(undefined);
      found.receipt = randomUUID();
      return Promise.resolve({ ...message, receipt: found.receipt });
    },
    remove: ({ id, receipt }) => Promise.resolve(held(id, receipt) !== undefined && kept.delete(id)),
    texts: () => visible().map(({ text }) => text),
    /** The time of everything taken runs out. */
    lapse: () => {
      for (const message of kept.values()) show(message);
    },
  };
}
