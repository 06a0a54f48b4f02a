import { eachBounded, inPieces } from '../concurrency';
import { errorFields } from '../errors';
import { isoTime } from '../jobs/claims';
import { dayOf } from '../jobs/ledgerIndex';
import { TENANT_BOUNDS, type Tenant } from '../tenants/tenants';
import { blankOldRows } from './blankOldRows';
import { removeOldRows } from './removeOldRows';
import type { RetentionDeps, RetentionRun, RetentionSummary } from './retentionRun';

const DAY_MS = 24 * 60 * 60_000;
/** Customers side by side: one with many rows does not delay the others. */
const TENANTS_AT_ONCE = 4;
/** Deletions side by side, of each customer. */
const DOCUMENTS_AT_ONCE = 16;
const PIECE = 100;

/**
 * Removes what customers no longer want to be kept: ledger rows, what rows say of people, and archived documents. Never
 * earlier than the days of the customer have passed, and at most a day later. Every step may be repeated, so a run that ends
 * early is continued by the next one. Runs may overlap.
 *
 * Never rejects for one customer: failures are logged.
 *
 * @param options runMs: no step starts after it
 * @throws ReceiverError `storageUnavailable` when the customers cannot be listed
 */
export async function applyRetention(deps: RetentionDeps, { runMs }: { runMs: number }): Promise<RetentionSummary> {
  const endsAt = deps.clock.now() + runMs;
  const summary = { tenants: 0, rows: 0, rowsKept: 0, rowsBlanked: 0, documents: 0, failed: 0, timeUp: false };
  const isUp = () => {
    summary.timeUp ||= deps.clock.now() >= endsAt;
    return summary.timeUp;
  };
  const run: RetentionRun = { summary, isUp };
  const tenants: Tenant[] = [];
  const onUnreadable = (error: Error) => deps.logger.error('row.unreadable', errorFields(error));
  // Also those that are paused or removed: what is stored of them ends too.
  for await (const tenant of deps.tenants.list(onUnreadable)) tenants.push(tenant);
  // Customers that one run did not reach must not be the last of every run.
  const first = Math.floor(deps.random() * tenants.length);
  const inTurn = [...tenants.slice(first), ...tenants.slice(0, first)];
  await eachBounded(TENANTS_AT_ONCE, inTurn, async (tenant) => {
    if (isUp()) return;
    summary.tenants += 1;
    const { tenantId } = tenant;
    let hasFailed = false;
    for (const [part, work] of Object.entries(PARTS)) {
      try {
        await work(deps, tenant, run);
      } catch (error) {
        hasFailed = true;
        deps.logger.error('retention.failed', { tenantId, part, ...errorFields(error) });
      }
    }
    if (hasFailed) summary.failed += 1;
  });
  return summary;
}

/** The parts for one customer, in their order. One that fails does not stop the others. */
const PARTS = {
  rows: (deps: RetentionDeps, tenant: Tenant, run: RetentionRun) => {
    // A row that a person has changed by hand may say less.
    const days = Math.max(tenant.retentionDays, TENANT_BOUNDS.retentionDays.least);
    return removeOldRows(deps, tenant.tenantId, lastKeptDay(deps, days), run);
  },
  personalData: (deps: RetentionDeps, tenant: Tenant, run: RetentionRun) =>
    blankOldRows(deps, tenant, lastKeptDay(deps, tenant.personalDataDays), run),
  documents: removeOldDocuments,
};

/** The oldest day of which a row may be younger than `days`. All rows of the days before it are older. */
function lastKeptDay({ clock }: RetentionDeps, days: number): string {
  return dayOf(isoTime(clock.now() - days * DAY_MS));
}

/** A document that cannot be deleted, for example because a policy of the account protects it, does not stop the others. */
async function removeOldDocuments(
  { documents, clock }: RetentionDeps,
  { tenantId, documentDays }: Tenant,
  { summary, isUp }: RetentionRun,
): Promise<void> {
  const before = clock.now() - documentDays * DAY_MS;
  const failures: unknown[] = [];
  for await (const piece of inPieces(PIECE, documents.list(`${tenantId}/`))) {
    if (isUp()) break;
    const old = piece.filter(({ storedAt }) => storedAt <= before);
    await eachBounded(DOCUMENTS_AT_ONCE, old, async ({ name }) => {
      try {
        if (await documents.remove(name)) summary.documents += 1;
      } catch (error) {
        failures.push(error);
      }
    });
  }
  if (failures.length > 0) throw failures[0];
}
