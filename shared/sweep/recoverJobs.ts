import { rotate } from '../backoff';
import { waitEnd } from '../clock';
import { eachBounded } from '../concurrency';
import { errorFields, ReceiverError } from '../errors';
import type { ReadLedgerRow } from '../jobs/ledger';
import { listTasks } from '../graph/api/printTasks';
import { isLeaseOver } from '../jobs/claims';
import { LONGEST_DELAY_MS } from '../jobs/delays';
import type { LedgerRow } from '../jobs/ledgerRow';
import { ledgerKey, type JobReference } from '../jobs/message';
import type { Tenant } from '../tenants/tenants';
import { enqueueFound } from './listing';
import { memoryName } from './sweepMemory';
import { withDeadline, type SweepDeps } from './sweepRun';

/** A job that is enqueued here is claimed within seconds. Under a backlog no more than one message is added in this time. */
const ENQUEUE_EVERY_MS = 5 * 60_000;
/** A message that is due is received within this time. */
const LATE_AFTER_MS = 2 * 60_000;
/**
 * The same for an open task, whose user waits at the printer. The waiting queue is emptied once a minute, and with two minutes
 * between two listings a task is found within four.
 */
const TASK_LATE_AFTER_MS = 90_000;
/** Tenants side by side: one that is slow does not delay the others. */
const TENANTS_AT_ONCE = 8;
/** Half of the minute between two runs. */
const RUN_MS = 30_000;

export interface Recovered {
  /** Claims whose run has died, and jobs whose message to or from the archive is late. */
  claims: number;
  /** Open tasks without a row in the ledger, or whose message is late. */
  tasks: number;
  /** Held jobs whose time is up. */
  due: number;
}

/**
 * Finds held jobs whose time is up, and jobs whose process was killed, and enqueues them. The host keeps the messages of a
 * dead process invisible for ten minutes, and a user waits at the printer. A claim whose lease is over comes from the index of
 * work in hand. A task that was notified and not claimed has no row, and one that was requeued has a row that waits: with `tasks`,
 * the open tasks of every watched definition are listed too. A jobFetchable that was not claimed is left to the sweep, because no
 * user waits for it.
 *
 * Never rejects for one tenant: failures are logged, and the next run is a minute away.
 */
export async function recoverJobs(deps: SweepDeps, options: { tasks: boolean }): Promise<Recovered> {
  const recovered: Recovered = { claims: 0, tasks: 0, due: 0 };
  const endsAt = deps.clock.now() + RUN_MS;
  const isUp = () => deps.clock.now() >= endsAt;
  const timed = { ...deps, callGraph: withDeadline(deps.callGraph, { isUp }) };
  const tenants: Tenant[] = [];
  for await (const tenant of deps.tenants.list((error) => reportUnreadable(deps, error))) {
    tenants.push(tenant);
  }
  await eachBounded(TENANTS_AT_ONCE, tenants, async (tenant) => {
    const { tenantId } = tenant;
    try {
      recovered.claims += await enqueueOnce(deps, await findDeadClaims(deps, tenant));
      recovered.due += await enqueueOnce(deps, await findDue(deps, tenantId));
    } catch (error) {
      deps.logger.error('jobs.notRecovered', { ...errorFields(error), tenantId });
    }
  });
  if (!options.tasks) return recovered;
  await eachBounded(
    TENANTS_AT_ONCE,
    answeringFirst(deps, tenants),
    async ({ tenantId, graphAccess, sweepRefusals }) => {
      // A customer who refuses the app is asked by the sweep alone, ever less often.
      if (graphAccess === 'refused' || sweepRefusals > 0 || isUp()) return;
      try {
        recovered.tasks += await enqueueOnce(deps, await findUnclaimedTasks(timed, tenantId));
        deps.memory.tasksNotListed.delete(tenantId);
      } catch (error) {
        deps.memory.tasksNotListed.set(tenantId, true);
        deps.logger.warn('tasks.notListed', { ...errorFields(error), tenantId });
      }
    },
  );
  return recovered;
}

/**
 * A call that Graph does not answer lasts longer than a run. Each run starts with another tenant, and those whose last listing
 * failed come after the others, so that they cannot use up every run.
 */
function answeringFirst({ memory, random }: SweepDeps, tenants: readonly Tenant[]): Tenant[] {
  const wasNotListed = ({ tenantId }: Tenant) => Number(memory.tasksNotListed.has(tenantId));
  return rotate(tenants, random()).sort((a, b) => wasNotListed(a) - wasNotListed(b));
}

/** A job event to enqueue. */
interface Found {
  reference: JobReference;
  /** How long ago its row was written, by the clock of the table service; milliseconds. Absent without a row. */
  ageMs?: number;
}

async function findDeadClaims(deps: SweepDeps, tenant: Tenant): Promise<Found[]> {
  const { tenantId } = tenant;
  const found: Found[] = [];
  for await (const reference of deps.ledger.listOpen(tenantId, (error) => reportUnreadable(deps, error))) {
    const stored = await readRow(deps, reference);
    if (stored === undefined || stored === 'unreadable') continue;
    const { status, nextTryAt = '' } = stored.value;
    const isDead = status === 'claimed' && isLeaseOver(stored);
    // A job waits here for the archive: its next message is late.
    const isLate = status === 'waiting' && !(deps.clock.now() < Date.parse(nextTryAt) + LATE_AFTER_MS);
    // The messages of a fetchable job are dropped until its customer is resumed.
    const isLeft = isLate && reference.kind !== 'jobStarted' && tenant.status !== 'active';
    if ((isDead || isLate) && !isLeft) found.push({ reference, ageMs: stored.ageMs });
  }
  return found;
}

/** Held jobs whose time is up. Those that a run has begun to end have a message of their own. */
async function findDue(deps: SweepDeps, tenantId: string): Promise<Found[]> {
  const found: Found[] = [];
  const until = new Date(deps.clock.now()).toISOString();
  const held = deps.ledger.listHeld(tenantId, { until }, (error) => reportUnreadable(deps, error));
  for await (const { reference, heldUntil = until } of held) {
    const stored = await readRow(deps, reference);
    if (stored === undefined || stored === 'unreadable' || stored.value.status !== 'held') continue;
    // A message before that time has found the job held.
    const enqueued = deps.memory.get(memoryName(reference));
    if (enqueued !== undefined && enqueued.at < Date.parse(heldUntil)) deps.memory.forget(memoryName(reference));
    found.push({ reference, ageMs: stored.ageMs });
  }
  return found;
}

/** Definitions without a watch are left to the sweep: no notification of their tasks can have been lost here. */
async function findUnclaimedTasks(deps: SweepDeps, tenantId: string): Promise<Found[]> {
  const found: Found[] = [];
  for await (const { watch } of deps.watches.list(tenantId, (error) => reportUnreadable(deps, error))) {
    if (watch.kind !== 'jobStarted' || !watch.wanted) continue;
    const definitionId = watch.id;
    for await (const { id: taskId, isOpen, place } of listTasks(deps, { tenantId, definitionId })) {
      if (!isOpen) continue;
      const reference: JobReference = { kind: 'jobStarted', tenantId, definitionId, taskId, ...place };
      const stored = await readRow(deps, reference);
      if (stored === undefined) found.push({ reference });
      else if (stored !== 'unreadable' && isMessageLate(stored.value, deps.clock.now())) {
        found.push({ reference, ageMs: stored.ageMs });
      }
    }
  }
  return found;
}

/** A row that waits has a message. Its process was killed before it was requeued, or after it was received and before its claim. */
function isMessageLate({ status, nextTryAt }: LedgerRow, now: number): boolean {
  return status === 'waiting' && waitEnd(nextTryAt, now - TASK_LATE_AFTER_MS, LONGEST_DELAY_MS) === undefined;
}

/** The row of a job event. One that cannot be read is reported, and does not stop the others. */
async function readRow(deps: SweepDeps, reference: JobReference): Promise<ReadLedgerRow | 'unreadable' | undefined> {
  try {
    return await deps.ledger.getWithoutJob(ledgerKey(reference));
  } catch (error) {
    if (!(error instanceof ReceiverError) || error.code !== 'rowUnreadable') throw error;
    reportUnreadable(deps, error);
    return 'unreadable';
  }
}

function reportUnreadable({ logger }: SweepDeps, error: Error): void {
  logger.error('row.unreadable', errorFields(error));
}

/** A row that was written since its event was enqueued shows that the message was received: the next message is another one. */
async function enqueueOnce(deps: SweepDeps, found: readonly Found[]): Promise<number> {
  const now = deps.clock.now();
  const fresh = found.filter(({ reference, ageMs = Infinity }) => {
    const enqueued = deps.memory.get(memoryName(reference));
    if (enqueued === undefined) return true;
    const sinceMs = now - enqueued.at;
    return sinceMs >= ENQUEUE_EVERY_MS || ageMs < sinceMs;
  });
  await enqueueFound(
    deps,
    fresh.map(({ reference }) => reference),
  );
  return fresh.length;
}
