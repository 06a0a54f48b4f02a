import { isPullPrintPrinter } from '../graph/api/pullPrintPrinters';
import type { Tenant } from '../tenants/tenants';
import { watchTag } from '../watches/clientState';
import { afterFound, isMaintained } from '../watches/gone';
import {
  hasSubscription,
  newWatch,
  watchRowKey,
  withoutFailure,
  type StoredWatch,
  type Watch,
  type WatchKey,
} from '../watches/watches';
import { errorFields } from '../errors';
import type { MessageQueue } from '../storage/queues';
import { reconcileWatch } from './reconcileWatch';
import { sendSweepRequest } from './sweepRequests';
import { unlessContended, type WatchResult, type SubscriptionDeps } from './record';

export type AddWatchResult =
  /** The tenant is not on the allow-list, or is paused or removed. Nothing was stored. */
  | { outcome: 'tenantUnknown' | 'tenantNotActive' }
  /** Graph has no subscriptions for pull print printers. Nothing was stored. */
  | { outcome: 'pullPrintPrinter' }
  /** `added` is false when the watch existed. `result` is about its subscription. */
  | { outcome: 'watched'; added: boolean; result: WatchResult };

/**
 * Stores a watch and creates its subscription at once. When Graph refuses, the watch stays and the timer retries. Jobs
 * created before this moment are ignored.
 *
 * @param listed the name of a printer that Graph lists among its printers: it is no pull print printer, which saves a call
 */
export async function addWatch(
  deps: SubscriptionDeps,
  key: WatchKey,
  listed?: { name: string },
): Promise<AddWatchResult> {
  const { tenantId, kind, id } = key;
  const tenant = await deps.tenants.get(tenantId);
  if (!tenant) return { outcome: 'tenantUnknown' };
  if (tenant.status !== 'active') return { outcome: 'tenantNotActive' };
  const isNewPrinter = kind === 'jobFetchable' && !listed && !(await deps.watches.get(key));
  if (isNewPrinter && (await isPullPrintPrinter(deps.callGraph, tenantId, id))) return { outcome: 'pullPrintPrinter' };
  const since = new Date(deps.clock.now()).toISOString();
  const added = await deps.watches.add({ tenantId, kind, id, since, ...listed });
  let wasUnwanted = false;
  const stored = await unlessContended(
    deps.watches.update(key, (watch) => {
      wasUnwanted = !watch.wanted;
      // A person knows better than the looks of the sweep.
      const found = afterFound(watch, deps.clock.now());
      // A removal in progress is taken back. Its subscription may still exist and becomes active again.
      return watch.wanted ? found : { ...found, wanted: true, since };
    }),
  );
  if (!stored) {
    // Another run is removing or changing the row.
    const watch = newWatch({ tenantId, kind, id, since });
    return { outcome: 'watched', added, result: { outcome: 'busy', watch } };
  }
  // Only Graph knows whether the subscription of a removal in progress still exists.
  const result = await reconcileWatch(deps, stored, wasUnwanted ? { asked: true, retryNow: true } : {});
  return { outcome: 'watched', added, result };
}

/** The result for a watch that an operator named; undefined when there is no such watch. */
export type ChangeWatchResult = WatchResult | undefined;

/** Renews a watch's subscription now although it is not due. Rejects only when storage fails. */
export async function renewWatch(deps: SubscriptionDeps, key: WatchKey): Promise<ChangeWatchResult> {
  const stored = await deps.watches.get(key);
  return stored && reconcileWatch(deps, stored, { asked: true, retryNow: true });
}

/**
 * Removes a watch of any tenant: first its row says so, then its subscription is deleted, then the row. Where Graph
 * refuses, the timer retries. Rejects only when storage fails.
 */
export function removeWatch(deps: SubscriptionDeps, key: WatchKey): Promise<ChangeWatchResult> {
  return change(deps, key, (watch) => ({ ...withoutFailure(watch), wanted: false }));
}

export interface RevokeDeps extends SubscriptionDeps {
  /** subscription-events */
  events: MessageQueue;
}

/**
 * Revokes the clientState of a watch of any tenant: the worker refuses notifications of an older generation, and within two
 * minutes the webhook. Where the subscription is maintained it is replaced at once, otherwise when the tenant is active again (`nothing`). Jobs whose
 * notification was accepted before are found by a sweep of the watch: its row asks for it, and a message starts it. Rejects
 * only when storage fails.
 */
export async function revokeWatch(deps: RevokeDeps, key: WatchKey): Promise<ChangeWatchResult> {
  const revokedAt = new Date(deps.clock.now()).toISOString();
  const isReplaced = isMaintained(await deps.tenants.get(key.tenantId), key.kind);
  const revoke = (watch: Watch): Watch => ({
    ...withoutFailure(watch),
    generation: watch.generation + 1,
    sweepWanted: revokedAt,
    lastRevokedAt: revokedAt,
    // The messages that wait are of the revoked clientState and are dropped: no hint of the new one may be merged into them.
    sweepNotedUntil: undefined,
    renewalNotedUntil: undefined,
    ...(hasSubscription(watch) ? { revokedAt } : {}),
  });
  const afterwards = async ({ watch: { generation } }: StoredWatch) => {
    await deps.watches.clientStates.noteRevoked({ tenantId: key.tenantId, tag: watchTag(key), generation });
    await startSweep(deps, key);
  };
  return change(deps, key, revoke, { isReconciled: isReplaced, afterwards });
}

/** The revocation itself must not fail with the queue. The timer that renews subscriptions reads the row too. */
async function startSweep(deps: RevokeDeps, key: WatchKey): Promise<void> {
  try {
    await sendSweepRequest({ queue: deps.events, clock: deps.clock }, key, '');
  } catch (error) {
    const { tenantId } = key;
    deps.logger.warn('watch.sweepNotRequested', { tenantId, watch: watchRowKey(key), ...errorFields(error) });
  }
}

async function change(
  deps: SubscriptionDeps,
  key: WatchKey,
  apply: (watch: Watch) => Watch,
  {
    isReconciled = true,
    afterwards,
  }: { isReconciled?: boolean; afterwards?: (stored: StoredWatch) => Promise<void> } = {},
): Promise<ChangeWatchResult> {
  let last: Watch | undefined;
  const stored = await unlessContended(
    deps.watches.update(key, (watch) => {
      last = watch;
      return apply(watch);
    }),
  );
  if (!stored) return last && { outcome: 'busy', watch: last };
  await afterwards?.(stored);
  return isReconciled ? reconcileWatch(deps, stored) : { outcome: 'nothing', watch: stored.watch };
}

/**
 * Resumes a paused tenant. Jobs printed during the pause are ignored: its watches start at `now` (milliseconds since 1970)
 * before the tenant becomes active. Only a paused tenant is changed.
 *
 * @returns the tenant as it is now, or undefined when it is not on the allow-list
 * @throws ReceiverError `rowContended`
 */
export async function resumeTenant(
  { tenants, watches }: Pick<SubscriptionDeps, 'tenants' | 'watches'>,
  tenantId: string,
  now: number,
): Promise<Tenant | undefined> {
  const tenant = await tenants.get(tenantId);
  if (tenant?.status !== 'paused') return tenant;
  const since = new Date(now).toISOString();
  for await (const stored of watches.list(tenantId, () => undefined)) {
    await watches.update(stored.watch, (watch) => ({ ...watch, since }), stored);
  }
  return tenants.update(tenantId, (row) => (row.status === 'paused' ? { ...row, status: 'active' } : row));
}
