import type { ContainerClient } from '@azure/storage-blob';
import type { TimerStatus } from './decidePastDue';

/** .NET's default DateTime: what the extension writes for "never". */
const NEVER = '0001-01-01T00:00:00';

/** The `ScheduleStatus` JSON that the extension stores and hands to the function. */
export function toStatusJson({ last, next, lastUpdated }: TimerStatus) {
  const text = (time: number | undefined) => (time === undefined ? NEVER : new Date(time).toISOString());
  return { Last: text(last), Next: text(next), LastUpdated: text(lastUpdated) };
}

/** Reads what `toStatusJson` wrote; undefined for anything else, as if the timer had never been seen. */
export function fromStatusJson(text: string): TimerStatus | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const { Last, Next, LastUpdated } = json as Record<string, unknown>;
  const next = time(Next);
  const lastUpdated = time(LastUpdated);
  if (next === undefined || lastUpdated === undefined) return undefined;
  return { last: Last === NEVER ? undefined : time(Last), next, lastUpdated };
}

export interface StatusStore {
  read(timer: string): Promise<TimerStatus | undefined>;
  write(timer: string, status: TimerStatus): Promise<void>;
}

/** Timer status as blobs `timers/{hostId}/{timer}/status` (StorageScheduleMonitor.cs). */
export function createStatusStore(container: ContainerClient, hostId: string): StatusStore {
  const blob = (timer: string) => container.getBlockBlobClient(`timers/${hostId}/${timer}/status`);
  return {
    async read(timer) {
      const client = blob(timer);
      return (await client.exists())
        ? fromStatusJson((await client.downloadToBuffer()).toString('utf8'))
        : undefined;
    },
    async write(timer, status) {
      const text = JSON.stringify(toStatusJson(status));
      await blob(timer).upload(text, Buffer.byteLength(text));
    },
  };
}

function time(value: unknown): number | undefined {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) ? undefined : parsed;
}
