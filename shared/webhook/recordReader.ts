import type { Clock } from '../clock';
import type { ClientStateRecord } from '../watches/clientState';

export interface RecordReader {
  /**
   * The record as it was last read, and the age of that reading. One that is older than two minutes is read again, and
   * awaited for at most 200 ms. Undefined before the first reading, which no answer waits for. Never rejects.
   */
  current(): Promise<{ record: ClientStateRecord | undefined; ageMs: number }>;
  /** Reads the record, at most once a minute. To be called after an answer. Never rejects. */
  refresh(): Promise<void>;
}

/** A revocation takes effect at the webhook within two minutes. */
export const RECORD_IS_STALE_MS = 2 * 60_000;
const READ_EVERY_MS = 60_000;
const WAIT_AT_MOST_MS = 200;

/**
 * Keeps the record of issued clientStates. Each process that answers Graph reads its own, because timers run in other
 * processes: one row a minute. While storage is down the last record stays in use, and without any nothing is revoked.
 */
export function createRecordReader({
  read,
  clock,
}: {
  read: () => Promise<ClientStateRecord | undefined>;
  clock: Clock;
}): RecordReader {
  let last: { record: ClientStateRecord | undefined; at: number } | undefined;
  let triedAt = -Infinity;
  let reading = Promise.resolve();
  const readNow = async (at: number) => {
    try {
      // As of its start: what is written meanwhile may not be in it.
      last = { record: await read(), at };
    } catch {
      // The age of the last record says so in the log.
    }
  };
  const refresh = (): Promise<void> => {
    const now = clock.now();
    if (now - triedAt >= READ_EVERY_MS) {
      triedAt = now;
      reading = readNow(now);
    }
    return reading;
  };
  return {
    refresh,
    async current() {
      if (last && clock.now() - last.at > RECORD_IS_STALE_MS) {
        await Promise.race([refresh(), clock.sleep(WAIT_AT_MOST_MS)]);
      }
      return { record: last?.record, ageMs: last ? clock.now() - last.at : 0 };
    },
  };
}
