import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import type { Customer } from './startFlow';

/** A place to die at: before or after the effect of the n-th call of its kind that one job causes. */
export interface CrashPoint {
  effect: string;
  resource: string | undefined;
  nth: number;
  when: 'before' | 'after';
}

const JOB_QUEUES = ['print-notifications', 'print-job-events'];

/**
 * Whether a call is part of handling this customer's job: everything the app does to storage and Graph, but for its
 * polling of queues, its timers' own work, and the host's blobs. A death during a receive is one before the next call.
 */
export function isJobCall(call: ProxyCall, customer: Customer): boolean {
  if (call.target === 'graph') {
    // A listing is the sweep's.
    if (/\/(tasks|jobs)$/.test(call.path.split('?')[0] ?? '')) return false;
    return call.path.includes(customer.printerId) || call.path.includes(customer.definitionId);
  }
  if (call.target === 'queue') {
    const moves =
      call.effect === 'queue.send' || call.effect === 'queue.delete' || call.effect === 'queue.update';
    return moves && JOB_QUEUES.includes(call.resource ?? '');
  }
  if (call.target !== 'table' || call.effect === 'table.query') return false;
  // Only the timers write the row of a customer.
  if (call.effect === 'table.update' && call.resource === 'Tenants') return false;
  return `${decodeURIComponent(call.path)}${call.bodyText ?? ''}`.includes(customer.tenantId);
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
  const position = calls.findIndex(
    ({ effect, resource }) => effect === point.effect && resource === point.resource,
  );
  const sent = calls.findIndex(
    (call) => call.effect === 'queue.send' && call.resource === 'print-job-events',
  );
  const recorded = calls.findIndex((call, index) => index > sent && call.resource === 'PrintJobs');
  if (position === sent) return point.when === 'after';
  if (position === recorded) return point.when === 'before';
  return position > sent && position < recorded;
}
