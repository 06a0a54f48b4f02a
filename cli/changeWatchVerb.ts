import { ReceiverError } from '../shared/errors';
import { removeWatch, renewWatch, revokeWatch } from '../shared/subscriptions/manage';
import { retryAfterEndsAt } from '../shared/subscriptions/plan';
import type { WatchResult } from '../shared/subscriptions/record';
import { type WatchKey, watchState } from '../shared/watches/watches';
import { sweepWatches } from '../shared/sweep/sweepWatches';
import { watchTag } from '../shared/watches/clientState';
import type { CliContext } from './cliContext';
import { confirmed } from './confirmed';
import { notListed } from './notListed';
import { formatTable, writeJson } from './output';

export type ChangeVerb = 'renew' | 'remove' | 'revoke';

export interface ChangeOptions {
  yes?: true;
  json?: true;
}

const CHANGES = { renew: renewWatch, remove: removeWatch, revoke: revokeWatch };

const QUESTIONS: Readonly<Record<Exclude<ChangeVerb, 'renew'>, (watch: string) => string>> = {
  remove: (watch) => `Stop watching ${watch}? Its subscription is deleted.`,
  revoke: (watch) =>
    `Replace the subscription of ${watch}? What Graph still sends with its clientState of now is refused.`,
};

/** `subscriptions renew`, `remove` and `revoke`; of a tenant that is not served only `remove`. It asks before the last two, and sweeps where Graph was deaf meanwhile. */
export async function changeWatchVerb(
  context: CliContext,
  verb: ChangeVerb,
  key: WatchKey,
  options: ChangeOptions,
): Promise<void> {
  const { io } = context;
  const name = `${key.kind} of ${key.id}`;
  const services = await context.services();
  if (!(await (await services.watches()).get(key))) throw notWatched(key);
  if (verb !== 'remove') await refuseNotServed(context, key.tenantId);
  if (verb !== 'renew' && !options.yes) {
    if (!(await confirmed(io, `subscriptions ${verb}`, QUESTIONS[verb](name)))) {
      return io.stderr('Nothing was changed.\n');
    }
  }
  const { logger } = context;
  const result = await CHANGES[verb]({ ...(await services.subscriptions()), logger }, key);
  if (!result) throw notWatched(key);
  const queued = result.sweep ? await sweepWatches({ ...(await services.sweep()), logger }, [key]) : 0;
  const { outcome, watch } = result;
  const { lastError, nextTryAt, retryAfterUntil } = watch;
  const isAskedToWait = outcome === 'nothing' && retryAfterEndsAt(watch, io.now()) !== undefined;
  const isLeft = outcome === 'failed' || isAskedToWait;
  if (options.json) {
    writeJson(io.stdout, { ...watch, outcome, ...(result.sweep ? { queued } : {}) });
  } else if (!isLeft) io.stdout(describe(name, result, queued));
  if (!isLeft) return;
  context.markFailed();
  const why = isAskedToWait ? `Graph asked to wait until ${retryAfterUntil ?? ''}` : (lastError ?? '');
  io.stderr(
    `error: ${name}: ${why}\n${verb === 'renew' ? '' : 'The wish is stored. '}The app tries again by itself at ${nextTryAt ?? retryAfterUntil ?? 'its next run'}\n`,
  );
}

/** Renewing may create and revoking does, and nobody may renew what is created here: of these tenants the timer looks after little. */
async function refuseNotServed(context: CliContext, tenantId: string): Promise<void> {
  const tenant = await (await (await context.services()).tenants()).get(tenantId);
  if (tenant?.status === 'active') return;
  if (tenant?.status !== 'paused') throw notListed(tenantId, tenant !== undefined);
  throw new ReceiverError(
    'tenantNotServed',
    `Tenant ${tenantId} is paused: first tenants resume ${tenantId}`,
  );
}

/** `subscriptions show`: everything the row of one watch says. */
export async function showWatchVerb(
  { io, services }: CliContext,
  key: WatchKey,
  options: { json?: true },
): Promise<void> {
  const stored = await (await (await services()).watches()).get(key);
  if (!stored) throw notWatched(key);
  const shown = { ...stored.watch, state: watchState(stored.watch, io.now()), tag: watchTag(key) };
  if (options.json) return writeJson(io.stdout, shown);
  const rows = Object.entries(shown).map(([field, value]) => [field, String(value)]);
  io.stdout(formatTable(['field', 'value'], rows));
}

function describe(name: string, { outcome, watch, sweep }: WatchResult, queued: number): string {
  const swept = sweep ? ` Swept: ${queued} missed job event(s) are on the queue.` : '';
  const until = `subscription ${watch.subscriptionId ?? ''}, until ${watch.expirationDateTime ?? 'unknown'}`;
  switch (outcome) {
    case 'removed':
      return `${name} is not watched any more.\n`;
    case 'busy':
    case 'nothing':
      return `${name}: another run is at it and takes the wish along. See: subscriptions show\n`;
    default:
      return `${name} is ${outcome}: ${until}.${swept}\n`;
  }
}

function notWatched({ tenantId, kind, id }: WatchKey): ReceiverError {
  return new ReceiverError(
    'watchUnknown',
    `Tenant ${tenantId} has no watch for ${kind} of ${id}: see subscriptions list`,
  );
}
