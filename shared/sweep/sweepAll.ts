import { errorFields } from '../errors';
import { createSweepTime, emptySweep, withBatchDeadline, withDeadline } from './sweepRun';
import type { SweepDeps, SweepProgress, TenantSweep } from './sweepRun';
import { eachBounded } from '../concurrency';
import { elapsedMs } from '../clock';
import type { Tenant } from '../tenants/tenants';
import { sweepTenant } from './sweepTenant';

/** Tenants side by side: one that is slow or throttled does not hold up the others. */
const TENANTS_AT_ONCE = 4;

export interface SweepOptions {
  /** Only this tenant, with the trigger of every printer, and with jobs whose retries are not due yet or have ended. */
  tenantId?: string;
  /** Only what is due since the last sweep of each tenant, as the timer sweeps. */
  dueOnly?: boolean;
  /** The sweep answers a sign that notifications are lost: quiet printers are swept like busy ones for an hour. */
  isTrouble?: boolean;
  /** Milliseconds after which no new call starts. Without it the run has no limit. */
  runMs?: number;
  /** Called after each listing. */
  onProgress?: (progress: SweepProgress) => void;
}

export interface SweepSummary {
  tenants: TenantSweep[];
  /** Errors of rows that cannot be read: they name what to correct. */
  unreadable: string[];
}

/**
 * Sweeps every tenant on the allow-list, also paused and removed ones: their open tasks block prints. The tenant whose last
 * sweep is longest ago comes first. A tenant that is not reached within the run is `postponed`. A paused or removed tenant
 * that keeps refusing the app is listed less and less often, and is `refused` in between. One failure does not stop the rest.
 * Rejects only when the list of tenants cannot be read.
 */
export async function sweepAll(deps: SweepDeps, options: SweepOptions = {}): Promise<SweepSummary> {
  const { tenantId, runMs = Infinity, onProgress, dueOnly = false, isTrouble = false } = options;
  const summary: SweepSummary = { tenants: [], unreadable: [] };
  const onUnreadable = (error: Error) => {
    summary.unreadable.push(error.message);
    deps.logger.error('row.unreadable', errorFields(error));
  };
  const tenants: Tenant[] = [];
  for await (const tenant of deps.tenants.list(onUnreadable)) {
    if (tenantId === undefined && isBackingOff(tenant, deps.clock.now())) {
      summary.tenants.push({ ...emptySweep(tenant), outcome: 'refused' });
    } else if (tenantId === undefined || tenant.tenantId === tenantId) tenants.push(tenant);
  }
  let left = tenants.length;
  const time = createSweepTime(deps.clock, { runMs, rounds: () => Math.ceil(left / TENANTS_AT_ONCE) });
  const timed = {
    ...deps,
    callGraph: withDeadline(deps.callGraph, time),
    callBatch: withBatchDeadline(deps.callBatch, time),
  };
  const isAsked = tenantId !== undefined;
  const context = { time, dueOnly, isTrouble, everyTrigger: isAsked, retryNow: isAsked, onUnreadable, onProgress };
  let leftOut = 0;
  await eachBounded(TENANTS_AT_ONCE, longestAgoFirst(tenants), async (tenant) => {
    if (time.isUp()) {
      leftOut += 1;
      summary.tenants.push({ ...emptySweep(tenant), outcome: 'postponed' });
      return;
    }
    summary.tenants.push(await sweepTenant(timed, tenant, context));
    left -= 1;
  });
  if (leftOut > 0) deps.logger.warn('sweep.timeUp', { tenants: leftOut });
  return summary;
}

/** A sweep that failed counts too: a tenant that keeps failing must not delay the others. */
function longestAgoFirst(tenants: readonly Tenant[]): Tenant[] {
  const lastSweep = ({ sweepTriedAt, sweptAt }: Tenant) => Date.parse(sweepTriedAt ?? sweptAt ?? '') || 0;
  return [...tenants].sort((a, b) => lastSweep(a) - lastSweep(b));
}

/** The counts of a summary, for one log line. */
export function countSweeps({ tenants, unreadable }: SweepSummary) {
  const sum = (of: (sweep: TenantSweep) => number) => tenants.reduce((total, sweep) => total + of(sweep), 0);
  const ended = (outcome: TenantSweep['outcome']) => sum((sweep) => (sweep.outcome === outcome ? 1 : 0));
  return {
    swept: ended('swept'),
    postponed: ended('postponed'),
    refused: ended('refused'),
    error: ended('error'),
    listings: sum(({ listings }) => listings),
    seen: sum(({ seen }) => seen),
    enqueued: sum(({ enqueued }) => enqueued),
    lostByGraph: sum(({ lostByGraph }) => lostByGraph),
    triggersLost: sum(({ triggersLost }) => triggersLost.length),
    failures: sum(({ failures }) => failures.length),
    unreadable: unreadable.length,
  };
}

/** Doubling from twice this, a little under the ten minutes of a round, because a run may start early. */
const HALF_FIRST_MS = 9 * 60_000;
const LONGEST_MS = 24 * 60 * 60_000;

/**
 * Whether this sweep skips a paused or removed tenant that keeps refusing the app: its consent was withdrawn, and its open
 * tasks cannot be reached until consent is given again.
 *
 * @param now milliseconds since 1970
 */
function isBackingOff(
  { status, sweepRefusals = 0, sweepTriedAt }: Pick<Tenant, 'status' | 'sweepRefusals' | 'sweepTriedAt'>,
  now: number,
): boolean {
  if (status === 'active' || sweepRefusals === 0) return false;
  const restMs = Math.min(LONGEST_MS, HALF_FIRST_MS * 2 ** Math.min(sweepRefusals, 10));
  return elapsedMs(sweepTriedAt, now) < restMs;
}
