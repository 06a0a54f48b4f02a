import { reconcileAll, type ReconcileSummary } from '../shared/subscriptions/reconcileAll';
import { sweepWatches } from '../shared/sweep/sweepWatches';
import { notListed } from './arguments';
import type { CliContext } from './context';
import { formatTable, plural, writeJson, type JsonOption } from './output';

export interface ReconcileVerbOptions extends JsonOption {
  tenant?: string;
  retryNow?: true;
}

/** `subscriptions reconcile`: what the timer does, with progress on stderr. */
export async function reconcileVerb(context: CliContext, options: ReconcileVerbOptions): Promise<void> {
  const { io, logger } = context;
  const deps = { ...(await (await context.services()).subscriptions()), logger };
  if (options.tenant !== undefined && !(await deps.tenants.get(options.tenant))) {
    throw notListed(options.tenant);
  }
  const summary = await reconcileAll(deps, {
    ...(options.tenant === undefined ? {} : { tenantId: options.tenant }),
    ...(options.retryNow ? { retryNow: true } : {}),
    onProgress: ({ tenantId, watch, outcome, graphWaitsUntil }) => {
      const wait = graphWaitsUntil === undefined ? '' : `, Graph asked the app to wait until ${graphWaitsUntil}`;
      if (outcome !== 'nothing') io.stderr(`${tenantId} ${watch}: ${outcome}${wait}\n`);
    },
  });
  if (summary.toSweep.length > 0) {
    const sweep = await (await context.services()).sweep();
    const queued = await sweepWatches({ ...sweep, logger }, summary.toSweep);
    const swept = plural(summary.toSweep.length, 'watch', 'watches');
    io.stderr(`Swept ${swept}: ${plural(queued, 'missed job event')} queued\n`);
  }
  if (options.json) writeJson(io.stdout, summary);
  else io.stdout(describeSummary(summary));
  reportProblems(context, summary);
}

/** Prints warnings and errors of a run. Exit code 1 when a watch that was due failed, was refused or was postponed. */
function reportProblems({ io, markFailed }: CliContext, summary: ReconcileSummary): void {
  const { unreadable, failures, refused, counts } = summary;
  const next = (time?: string) => (time === undefined ? '' : ` (next try ${time})`);
  for (const message of unreadable) io.stderr(`warning: ${message}\n`);
  for (const { tenantId, watch, error, nextTryAt } of failures) {
    io.stderr(`error: ${tenantId} ${watch}: ${error}${next(nextTryAt)}\n`);
  }
  for (const { tenantId, error, nextTryAt } of refused) {
    io.stderr(
      `error: ${tenantId} refuses the app: ${error ?? 'no reason given'}${next(nextTryAt)}\n  To see what is missing: tenants show ${tenantId}\n  To retry now: subscriptions reconcile --retry-now\n`,
    );
  }
  if (counts.postponed > 0) {
    const postponed = plural(counts.postponed, 'watch', 'watches');
    io.stderr(`error: ${postponed} postponed until the next run of the app or of this command\n`);
  }
  if (failures.length + refused.length + counts.postponed > 0) markFailed();
}

function describeSummary({ counts, tenantsSkipped }: ReconcileSummary): string {
  const rows = Object.entries(counts).map(([outcome, count]) => [outcome, String(count)]);
  const skipped =
    tenantsSkipped === 0
      ? ''
      : `${plural(tenantsSkipped, 'paused or removed tenant')} skipped. Task definitions of paused tenants are still renewed.\n`;
  return formatTable(['outcome', 'watches'], rows) + skipped;
}
