import type { MessageQueue } from '../../shared/storage/queues';

export interface SentMessage {
  text: string;
  delaySeconds: number;
}

/** A MessageQueue in memory that shows what was sent. */
export function createMemoryQueue(): MessageQueue & { sent: SentMessage[] } {
  const sent: SentMessage[] = [];
  return {
    sent,
    send: (text, options = {}) => {
      if (options.signal?.aborted) return Promise.reject(options.signal.reason as Error);
      sent.push({ text, delaySeconds: options.delaySeconds ?? 0 });
      return Promise.resolve();
    },
  };
}
