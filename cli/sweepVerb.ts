import { countSweeps, sweepAll, type SweepSummary } from '../shared/sweep/sweepAll';
import { sweepWatch } from '../shared/sweep/sweepWatch';
import type { WatchKey } from '../shared/watches/watches';
import { usageError } from './arguments';
import type { CliContext } from './cliContext';
import { formatTable, writeJson } from './output';
import { ReceiverError } from '../shared/errors';

export interface SweepCliOptions {
  tenant?: string;
  printer?: string;
  definition?: string;
  json?: true;
}

/**
 * `jobs sweep`: all tenants, one tenant, or one watch. Exit code 1 when something could not be looked at; that a paused or
 * removed customer has taken its consent back is to be expected, and only noted.
 */
export async function sweepVerb(context: CliContext, options: SweepCliOptions): Promise<void> {
  const { io } = context;
  const watch = watchKeyOf(options);
  const services = await context.services();
  const deps = { ...(await services.sweep()), logger: context.logger };
  const { tenant } = options;
  if (tenant !== undefined && !(await deps.tenants.get(tenant))) {
    throw new ReceiverError(
      'tenantNotServed',
      `Tenant ${tenant} is not on the allow-list: add it with tenants add ${tenant} --name <text>`,
    );
  }
  if (watch) {
    const result = await sweepWatch(deps, watch);
    if (options.json) writeJson(io.stdout, result);
    else if (result.outcome === 'swept') io.stdout(describeFound(result));
    if (result.outcome === 'swept') return;
    context.markFailed();
    if (result.outcome === 'postponed' && result.enqueued > 0) {
      io.stderr(`${result.enqueued} that the pages before showed are on the queue\n`);
    }
    const why = result.outcome === 'notServed' ? `It is not watched: see subscriptions list` : result.error;
    return io.stderr(`error: ${why}\n`);
  }
  const summary = await sweepAll(deps, {
    ...(tenant === undefined ? {} : { tenantId: tenant }),
    onProgress: ({ tenantId, of, seen, enqueued }) =>
      io.stderr(`${tenantId} ${of}: ${seen} open or ready, ${enqueued} queued\n`),
  });
  if (options.json) writeJson(io.stdout, summary);
  else io.stdout(describeSummary(summary));
  report(context, summary);
}

function report({ io, markFailed }: CliContext, { tenants, unreadable }: SweepSummary): void {
  for (const message of unreadable) io.stderr(`warning: ${message}\n`);
  for (const { tenantId, triggersLost } of tenants) {
    for (const printer of triggersLost) {
      io.stderr(
        `warning: ${tenantId}: the new jobs of printer ${printer} carry no task of ours; make its trigger again with triggers create\n`,
      );
    }
  }
  for (const { tenantId, status, outcome, failures } of tenants) {
    const isExpected = outcome === 'refused' && status !== 'active';
    for (const { of, error } of failures) io.stderr(`error: ${tenantId} ${of}: ${error}\n`);
    if (outcome === 'postponed') {
      io.stderr(`error: ${tenantId}: Graph throttles or is out of order; the next sweep looks at the rest\n`);
    }
    if (isExpected) {
      io.stderr(
        `note: ${tenantId} is ${status} and refuses the app, as after a consent that was taken back: its open tasks, if any, stay until Universal Print deletes them\n`,
      );
    } else if (outcome === 'refused') {
      io.stderr(`error: ${tenantId}: refuses the app; tenants show ${tenantId} names what is missing\n`);
    }
    if (!isExpected && (failures.length > 0 || outcome !== 'swept')) markFailed();
  }
}

function watchKeyOf({ tenant, printer, definition }: SweepCliOptions): WatchKey | undefined {
  if (printer === undefined && definition === undefined) return undefined;
  if (tenant === undefined || (printer !== undefined && definition !== undefined)) {
    throw usageError('jobs sweep takes --printer <id> or --definition <id> together with --tenant <id>');
  }
  return printer === undefined
    ? { tenantId: tenant, kind: 'jobStarted', id: definition ?? '' }
    : { tenantId: tenant, kind: 'jobFetchable', id: printer };
}

function describeFound({ seen, enqueued }: { seen: number; enqueued: number }): string {
  return `${seen} open task(s) or ready job(s) at Graph; ${enqueued} of them were missing and are on the queue now.\n`;
}

function describeSummary(summary: SweepSummary): string {
  const { seen = 0, enqueued = 0 } = countSweeps(summary);
  if (summary.tenants.length === 0) return 'No customer is on the allow-list: nothing to sweep.\n';
  const rows = summary.tenants.map((sweep) => [
    sweep.tenantId,
    sweep.outcome,
    String(sweep.seen),
    String(sweep.enqueued),
    String(sweep.lostByGraph),
  ]);
  return (
    formatTable(['tenant', 'outcome', 'open or ready', 'queued', 'lost by Graph'], rows) +
    describeFound({ seen, enqueued })
  );
}
