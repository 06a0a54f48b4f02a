import type { ContainerClient } from '@azure/storage-blob';
import { formatTime, NEVER } from '../dotNetTime';
import { toJsonObject } from '../hostError';
import type { Schedule } from './schedule';

/** The state of a timer, in epoch milliseconds. `last` is undefined before the first run. */
export interface TimerStatus {
  readonly last: number | undefined;
  readonly next: number;
  /** Undefined until a host has found a stored state. */
  readonly lastUpdated: number | undefined;
}

/** The stored state, which has the time at which `next` was calculated from the start. */
export interface StoredStatus extends TimerStatus {
  readonly lastUpdated: number;
}

/**
 * Decides at the start of a listener whether a run was missed, and which status to keep (`changed`: to store). A timer
 * without a stored status and a changed schedule are not past due (ScheduleMonitor.cs).
 */
export function decidePastDue(schedule: Schedule, stored: StoredStatus | undefined, now: number) {
  const expected = stored && schedule.next(stored.lastUpdated);
  if (stored && expected === stored.next) return { pastDue: now > stored.next, changed: false, status: stored };
  const next = expected !== undefined && expected >= now ? expected : schedule.next(now);
  return { pastDue: false, changed: true, status: { last: undefined, next, lastUpdated: now } };
}

/** The `ScheduleStatus` JSON that the extension stores and passes to the function. */
export function toStatusJson({ last, next, lastUpdated }: TimerStatus) {
  const text = (time: number | undefined) => (time === undefined ? NEVER : formatTime(time));
  return { Last: text(last), Next: text(next), LastUpdated: text(lastUpdated) };
}

/** Parses the text of `toStatusJson`. Undefined for any other text: the timer then counts as never seen. */
export function fromStatusJson(text: string): StoredStatus | undefined {
  const json = toJsonObject(text) ?? {};
  const [last, next, lastUpdated] = ['Last', 'Next', 'LastUpdated'].map((name) => {
    const time = json[name] === NEVER ? NaN : Date.parse(String(json[name]));
    return Number.isNaN(time) ? undefined : time;
  });
  return next === undefined || lastUpdated === undefined ? undefined : { last, next, lastUpdated };
}

/** The status of one timer, kept in the blob `timers/{hostId}/Host.Functions.{timer}/status` (StorageScheduleMonitor.cs). */
export function createStatusStore(container: ContainerClient, hostId: string, timer: string) {
  const blob = container.getBlockBlobClient(`timers/${hostId}/Host.Functions.${timer}/status`);
  return {
    async read(): Promise<StoredStatus | undefined> {
      if (!(await blob.exists())) return undefined;
      return fromStatusJson((await blob.downloadToBuffer()).toString('utf8'));
    },
    async write(status: StoredStatus): Promise<void> {
      const text = JSON.stringify(toStatusJson(status));
      await blob.upload(text, Buffer.byteLength(text));
    },
  };
}
