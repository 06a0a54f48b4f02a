import { ReceiverError } from '../../shared/errors';
import type { MessageQueue } from '../../shared/storage/queues';

export interface SentMessage {
  text: string;
  delaySeconds: number;
}

/** A MessageQueue in memory that shows what was sent. */
export function createMemoryQueue(): MessageQueue & {
  sent: SentMessage[];
  /** The next sends fail, so many. */
  failNext: (times: number) => void;
} {
  const sent: SentMessage[] = [];
  let failures = 0;
  return {
    sent,
    failNext: (times) => void (failures = times),
    send: (text, options = {}) => {
      if (options.signal?.aborted) return Promise.reject(options.signal.reason as Error);
      if (failures > 0) {
        failures -= 1;
        return Promise.reject(new ReceiverError('queueUnavailable', 'The queue did not answer'));
      }
      sent.push({ text, delaySeconds: options.delaySeconds ?? 0 });
      return Promise.resolve();
    },
  };
}
