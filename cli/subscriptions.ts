import type { Command } from 'commander';
import { ReceiverError } from '../shared/errors';
import { addWatch, removeWatch, renewWatch, revokeWatch } from '../shared/subscriptions/manage';
import { QUEUE_NAMES } from '../shared/storage/account';
import { retryAfterEndsAt } from '../shared/subscriptions/plan';
import type { WatchResult } from '../shared/subscriptions/record';
import { sweepWatches } from '../shared/sweep/sweepWatches';
import { watchTag } from '../shared/watches/clientState';
import { watchOptions } from '../shared/status/driftReasons';
import { watchState, type Watch, type WatchKey } from '../shared/watches/watches';
import {
  confirm,
  limitArgument,
  nameArgument,
  notListed,
  pullPrintPrinter,
  watchKeyOf,
  TENANT_FLAG,
  TENANT_HELP,
  type WatchOptions,
} from './arguments';
import type { CliContext } from './context';
import { formerUrlArgument, importVerb, type ImportOptions } from './importSubscriptions';
import { explainRefusal, rememberRefusal } from './graphRefusal';
import { example, JSON_HELP, plural, type JsonOption } from './output';
import { storePrinterName } from './printerNames';
import { requireActive } from './requireActive';
import { DEFAULT_LIMIT, listWatches, pageArgument, type ListWatchesOptions } from './listWatches';
import { reconcileVerb, type ReconcileVerbOptions } from './reconcile';
import { sinceArgument, SINCE_FORM } from './since';

type AddOptions = WatchOptions & JsonOption;
type ChangeOptions = AddOptions & { yes?: true };
type ChangeVerb = 'renew' | 'remove' | 'revoke';

const CHANGES = { renew: renewWatch, remove: removeWatch, revoke: revokeWatch };

const QUESTIONS: Readonly<Record<Exclude<ChangeVerb, 'renew'>, (watch: string) => string>> = {
  remove: (watch) => `Stop watching ${watch}? Its subscription is deleted.`,
  revoke: (watch) =>
    `Replace the subscription of ${watch}? Notifications with its current clientState are then refused.`,
};

const TENANT = '--tenant 11111111-1111-1111-1111-111111111111';
const PRINTER = '--printer 33333333-3333-3333-3333-333333333333';

/** A region is lost and another one set up within a day. Older events are repeated only on request. */
const IMPORTED_MS = 24 * 60 * 60_000;

/** The group `subscriptions`: the watches and their Graph subscriptions. */
export function subscriptionsCommand(group: Command, context: CliContext): void {
  group.description(
    'Manage watches (the printers and task definitions to receive notifications for) and their Graph subscriptions',
  );
  const onOne = (verb: string, description: string) =>
    group
      .command(verb)
      .description(description)
      .requiredOption(TENANT_FLAG, TENANT_HELP, nameArgument)
      .option('--printer <name or id>', 'the watch of this printer (JobFetchable)', nameArgument)
      .option('--definition <name or id>', 'the watch of this task definition (JobStarted)', nameArgument)
      .option('--json', JSON_HELP)
      .addHelpText('after', example(`subscriptions ${verb} ${TENANT} ${PRINTER}`));
  onOne('add', 'Watch a printer (JobFetchable) or a task definition (JobStarted)').action((options: AddOptions) =>
    add(context, options),
  );
  group
    .command('list')
    .description('List watches and the state of their subscriptions, in the order of tenant and watch')
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option(
      '--limit <count>',
      `maximum number of watches (default: ${DEFAULT_LIMIT}, and all with --json)`,
      limitArgument,
    )
    .option('--after <tenant/watch>', 'continue after this watch, as the page before names it', pageArgument)
    .option('--json', JSON_HELP)
    .addHelpText('after', example('subscriptions list', 'subscriptions list --tenant Contoso --limit 1000'))
    .action((options: ListWatchesOptions) => listWatches(context, options));
  group
    .command('reconcile')
    .description(
      'Create and renew the subscriptions that are due, as the timer does. Exit code 1 when one fails, is refused or is postponed',
    )
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option('--retry-now', 'retry failed watches now. A Retry-After of Graph is still respected')
    .option('--json', JSON_HELP)
    .addHelpText('after', example('subscriptions reconcile --retry-now'))
    .action((options: ReconcileVerbOptions) => reconcileVerb(context, options));
  group
    .command('import')
    .description('Rebuild lost watches from the subscriptions that Graph lists, and replace each. May be repeated')
    .option(TENANT_FLAG, 'only this tenant', nameArgument)
    .option(
      '--former-url <url>',
      'also import what was created for this PUBLIC_BASE_URL; repeatable',
      formerUrlArgument,
      [],
    )
    .option('--since <time or span>', `jobs created since then get their events, ${SINCE_FORM}`, sinceArgument, {
      agoMs: IMPORTED_MS,
    })
    .option('--json', JSON_HELP)
    .addHelpText('after', example('subscriptions import', 'subscriptions import --since 2026-11-22T09:00Z'))
    .action((options: ImportOptions) => importVerb(context, options));
  const change = (verb: ChangeVerb) => (options: ChangeOptions) => changeWatch(context, verb, options);
  onOne('show', 'Show everything that is stored about one watch').action((options: AddOptions) =>
    show(context, options),
  );
  onOne('renew', 'Renew one subscription now, whether due or not').action(change('renew'));
  onOne('remove', 'Stop watching and delete the subscription. Asks for confirmation')
    .option('--yes', 'skip the confirmation')
    .action(change('remove'));
  onOne('revoke', 'Replace a subscription whose clientState has leaked. Asks for confirmation')
    .option('--yes', 'skip the confirmation')
    .action(change('revoke'));
}

async function add(context: CliContext, options: AddOptions): Promise<void> {
  const { terminal } = context;
  const key = watchKeyOf('subscriptions add', options);
  const opened = await (await context.services()).subscriptions();
  const { callGraph, refusal } = rememberRefusal(opened.callGraph);
  const result = await addWatch({ ...opened, callGraph, logger: context.logger }, key);
  if (result.outcome === 'tenantUnknown') throw notListed(key.tenantId);
  if (result.outcome === 'pullPrintPrinter') throw pullPrintPrinter(key.id, 'subscriptions');
  if (result.outcome !== 'watched') {
    throw new ReceiverError(
      'tenantNotActive',
      `Tenant ${key.tenantId} is paused or removed, so no watch can be added`,
      { remedy: `Run tenants resume ${key.tenantId}, or tenants add ${key.tenantId} --name <text>.` },
    );
  }
  const { added } = result;
  const { outcome, watch } = result.result;
  // The failure is one of this run, or an earlier one whose wait has not ended.
  const isWaiting = watch.lastError !== undefined || retryAfterEndsAt(watch, context.now()) !== undefined;
  const failed = outcome === 'failed' || (outcome === 'nothing' && isWaiting);
  const named = failed ? watch : await storePrinterName(context, watch);
  if (options.json) terminal.json({ ...named, added, outcome });
  else if (!failed) terminal.print(describeAdded(added, outcome, watch));
  if (!failed) return;
  context.markFailed();
  const reason = watch.lastError ?? 'Graph asked the app to wait.';
  const next = watch.nextTryAt ?? watch.retryAfterUntil ?? 'its next run';
  terminal.error(
    `The watch is stored, but Graph did not create its subscription: ${reason}`,
    ...explainRefusal(refusal(watch.lastError), key),
    `The app retries at ${next}. To retry now: subscriptions reconcile --retry-now`,
  );
}

function describeAdded(added: boolean, outcome: string, watch: Watch): string {
  const name = `${watch.kind} of ${watch.id}`;
  if (outcome === 'busy' || watch.subscriptionId === undefined) {
    return `${name} is watched. Another run is creating its subscription. See: subscriptions list`;
  }
  const state = added ? 'is now watched' : outcome === 'nothing' ? 'was already watched' : 'is watched again';
  return `${name} ${state}: subscription ${watch.subscriptionId}, expires ${watch.expirationDateTime ?? 'unknown'}. The app renews it automatically.`;
}

/** `subscriptions show`: the whole row of one watch. */
async function show({ terminal, services, now }: CliContext, options: AddOptions): Promise<void> {
  const key = watchKeyOf('subscriptions show', options);
  const stored = await (await (await services()).watches()).get(key);
  if (!stored) throw notWatched(key);
  const shown = { ...stored.watch, state: watchState(stored.watch, now()), tag: watchTag(key) };
  if (options.json) return terminal.json(shown);
  terminal.fields(shown);
}

/**
 * `subscriptions renew`, `remove` and `revoke`. Only `renew` needs an active tenant. `remove` and `revoke` ask for
 * confirmation. A new subscription is followed by a sweep of its watch, for the jobs of the time without one.
 */
async function changeWatch(context: CliContext, verb: ChangeVerb, options: ChangeOptions): Promise<void> {
  const { terminal, logger } = context;
  const key = watchKeyOf(`subscriptions ${verb}`, options);
  const name = `${key.kind} of ${key.id}`;
  const services = await context.services();
  if (!(await (await services.watches()).get(key))) throw notWatched(key);
  if (verb === 'renew') await requireActive(context, key.tenantId);
  if (verb !== 'renew' && !options.yes) {
    if (!(await confirm(terminal, `subscriptions ${verb}`, QUESTIONS[verb](name)))) {
      return terminal.note('Nothing was changed.');
    }
  }
  const events = await services.queue(QUEUE_NAMES.subscriptions);
  const opened = await services.subscriptions();
  const { callGraph, refusal } = rememberRefusal(opened.callGraph);
  const result = await CHANGES[verb]({ ...opened, callGraph, events, logger }, key);
  if (!result) throw notWatched(key);
  const swept = result.sweep && (await sweepWatches({ ...(await services.sweep()), logger }, [key]));
  const queued = swept?.enqueued ?? 0;
  const { outcome, watch } = result;
  const { lastError = '', nextTryAt, retryAfterUntil } = watch;
  const isThrottled = outcome === 'nothing' && retryAfterEndsAt(watch, context.now()) !== undefined;
  const failed = outcome === 'failed' || isThrottled;
  if (options.json) {
    terminal.json({ ...watch, outcome, ...(result.sweep ? { queued } : {}) });
  } else if (!failed) terminal.print(describeChanged(verb, name, result, queued));
  if (!failed) return;
  context.markFailed();
  const reason = isThrottled ? `Graph asked the app to wait until ${retryAfterUntil ?? ''}` : lastError;
  const stored = verb === 'renew' ? '' : 'The change is stored. ';
  terminal.error(
    `${name}: ${reason}`,
    ...explainRefusal(refusal(watch.lastError), key),
    `${stored}The app retries at ${nextTryAt ?? retryAfterUntil ?? 'its next run'}.`,
  );
}

function describeChanged(
  verb: ChangeVerb,
  name: string,
  { outcome, watch, sweep }: WatchResult,
  queued: number,
): string {
  const swept = sweep ? ` Swept: ${plural(queued, 'missed job event')} queued.` : '';
  const subscription = `subscription ${watch.subscriptionId ?? ''}, expires ${watch.expirationDateTime ?? 'unknown'}`;
  if (verb === 'revoke' && outcome === 'nothing') {
    return `${name}: its clientState is revoked. The app replaces the subscription when it maintains it. See: subscriptions show ${watchOptions(watch)}`;
  }
  switch (outcome) {
    case 'removed':
      return `${name} is no longer watched.`;
    case 'busy':
    case 'nothing':
      return `${name}: another run is working on this watch and applies the change too. See: subscriptions show ${watchOptions(watch)}`;
    default:
      return `${name} is ${outcome}: ${subscription}.${swept}`;
  }
}

function notWatched({ tenantId, kind, id }: WatchKey): ReceiverError {
  return new ReceiverError('watchUnknown', `Tenant ${tenantId} has no watch for ${kind} of ${id}`);
}
