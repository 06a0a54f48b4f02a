import type { ContainerClient } from '@azure/storage-blob';
import { toJsonObject } from '../hostError';
import type { Schedule } from './schedule';

/** The stored state of a timer, in epoch milliseconds. `last` is undefined before the first run. */
export interface TimerStatus {
  readonly last: number | undefined;
  readonly next: number;
  readonly lastUpdated: number;
}

/**
 * Decides at the start of a listener whether a run was missed, and which status to keep (`changed`: to store). A timer
 * without a stored status and a changed schedule are not past due (ScheduleMonitor.cs).
 */
export function decidePastDue(schedule: Schedule, stored: TimerStatus | undefined, now: number) {
  const expected = stored && schedule.next(stored.lastUpdated);
  if (stored && expected === stored.next) return { pastDue: now > stored.next, changed: false, status: stored };
  const next = expected !== undefined && expected >= now ? expected : schedule.next(now);
  return { pastDue: false, changed: true, status: { last: undefined, next, lastUpdated: now } };
}

/** .NET's default DateTime: the extension writes it for "never". */
const NEVER = '0001-01-01T00:00:00';

/** The `ScheduleStatus` JSON that the extension stores and passes to the function. */
export function toStatusJson({ last, next, lastUpdated }: TimerStatus) {
  const text = (time: number | undefined) => (time === undefined ? NEVER : new Date(time).toISOString());
  return { Last: text(last), Next: text(next), LastUpdated: text(lastUpdated) };
}

/** Parses the text of `toStatusJson`. Undefined for any other text: the timer then counts as never seen. */
export function fromStatusJson(text: string): TimerStatus | undefined {
  const json = toJsonObject(text) ?? {};
  const [last, next, lastUpdated] = ['Last', 'Next', 'LastUpdated'].map((name) => {
    const time = json[name] === NEVER ? NaN : Date.parse(String(json[name]));
    return Number.isNaN(time) ? undefined : time;
  });
  return next === undefined || lastUpdated === undefined ? undefined : { last, next, lastUpdated };
}

/** The status of one timer, kept in the blob `timers/{hostId}/{timer}/status` (StorageScheduleMonitor.cs). */
export function createStatusStore(container: ContainerClient, hostId: string, timer: string) {
  const blob = container.getBlockBlobClient(`timers/${hostId}/${timer}/status`);
  return {
    async read(): Promise<TimerStatus | undefined> {
      if (!(await blob.exists())) return undefined;
      return fromStatusJson((await blob.downloadToBuffer()).toString('utf8'));
    },
    async write(status: TimerStatus): Promise<void> {
      const text = JSON.stringify(toStatusJson(status));
      await blob.upload(text, Buffer.byteLength(text));
    },
  };
}
