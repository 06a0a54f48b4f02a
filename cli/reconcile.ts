import { reconcileAll, type ReconcileSummary } from '../shared/subscriptions/reconcileAll';
import { sweepWatches } from '../shared/sweep/sweepWatches';
import { notListed } from './arguments';
import type { CliContext } from './context';
import { plural, type JsonOption } from './output';

export interface ReconcileVerbOptions extends JsonOption {
  tenant?: string;
  retryNow?: true;
}

/** `subscriptions reconcile`: what the timer does, with progress on stderr. */
export async function reconcileVerb(context: CliContext, options: ReconcileVerbOptions): Promise<void> {
  const summary = await reconcileAndSweep(context, options);
  if (options.json) context.terminal.json(summary);
  reportSummary(context, summary, options);
}

/** Reconciles, and sweeps the watches that had no subscription for a moment. */
export async function reconcileAndSweep(context: CliContext, options: ReconcileVerbOptions): Promise<ReconcileSummary> {
  const { terminal, logger } = context;
  const deps = { ...(await (await context.services()).subscriptions()), logger };
  if (options.tenant !== undefined && !(await deps.tenants.get(options.tenant))) {
    throw notListed(options.tenant);
  }
  const summary = await reconcileAll(deps, {
    ...(options.tenant === undefined ? {} : { tenantId: options.tenant }),
    ...(options.retryNow ? { retryNow: true } : {}),
    onProgress: ({ tenantId, watch, outcome, graphWaitsUntil }) => {
      const wait = graphWaitsUntil === undefined ? '' : `, Graph asked the app to wait until ${graphWaitsUntil}`;
      if (outcome !== 'nothing') terminal.note(`${tenantId} ${watch}: ${outcome}${wait}`);
    },
  });
  if (summary.toSweep.length > 0) {
    const sweep = await (await context.services()).sweep();
    const { enqueued: queued } = await sweepWatches({ ...sweep, logger }, summary.toSweep);
    const swept = plural(summary.toSweep.length, 'watch', 'watches');
    terminal.note(`Swept ${swept}: ${plural(queued, 'missed job event')} queued`);
  }
  return summary;
}

/** Prints the counts of a run, except with --json, and its problems. */
export function reportSummary(context: CliContext, summary: ReconcileSummary, { json }: JsonOption): void {
  if (!json) printSummary(context, summary);
  reportProblems(context, summary);
}

/** Prints warnings and errors of a run. Exit code 1 when a watch that was due failed, was refused or was postponed. */
function reportProblems({ terminal, markFailed }: CliContext, summary: ReconcileSummary): void {
  const { unreadable, failures, refused, counts } = summary;
  const next = (time?: string) => (time === undefined ? '' : ` (next try ${time})`);
  for (const message of unreadable) terminal.warn(message);
  for (const { tenantId, watch, error, nextTryAt } of failures) {
    terminal.error(`${tenantId} ${watch}: ${error}${next(nextTryAt)}`);
  }
  for (const { tenantId, error, nextTryAt } of refused) {
    terminal.error(
      `${tenantId} refuses the app: ${error ?? 'no reason given'}${next(nextTryAt)}`,
      `  To see what is missing: tenants show ${tenantId}`,
      '  To retry now: subscriptions reconcile --retry-now',
    );
  }
  if (counts.postponed > 0) {
    const postponed = plural(counts.postponed, 'watch', 'watches');
    terminal.error(`${postponed} postponed until the next run of the app or of this command`);
  }
  if (failures.length + refused.length + counts.postponed > 0) markFailed();
}

function printSummary({ terminal }: CliContext, { counts, tenantsSkipped }: ReconcileSummary): void {
  const rows = Object.entries(counts).map(([outcome, count]) => [outcome, String(count)]);
  terminal.table(['outcome', 'watches'], rows);
  if (tenantsSkipped === 0) return;
  const skipped = plural(tenantsSkipped, 'paused or removed tenant');
  terminal.print(`${skipped} skipped. Task definitions of paused tenants are still renewed.`);
}
