import { isStorageWrite, type ProxyCall } from '../../local/faultProxy/proxyCall';

/** A place to die at: before or after the effect of the n-th call of its kind that one run causes. */
export interface CrashPoint {
  effect: string;
  resource: string | undefined;
  nth: number;
  when: 'before' | 'after';
}

/**
 * Whether a call is part of handling a job, where nothing else goes on: everything the app does to storage and Graph, but
 * for the polling of queues and the host's blobs. A death during a receive is one before the next call.
 */
export function isJobCall({ target, effect, path }: ProxyCall): boolean {
  // The webhook reads the record of clientStates after an answer, at most once a minute: no part of a job.
  if (path.includes("PartitionKey='(clientStates)'")) return false;
  if (target === 'queue') return ['queue.send', 'queue.delete', 'queue.update'].includes(effect);
  return target !== 'blob';
}

/** What only the worker of jobs writes. */
const WORKER_WRITES = ['PrintJobs', 'print-job-events'];

/**
 * Whether a call is part of looking after subscriptions or of a sweep: what they ask of Graph, and their writes. Not the
 * reads of storage, where a death is one after the call before; nor what the worker does with the jobs that were found.
 */
export function isUpkeepCall(call: ProxyCall): boolean {
  const { target, effect, resource = '' } = call;
  if (target === 'graph') return !/\/(jobs|tasks)\/\{id\}$/.test(effect);
  if (effect === 'queue.delete' && resource === 'print-notifications') return false;
  return isStorageWrite(call) && !WORKER_WRITES.includes(resource);
}

/** Two points for each call of a clean run: before and after its effect. */
export function deriveCrashPoints(calls: readonly ProxyCall[]): CrashPoint[] {
  const seen = new Map<string, number>();
  return calls.flatMap(({ effect, resource }) => {
    const name = `${effect} ${resource ?? ''}`;
    const nth = (seen.get(name) ?? 0) + 1;
    seen.set(name, nth);
    return (['before', 'after'] as const).map((when) => ({ effect, resource, nth, when }));
  });
}

/** How a failing point is named. */
export function nameCrashPoint({ effect, resource, nth, when }: CrashPoint): string {
  return `${when} ${effect}${resource === undefined ? '' : ` ${resource}`}${nth > 1 ? ` (${nth}.)` : ''}`;
}

/**
 * Where a death may repeat the event: once it has been sent and until its record has taken effect. Everywhere else the
 * event must come exactly once.
 */
export function mayRepeatEvent(point: CrashPoint, calls: readonly ProxyCall[]): boolean {
  const same = calls.filter(({ effect, resource }) => effect === point.effect && resource === point.resource);
  const position = calls.indexOf(same[point.nth - 1] as ProxyCall);
  const sent = calls.findIndex((call) => call.effect === 'queue.send' && call.resource === 'print-job-events');
  const recorded = calls.findIndex((call, index) => index > sent && call.resource === 'PrintJobs');
  if (position === sent) return point.when === 'after';
  if (position === recorded) return point.when === 'before';
  return position > sent && position < recorded;
}
