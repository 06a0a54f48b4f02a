import { countSweeps, sweepAll, type SweepSummary } from '../shared/sweep/sweepAll';
import { sweepWatch } from '../shared/sweep/sweepWatches';
import type { WatchKey } from '../shared/watches/watches';
import { notListed, usageError, watchKeyOf, type WatchOptions } from './arguments';
import type { CliContext } from './context';
import { plural, type JsonOption } from './output';

export type SweepJobsOptions = Partial<WatchOptions> & JsonOption;

/**
 * `jobs sweep`: all tenants, one tenant, or one watch. Exit code 1 when something could not be listed. A paused or removed
 * customer that refuses the app is expected (its consent was withdrawn) and gives a note only.
 */
export async function sweepJobs(context: CliContext, options: SweepJobsOptions): Promise<void> {
  const { terminal, logger } = context;
  const { tenant } = options;
  const watch = watchKeyOrNone(options);
  const deps = { ...(await (await context.services()).sweep()), logger };
  if (tenant !== undefined && !(await deps.tenants.get(tenant))) throw notListed(tenant);
  if (watch) return reportOne(context, await sweepWatch(deps, watch, { retryNow: true }), options);
  const summary = await sweepAll(deps, {
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    onProgress: ({ tenantId, of, seen, enqueued }) =>
      terminal.note(`${tenantId} ${of}: ${seen} open or ready, ${enqueued} queued`),
  });
  if (options.json) terminal.json(summary);
  else printSummary(context, summary);
  reportProblems(context, summary);
}

function watchKeyOrNone({ tenant, ...ids }: SweepJobsOptions): WatchKey | undefined {
  if (ids.printer === undefined && ids.definition === undefined) return undefined;
  if (tenant === undefined) {
    throw usageError('jobs sweep needs --tenant <id> with --printer <id> or --definition <id>');
  }
  return watchKeyOf('jobs sweep', { tenant, ...ids });
}

function reportOne(
  { terminal, markFailed }: CliContext,
  result: Awaited<ReturnType<typeof sweepWatch>>,
  options: JsonOption,
): void {
  if (options.json) terminal.json(result);
  else if (result.outcome === 'swept') terminal.print(describeFound(result));
  if (result.outcome === 'swept') return;
  markFailed();
  if (result.outcome === 'postponed' && result.enqueued > 0) {
    terminal.note(`${plural(result.enqueued, 'missed job event')} of the pages before the failure queued`);
  }
  const reason = result.outcome === 'notActive' ? 'It is not watched. See: subscriptions list' : result.error;
  terminal.error(reason);
}

function reportProblems({ terminal, markFailed }: CliContext, { tenants, unreadable }: SweepSummary): void {
  for (const message of unreadable) terminal.warn(message);
  for (const { tenantId, triggersLost } of tenants) {
    for (const printer of triggersLost) {
      terminal.warn(
        `${tenantId}: new jobs of printer ${printer} have no task of this app. Recreate the trigger: triggers create --tenant ${tenantId} --printer ${printer} --definition <id>`,
      );
    }
    if (triggersLost.length > 1) {
      terminal.note(`To see what separates this customer from its fleet document: fleet plan --tenant ${tenantId}`);
    }
  }
  for (const { tenantId, status, outcome, failures } of tenants) {
    const isExpected = outcome === 'refused' && status !== 'active';
    for (const { of, error } of failures) terminal.error(`${tenantId} ${of}: ${error}`);
    if (outcome === 'postponed') {
      terminal.error(`${tenantId}: Graph is throttling or unavailable. The next sweep lists the rest.`);
    }
    if (isExpected) {
      terminal.note(
        `note: ${tenantId} is ${status} and refuses the app, as it does after its consent was withdrawn. Its open tasks stay until Universal Print deletes them.`,
      );
    } else if (outcome === 'refused') {
      terminal.error(`${tenantId} refuses the app. To see what is missing: tenants show ${tenantId}`);
    }
    if (!isExpected && (failures.length > 0 || outcome !== 'swept')) markFailed();
  }
}

function describeFound({ seen, enqueued }: { seen: number; enqueued: number }): string {
  return `${plural(seen, 'open task or ready job', 'open tasks or ready jobs')} at Graph, ${enqueued} missed and now queued.`;
}

function printSummary({ terminal }: CliContext, summary: SweepSummary): void {
  const { seen = 0, enqueued = 0 } = countSweeps(summary);
  if (summary.tenants.length === 0) return terminal.print('No customer is on the allow-list: nothing to sweep.');
  const rows = summary.tenants.map((sweep) => [
    sweep.tenantId,
    sweep.outcome,
    String(sweep.seen),
    String(sweep.enqueued),
    String(sweep.lostByGraph),
  ]);
  terminal.table(['tenant', 'outcome', 'open or ready', 'queued', 'lost by Graph'], rows);
  terminal.print(describeFound({ seen, enqueued }));
}
