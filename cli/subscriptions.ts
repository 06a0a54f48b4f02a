import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { addWatch } from '../shared/subscriptions/manage';
import { retryAfterEndsAt } from '../shared/subscriptions/plan';
import { type Watch, type WatchKey, watchState } from '../shared/watches/watches';
import { sweepWatches } from '../shared/sweep/sweepWatches';
import { reconcileAll, type ReconcileSummary } from '../shared/subscriptions/reconcileAll';
import { idArgument, tenantArgument, usageError } from './arguments';
import { changeWatchVerb, showWatchVerb, type ChangeOptions, type ChangeVerb } from './changeWatchVerb';
import type { CliContext } from './cliContext';
import { example, formatTable, JSON_HELP, writeJson } from './output';

interface AddOptions {
  tenant: string;
  printer?: string;
  definition?: string;
  json?: true;
}

interface ReconcileCliOptions {
  tenant?: string;
  retryNow?: true;
  json?: true;
}

/** The group `subscriptions`: what we want to hear of, and how that stands. */
export function subscriptionsCommand(group: Command, context: CliContext): void {
  group.description('what the app wants to hear of, and the Graph subscriptions that serve it');
  group
    .command('add')
    .description('watch a printer (JobFetchable) or a task definition (JobStarted)')
    .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
    .option('--printer <id>', 'hear of every job of this printer that becomes fetchable', idArgument)
    .option('--definition <id>', 'hear of every job that a trigger of this definition holds', idArgument)
    .option('--json', JSON_HELP)
    .addHelpText(
      'after',
      example(
        'subscriptions add --tenant 11111111-1111-1111-1111-111111111111 --printer 33333333-3333-3333-3333-333333333333',
      ),
    )
    .action((options: AddOptions) => add(context, options));
  group
    .command('list')
    .description('show all watches and how their subscriptions stand')
    .option('--tenant <id>', 'only this tenant', tenantArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('subscriptions list'))
    .action((options: { tenant?: string; json?: true }) => list(context, options));
  group
    .command('reconcile')
    .description(
      'create and renew what is due now, as the timer does; ends with 1 when something due fails, is refused or is left',
    )
    .option('--tenant <id>', 'only this tenant', tenantArgument)
    .option(
      '--retry-now',
      'try failed watches again once their cause is corrected, without waiting but where Graph asked for it',
    )
    .option('--json', JSON_HELP)
    .addHelpText('after', example('subscriptions reconcile --retry-now'))
    .action((options: ReconcileCliOptions) => reconcile(context, options));
  const one = (verb: string, description: string) =>
    group
      .command(verb)
      .description(description)
      .requiredOption('--tenant <id>', 'GUID of the tenant', tenantArgument)
      .option('--printer <id>', 'the watch of this printer', idArgument)
      .option('--definition <id>', 'the watch of this task definition', idArgument)
      .option('--json', JSON_HELP)
      .addHelpText(
        'after',
        example(
          `subscriptions ${verb} --tenant 11111111-1111-1111-1111-111111111111 --printer 33333333-3333-3333-3333-333333333333`,
        ),
      );
  const changing = (verb: ChangeVerb) => (options: AddOptions & ChangeOptions) =>
    changeWatchVerb(context, verb, watchKeyOf(verb, options), options);
  one('show', 'show all that is stored of one watch').action((options: AddOptions) =>
    showWatchVerb(context, watchKeyOf('show', options), options),
  );
  one('renew', 'renew one subscription now, due or not').action(changing('renew'));
  one('remove', 'stop watching; asks first').option('--yes', 'do not ask').action(changing('remove'));
  one('revoke', 'replace a subscription whose clientState has become known; asks first')
    .option('--yes', 'do not ask')
    .action(changing('revoke'));
}

async function add(context: CliContext, options: AddOptions): Promise<void> {
  const { io } = context;
  const key = watchKeyOf('add', options);
  const deps = { ...(await (await context.services()).subscriptions()), logger: context.logger };
  const added = await addWatch(deps, key);
  if (added.outcome !== 'watched') throw notServed(added.outcome, key.tenantId);
  const { outcome, watch } = added.result;
  // A failure of this run, or of an earlier one that is still being waited out.
  const waits = watch.lastError !== undefined || retryAfterEndsAt(watch, io.now()) !== undefined;
  const failed = outcome === 'failed' || (outcome === 'nothing' && waits);
  if (options.json) writeJson(io.stdout, { ...watch, added: added.added, outcome });
  else if (!failed) io.stdout(describeAdded(added.added, outcome, watch));
  if (!failed) return;
  context.markFailed();
  io.stderr(
    `error: The watch is stored, but Graph gave no subscription: ${watch.lastError ?? 'it asked for a wait'}\nThe app tries again by itself at ${watch.nextTryAt ?? watch.retryAfterUntil ?? 'its next run'}; once corrected: subscriptions reconcile --retry-now\n`,
  );
}

async function list(context: CliContext, options: { tenant?: string; json?: true }): Promise<void> {
  const { io } = context;
  const found: Watch[] = [];
  const watches = await (await context.services()).watches();
  const tell = (error: Error) => io.stderr(`warning: ${error.message}\n`);
  for await (const { watch } of watches.list(options.tenant, tell)) found.push(watch);
  const now = io.now();
  if (options.json)
    return writeJson(
      io.stdout,
      found.map((watch) => ({ ...watch, state: watchState(watch, now) })),
    );
  if (found.length === 0) {
    return io.stdout(
      'Nothing is watched. Add a watch with: subscriptions add --tenant <id> --printer <id>\n',
    );
  }
  const rows = found.map((watch) => [
    watch.tenantId,
    watch.kind,
    watch.id,
    watchState(watch, now),
    watch.expirationDateTime ?? '',
    watch.lastError ?? '',
  ]);
  io.stdout(formatTable(['tenant', 'event', 'of', 'state', 'expires', 'last error'], rows));
}

async function reconcile(context: CliContext, options: ReconcileCliOptions): Promise<void> {
  const { io } = context;
  const deps = { ...(await (await context.services()).subscriptions()), logger: context.logger };
  if (options.tenant !== undefined && !(await deps.tenants.get(options.tenant))) {
    throw notServed('tenantUnknown', options.tenant);
  }
  const summary = await reconcileAll(deps, {
    ...(options.tenant === undefined ? {} : { tenantId: options.tenant }),
    ...(options.retryNow ? { retryNow: true } : {}),
    onProgress: ({ tenantId, watch, outcome, graphWaitsUntil }) => {
      const wait = graphWaitsUntil === undefined ? '' : `, Graph asked to wait until ${graphWaitsUntil}`;
      if (outcome !== 'nothing') io.stderr(`${tenantId} ${watch}: ${outcome}${wait}\n`);
    },
  });
  if (summary.toSweep.length > 0) {
    const sweep = await (await context.services()).sweep();
    const queued = await sweepWatches({ ...sweep, logger: context.logger }, summary.toSweep);
    io.stderr(`${summary.toSweep.length} watch(es) swept: ${queued} missed job event(s) are on the queue\n`);
  }
  if (options.json) writeJson(io.stdout, summary);
  else io.stdout(describeSummary(summary));
  report(context, summary);
}

/** What a person has to know of a run besides its counts. Exit code 1 when something that was due is not as it should be. */
function report({ io, markFailed }: CliContext, summary: ReconcileSummary): void {
  const { unreadable, failures, refused, counts } = summary;
  const next = (time?: string) => (time === undefined ? '' : ` (next try ${time})`);
  for (const message of unreadable) io.stderr(`warning: ${message}\n`);
  for (const { tenantId, watch, error, nextTryAt } of failures) {
    io.stderr(`error: ${tenantId} ${watch}: ${error}${next(nextTryAt)}\n`);
  }
  for (const { tenantId, error, nextTryAt } of refused) {
    io.stderr(
      `error: ${tenantId} refuses the app: ${error ?? 'without words'}${next(nextTryAt)}; tenants show ${tenantId} names what is missing, and once corrected: subscriptions reconcile --retry-now\n`,
    );
  }
  if (counts.postponed > 0) {
    io.stderr(
      `error: ${counts.postponed} watch(es) are left to the app's next run, or to this command again\n`,
    );
  }
  if (failures.length + refused.length + counts.postponed > 0) markFailed();
}

function watchKeyOf(verb: string, { tenant, printer, definition }: AddOptions): WatchKey {
  if (printer !== undefined && definition === undefined)
    return { tenantId: tenant, kind: 'jobFetchable', id: printer };
  if (definition !== undefined && printer === undefined)
    return { tenantId: tenant, kind: 'jobStarted', id: definition };
  throw usageError(`subscriptions ${verb} needs either --printer <id> or --definition <id>`);
}

function notServed(outcome: 'tenantUnknown' | 'tenantNotActive', tenantId: string): ReceiverError {
  const message =
    outcome === 'tenantUnknown'
      ? `Tenant ${tenantId} is not on the allow-list: add it with tenants add ${tenantId} --name <text>`
      : `Tenant ${tenantId} is paused or removed: nothing new is subscribed for it`;
  return new ReceiverError('tenantNotServed', message);
}

function describeAdded(added: boolean, outcome: string, watch: Watch): string {
  const what = `${watch.kind} of ${watch.id}`;
  if (outcome === 'busy' || watch.subscriptionId === undefined) {
    return `${what} is watched; its subscription is being made by another run. See: subscriptions list\n`;
  }
  const state = added ? 'is now watched' : outcome === 'nothing' ? 'was watched already' : 'is watched again';
  return `${what} ${state}: subscription ${watch.subscriptionId}, until ${watch.expirationDateTime ?? 'unknown'}. The app renews it by itself.\n`;
}

function describeSummary({ counts, tenantsSkipped }: ReconcileSummary): string {
  const rows = Object.entries(counts).map(([outcome, count]) => [outcome, String(count)]);
  const skipped =
    tenantsSkipped === 0
      ? ''
      : `${tenantsSkipped} paused or removed tenant(s) were left alone, but for the task definitions of paused ones.\n`;
  return formatTable(['outcome', 'watches'], rows) + skipped;
}
