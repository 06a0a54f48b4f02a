import type { ContainerClient } from '@azure/storage-blob';
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
export function decidePastDue(
  schedule: Schedule,
  stored: TimerStatus | undefined,
  now: number,
): { readonly pastDue: boolean; readonly status: TimerStatus; readonly changed: boolean } {
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
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  const fields = new Map<string, unknown>(Object.entries(json ?? {}));
  const time = (name: string) => {
    const value = fields.get(name);
    const parsed = typeof value === 'string' && value !== NEVER ? Date.parse(value) : Number.NaN;
    return Number.isNaN(parsed) ? undefined : parsed;
  };
  const next = time('Next');
  const lastUpdated = time('LastUpdated');
  if (next === undefined || lastUpdated === undefined) return undefined;
  return { last: time('Last'), next, lastUpdated };
}

export interface StatusStore {
  read(): Promise<TimerStatus | undefined>;
  write(status: TimerStatus): Promise<void>;
}

/** The status of one timer, kept in the blob `timers/{hostId}/{timer}/status` (StorageScheduleMonitor.cs). */
export function createStatusStore(container: ContainerClient, hostId: string, timer: string): StatusStore {
  const blob = container.getBlockBlobClient(`timers/${hostId}/${timer}/status`);
  return {
    async read() {
      if (!(await blob.exists())) return undefined;
      return fromStatusJson((await blob.downloadToBuffer()).toString('utf8'));
    },
    async write(status) {
      const text = JSON.stringify(toStatusJson(status));
      await blob.upload(text, Buffer.byteLength(text));
    },
  };
}
